/** CSV cells of records (RFC 4180: quoted cells may hold delimiters, quotes and newlines). */
import { parse } from 'csv-parse/browser/esm/sync'
import { joinBytes } from '../bytes.ts'
import { DataError } from '../errors.ts'
import { decodeText, recordBytes } from '../lines.ts'
import type { RecordSpan, Slab } from '../lines.ts'

const NEWLINE = Uint8Array.of(0x0a)

/** What the parser needs beside the bytes. */
export interface CsvFormat {
  /** For messages. */
  file: string
  delimiter: string
}

/** One row and where it stands. */
export interface CsvRow {
  span: RecordSpan
  cells: string[]
}

/** The rows of a slab. Throws {@link DataError} for wrong quoting or encoding, naming the line. */
export function parseRows(slab: Slab, format: CsvFormat): CsvRow[] {
  const rows = parseTogether(slab, format.delimiter)
  return rows == null
    ? slab.records.map((span) => ({ span, cells: parseAlone(recordBytes(slab, span), span, format) }))
    : rows.map((cells, i) => ({ span: slab.records[i], cells }))
}

/** Rows of records that lie apart (read from disk one by one): parsed in one go. */
export function parseRecords(
  records: readonly Uint8Array[],
  spans: readonly RecordSpan[],
  format: CsvFormat
): CsvRow[] {
  const rows = parseText(joinBytes(records.flatMap((bytes) => [bytes, NEWLINE])), format.delimiter)
  return spans.map((span, i) => ({
    span,
    cells: rows?.length === spans.length ? rows[i] : parseAlone(records[i], span, format)
  }))
}

/** All rows at once, which is fast; undefined when something is wrong with one of them. */
function parseTogether(slab: Slab, delimiter: string): string[][] | undefined {
  const last = slab.records.at(-1)
  if (last == null) return []
  const from = slab.records[0].offset - slab.start
  const rows = parseText(slab.bytes.subarray(from, last.offset + last.length - slab.start), delimiter)
  return rows?.length === slab.records.length ? rows : undefined
}

function parseText(bytes: Uint8Array, delimiter: string): string[][] | undefined {
  try {
    return parseCsv(decodeText(bytes, { file: '' }), delimiter)
  } catch {
    // The caller parses record by record, which finds out where and why.
    return undefined
  }
}

function parseAlone(bytes: Uint8Array, span: RecordSpan, { file, delimiter }: CsvFormat): string[] {
  const place = { file, line: span.line }
  const text = decodeText(bytes, place)
  try {
    return parseCsv(text, delimiter)[0]
  } catch (cause) {
    throw new DataError(
      { ...place, expected: 'a CSV row', found: csvMessage(cause), hint: 'Write a quote in a cell as ""' },
      { cause }
    )
  }
}

function parseCsv(text: string, delimiter: string): string[][] {
  return parse(text, {
    delimiter,
    relax_column_count: true,
    skip_empty_lines: true,
    record_delimiter: ['\n', '\r\n']
  })
}

/** The parser counts lines within the record; the place is ours to tell. */
function csvMessage(cause: unknown): string {
  const message = cause instanceof Error ? cause.message : String(cause)
  return message.replace(/ (at|on) line \d+/, '').toLowerCase()
}
