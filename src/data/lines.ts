/** Cuts a stream of bytes into records (lines, or CSV rows whose quoted cells may hold newlines), with their places. */
import { joinBytes } from './bytes.ts'
import { DataError } from './errors.ts'
import type { ByteChunks, Span } from './bytes.ts'

/** No record is longer: a quote that never closes would otherwise swallow the file. */
export const MAX_RECORD_BYTES = 4 * 1024 * 1024

const NEWLINE = 0x0a
const RETURN = 0x0d
const QUOTE = 0x22

/** One record: where it stands in the file, without its line end. */
export interface RecordSpan extends Span {
  /** 1-based line of its first byte. */
  line: number
}

/** Neighbouring records and the bytes they lie in: record r is bytes [r.offset − start, r.offset − start + r.length). */
export interface Slab {
  bytes: Uint8Array
  /** Offset of `bytes[0]` in the file. */
  start: number
  records: RecordSpan[]
}

export interface RecordOptions {
  /** For messages. */
  file: string
  /** Newlines within double quotes do not end a record (CSV). */
  quotes: boolean
}

/** Where the splitter is in the file. */
interface Cursor {
  offset: number
  line: number
}

/** Non-empty records, in slabs of about a chunk each. Throws {@link DataError} for records without end. */
export async function* splitRecords(chunks: ByteChunks, options: RecordOptions): AsyncGenerator<Slab> {
  const cursor: Cursor = { offset: 0, line: 1 }
  let rest: Uint8Array = new Uint8Array(0)
  for await (const chunk of chunks) {
    const bytes = skipByteOrderMark(rest.length === 0 ? chunk : joinBytes([rest, chunk]), cursor)
    const slab = scan(bytes, cursor, options.quotes)
    rest = bytes.subarray(cursor.offset - slab.start)
    if (rest.length > MAX_RECORD_BYTES) throw endlessRecord(cursor, options)
    if (slab.records.length > 0) yield slab
  }
  if (rest.length > 0) yield lastRecord(rest, cursor, options)
}

/** The bytes of one record of a slab. */
export function recordBytes(slab: Slab, { offset, length }: Span): Uint8Array {
  return slab.bytes.subarray(offset - slab.start, offset - slab.start + length)
}

/** All complete records of `bytes`; moves the cursor behind the last. */
function scan(bytes: Uint8Array, cursor: Cursor, quotes: boolean): Slab {
  const slab: Slab = { bytes, start: cursor.offset, records: [] }
  let begin = 0
  let line = cursor.line
  let quoted = false
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]
    if (byte === QUOTE && quotes) quoted = !quoted
    if (byte !== NEWLINE) continue
    line++
    if (quoted) continue
    pushRecord(slab, { begin, end: i, line: cursor.line })
    begin = i + 1
    cursor.line = line
  }
  cursor.offset += begin
  return slab
}

function pushRecord(slab: Slab, record: { begin: number; end: number; line: number }): void {
  const { begin, line } = record
  const end = record.end > begin && slab.bytes[record.end - 1] === RETURN ? record.end - 1 : record.end
  if (end > begin) slab.records.push({ offset: slab.start + begin, length: end - begin, line })
}

/** What follows the last newline. */
function lastRecord(bytes: Uint8Array, cursor: Cursor, options: RecordOptions): Slab {
  const slab: Slab = { bytes, start: cursor.offset, records: [] }
  const quoteCount = options.quotes ? bytes.reduce((n, byte) => n + (byte === QUOTE ? 1 : 0), 0) : 0
  if (quoteCount % 2 === 1) {
    throw new DataError({
      file: options.file,
      line: cursor.line,
      expected: 'a closing quote (")',
      found: 'the end of the file'
    })
  }
  pushRecord(slab, { begin: 0, end: bytes.length, line: cursor.line })
  return slab
}

function skipByteOrderMark(bytes: Uint8Array, cursor: Cursor): Uint8Array {
  if (cursor.offset > 0 || bytes[0] !== 0xef || bytes[1] !== 0xbb || bytes[2] !== 0xbf) return bytes
  cursor.offset = 3
  return bytes.subarray(3)
}

function endlessRecord(cursor: Cursor, { file, quotes }: RecordOptions): DataError {
  return new DataError({
    file,
    line: cursor.line,
    expected: `a record of at most ${MAX_RECORD_BYTES} bytes`,
    found: 'no end of it',
    hint: quotes ? 'A quote (") that is never closed?' : 'Is each example on its own line?'
  })
}

/**
 * The text of a record.
 *
 * @throws {DataError} not UTF-8
 */
export function decodeText(bytes: Uint8Array, place: { file: string; line?: number }): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (cause) {
    throw new DataError(
      { ...place, expected: 'UTF-8 text', found: 'other bytes', hint: 'Convert it: iconv -t utf-8' },
      { cause }
    )
  }
}
