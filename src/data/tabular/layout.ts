/** Which cells of a CSV row feed which column of the manifest, and how each is read. */
import { DataError, listSome, quote } from '../errors.ts'
import { parseDecimal, targetReader, valueMatcher } from '../targets.ts'
import type { Place, TargetReader } from '../targets.ts'
import type { TabularInput, TaskSpec } from '../../federation/manifest/schema.ts'

type Column = TabularInput['columns'][number]

/** Only rows whose cells have these values: `{ hospital: 'va' }`. */
export type Where = Record<string, string>

/** A task whose input is tabular. */
export type TabularTask = TaskSpec & { input: TabularInput }

/** Reads rows of one file. */
export interface TableLayout {
  /** Cells in each row of the file. */
  cells: number
  /** Whether the row is among those wanted. */
  wanted(cells: readonly string[]): boolean
  /**
   * Write the row's raw values, one a column of the manifest: the number, or the index among the category's values;
   * NaN when missing.
   *
   * @returns the target
   * @throws {DataError} a cell that is not what the manifest says
   */
  read(cells: readonly string[], place: Place, values: Float64Array): number
}

/** Match the manifest's columns with the file's heading. Throws {@link DataError} for columns that are not there. */
export function tableLayout(
  heading: readonly string[],
  task: TabularTask,
  options: { place: Place; where?: Where; unlabelled?: boolean }
): TableLayout {
  const { input } = task
  checkThreshold(task, options.place)
  const find = columnFinder(heading, options.place)
  const readers = input.columns.map((column) => cellReader(column, find(column.name), input))
  const target = options.unlabelled === true ? noTarget : targetCell(task, find(input.target))
  const tests = Object.entries(options.where ?? {}).map(([name, value]) => cellTest(find(name), value))
  return {
    cells: heading.length,
    wanted: (cells) => tests.every((test) => test(cells)),
    read: (cells, place, values) => {
      for (let i = 0; i < readers.length; i++) values[i] = readers[i](cells, place)
      return target(cells, place)
    }
  }
}

/** Rows to predict: whatever stands in the target's column, or if there is none, is not looked at. */
const noTarget: CellReader = () => NaN

type CellReader = (cells: readonly string[], place: Place) => number

function columnFinder(heading: readonly string[], place: Place): (name: string) => number {
  return (name) => {
    const at = heading.indexOf(name)
    if (at < 0) {
      throw new DataError({
        ...place,
        expected: `a column ${quote(name)}`,
        found: `columns ${listSome(heading, 20)}`
      })
    }
    if (heading.includes(name, at + 1)) {
      throw new DataError({ ...place, expected: `one column ${quote(name)}`, found: 'several of that name' })
    }
    return at
  }
}

function cellReader(column: Column, at: number, input: TabularInput): CellReader {
  const parse = column.type === 'number' ? numberCell(column.name) : categoryCell(column.name, column.values)
  const missing = new Set(input.missing)
  return (cells, place) => {
    const text = cells[at].trim()
    return missing.has(text) ? NaN : parse(text, place)
  }
}

function numberCell(name: string): TargetReader {
  return (text, place) => {
    const value = parseDecimal(text)
    if (value != null) return value
    throw new DataError({
      ...place,
      expected: `a number in column ${quote(name)}`,
      found: quote(text),
      hint: "Cells without a value are listed in the manifest's task.input.missing"
    })
  }
}

function categoryCell(name: string, values: readonly string[]): TargetReader {
  const indexOf = valueMatcher(values)
  return (text, place) => {
    const index = indexOf(text)
    if (index >= 0) return index
    throw new DataError({
      ...place,
      expected: `one of ${listSome(values)} in column ${quote(name)}`,
      found: quote(text)
    })
  }
}

function targetCell(task: TabularTask, at: number): CellReader {
  const read = targetReader(task)
  const missing = new Set(task.input.missing)
  return (cells, place) => {
    const text = cells[at].trim()
    if (!missing.has(text)) return read(text, place)
    throw new DataError({
      ...place,
      expected: `a value in the target column ${quote(task.input.target)}`,
      found: `${quote(text)} (missing)`,
      hint: 'Remove rows without a target'
    })
  }
}

function cellTest(at: number, value: string): (cells: readonly string[]) => boolean {
  const indexOf = valueMatcher([value])
  return (cells) => indexOf(cells[at].trim()) === 0
}

function checkThreshold(task: TabularTask, place: Place): void {
  if (task.input.positiveAbove == null || task.kind === 'regression' || task.labels.length === 2) return
  throw new DataError({
    ...place,
    expected: 'two labels in the manifest, for task.input.positiveAbove makes two classes',
    found: `${task.labels.length}`
  })
}
