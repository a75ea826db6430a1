/** Tables with light rules (cli-table3), no wider than the terminal. */
import Table from 'cli-table3'
import { displayWidth, fit, printable, truncate } from './width.ts'

/** What to print: a header, rows of the same length, and which columns are numbers. */
export interface TableOptions {
  head: string[]
  rows: string[][]
  /** Indices of columns to align right. */
  right?: number[]
  /** The terminal's width; the widest column is cut until the table fits. Default: no limit. */
  columns?: number
  /** Indices of columns that are never cut. */
  whole?: number[]
}

const COLUMN_GAP = 2

/** The table as text, without a last line feed. */
export function renderTable({
  head,
  rows,
  right = [],
  columns = Infinity,
  whole = []
}: TableOptions): string {
  const [titles = [], ...cells] = [head, ...rows].map((row) => row.map(printable))
  const widths = fitWidths([titles, ...cells], columns, whole)
  const table = new Table({
    head: titles.map((text, i) => truncate(text, widths[i] ?? 0)),
    chars: RULES,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
    colAligns: head.map((_, i) => (right.includes(i) ? 'right' : 'left'))
  })
  for (const row of cells) table.push(row.map((text, i) => truncate(text, widths[i] ?? 0)))
  return trimLines(table.toString())
}

/** The width to fit a table to: the terminal's; nothing is cut in a pipe or a file. */
export function tableColumns({ isTTY, columns }: { isTTY: boolean; columns: number }): number {
  return isTTY ? columns : Infinity
}

/** Label and value pairs under each other, labels of equal width. Never cut: values are there to be copied. */
export function renderPairs(pairs: [string, string][]): string {
  const width = Math.max(...pairs.map(([label]) => displayWidth(label)))
  return pairs.map(([label, value]) => `${fit(label, width)}  ${printable(value)}`).join('\n')
}

/** Natural widths, the widest but those in `whole` shortened column by column until all fit. */
function fitWidths(rows: string[][], columns: number, whole: readonly number[]): number[] {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => displayWidth(row[i] ?? ''))))
  const spare = (): number => columns - sum(widths) - COLUMN_GAP * (widths.length - 1)
  while (spare() < 0) {
    const cuttable = widths.map((width, i) => (whole.includes(i) ? 0 : width))
    const widest = cuttable.indexOf(Math.max(...cuttable))
    if ((cuttable[widest] ?? 0) <= 4) break
    widths[widest] = Math.max(4, (widths[widest] ?? 0) + Math.max(spare(), -8))
  }
  return widths
}

function sum(values: number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

function trimLines(text: string): string {
  return text
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
}

/** Only a rule under the header; columns are parted by two spaces. */
const RULES = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  '
}
