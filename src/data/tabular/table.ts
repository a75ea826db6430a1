/** CSV files as tables of raw values: in memory, or, when they are large, read from disk row by row. */
import { readSpans } from '../bytes.ts'
import { DataError } from '../errors.ts'
import { splitRecords } from '../lines.ts'
import { numberList } from '../number-list.ts'
import { parseRecords, parseRows } from './csv.ts'
import { tableLayout } from './layout.ts'
import type { ByteChunks, ByteReader } from '../bytes.ts'
import type { Place } from '../targets.ts'
import type { CsvFormat, CsvRow } from './csv.ts'
import type { TableLayout, TabularTask, Where } from './layout.ts'

/** Raw rows: numbers as they stand in the file, categories as indices, NaN where missing; not yet normalised. */
export interface RawTable {
  readonly size: number
  /** The manifest's columns: values in a row. */
  readonly columns: number
  readonly targets: Float32Array
  /** Rows by index → indices.length × columns values. */
  read(indices: Uint32Array, values: Float64Array): void | Promise<void>
}

export interface TableOptions {
  /** For messages. */
  file: string
  task: TabularTask
  where?: Where
  /** Rows to predict: they need no target, and get NaN for one. */
  unlabelled?: boolean
}

/**
 * Read a whole CSV file into memory: 8 bytes a cell.
 *
 * @throws {DataError} ragged rows, missing columns, cells that are not what the manifest says
 */
export async function loadTable(chunks: ByteChunks, options: TableOptions): Promise<RawTable> {
  const columns = options.task.input.columns.length
  const values = numberList((n) => new Float64Array(n))
  const targets = numberList((n) => new Float32Array(n))
  for await (const row of tableRows(chunks, options)) {
    values.append(row.values)
    targets.push(row.target)
  }
  return memoryTable(values.take(), targets.take(), columns)
}

/**
 * Check a whole CSV file once, remembering only where its rows are; `read` fetches them from disk. 16 bytes a row.
 *
 * @throws {DataError} as {@link loadTable}
 */
export async function indexTable(
  chunks: ByteChunks,
  reader: ByteReader,
  options: TableOptions
): Promise<RawTable> {
  const offsets = numberList((n) => new Float64Array(n))
  const lengths = numberList((n) => new Uint32Array(n))
  const targets = numberList((n) => new Float32Array(n))
  let layout: TableLayout | undefined
  for await (const row of tableRows(chunks, options)) {
    offsets.push(row.span.offset)
    lengths.push(row.span.length)
    targets.push(row.target)
    layout = row.layout
  }
  const index = { offsets: offsets.take(), lengths: lengths.take(), targets: targets.take() }
  return diskTable(index, reader, { ...options, layout })
}

interface ParsedRow extends CsvRow {
  target: number
  /** Reused for the next row. */
  values: Float64Array
  layout: TableLayout
}

/** The wanted rows of a file, parsed and checked. */
async function* tableRows(chunks: ByteChunks, options: TableOptions): AsyncGenerator<ParsedRow> {
  const { file, task, where, unlabelled } = options
  const values = new Float64Array(task.input.columns.length)
  const place: Place = { file, line: 1 }
  let layout = task.input.header && tableLayout(task.input.header, task, { place, where, unlabelled })
  for await (const slab of splitRecords(chunks, { file, quotes: true })) {
    for (const { span, cells } of parseRows(slab, csvFormat(options))) {
      place.line = span.line
      if (layout == null) {
        layout = tableLayout(trimmed(cells), task, { place, where, unlabelled })
        continue
      }
      checkWidth(cells, layout, place)
      if (layout.wanted(cells))
        yield { span, cells, values, layout, target: layout.read(cells, place, values) }
    }
  }
  if (layout == null) throw new DataError({ file, expected: 'a heading line', found: 'an empty file' })
}

function memoryTable(values: Float64Array, targets: Float32Array, columns: number): RawTable {
  return {
    size: targets.length,
    columns,
    targets,
    read: (indices, out) => {
      for (let i = 0; i < indices.length; i++) {
        const at = indices[i] * columns
        for (let c = 0; c < columns; c++) out[i * columns + c] = values[at + c]
      }
    }
  }
}

interface RowIndex {
  offsets: Float64Array
  lengths: Uint32Array
  targets: Float32Array
}

function diskTable(
  { offsets, lengths, targets }: RowIndex,
  reader: ByteReader,
  options: TableOptions & { layout?: TableLayout }
): RawTable {
  const columns = options.task.input.columns.length
  const read = async (indices: Uint32Array, out: Float64Array): Promise<void> => {
    // Lines are not kept: a row that went bad since it was indexed is named by its offset.
    const spans = Array.from(indices, (i) => ({ offset: offsets[i], length: lengths[i], line: 0 }))
    const rows = parseRecords(await readSpans(reader, spans), spans, csvFormat(options))
    rows.forEach(({ span, cells }, i) => {
      const place = { file: options.file, byteOffset: span.offset }
      if (options.layout == null) return
      checkWidth(cells, options.layout, place)
      options.layout.read(cells, place, out.subarray(i * columns, (i + 1) * columns))
    })
  }
  return { size: targets.length, columns, targets, read }
}

function checkWidth(cells: readonly string[], layout: TableLayout, place: Place): void {
  if (cells.length === layout.cells) return
  throw new DataError({
    ...place,
    expected: `${layout.cells} cells`,
    found: `${cells.length}`,
    hint: "Is the delimiter the manifest's (task.input.delimiter)?"
  })
}

function csvFormat({ file, task }: TableOptions): CsvFormat {
  return { file, delimiter: task.input.delimiter }
}

function trimmed(cells: readonly string[]): string[] {
  return cells.map((cell) => cell.trim())
}
