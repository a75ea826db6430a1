/** Raw tables → what the model sees: numbers normalised, categories one-hot, missing values filled. */
import { after } from '../bytes.ts'
import { pickTargets } from '../targets.ts'
import type { LabelledDataset } from '../targets.ts'
import type { RawTable } from './table.ts'
import type { TabularInput } from '../../federation/manifest/schema.ts'

/** Rows looked at together while fitting. */
const FIT_ROWS = 4096

/** Mean and standard deviation of each column of the manifest; categories have 0 and 1. */
export interface Normalisation {
  mean: Float64Array
  std: Float64Array
}

/** Values of one example: a number is one, a category is as many as it has values. */
export function tabularWidth(input: TabularInput): number {
  return input.columns.reduce((sum, column) => sum + columnWidth(column), 0)
}

/**
 * The manifest's normalisation, and where it is silent that of these rows (the peer's own *training* rows: held-out
 * rows must not leak in). A column that never varies, or is always missing, is left unscaled.
 */
export async function fitNormalisation(
  table: RawTable,
  rows: Uint32Array,
  input: TabularInput
): Promise<Normalisation> {
  const moments = input.columns.map((): Moments => ({ count: 0, mean: 0, squares: 0 }))
  const given = input.columns.every((c) => c.type === 'category' || (c.mean != null && c.std != null))
  if (!given) await accumulate(table, rows, moments)
  return {
    mean: Float64Array.from(input.columns, (c, i) => (c.type === 'number' ? (c.mean ?? moments[i].mean) : 0)),
    std: Float64Array.from(input.columns, (c, i) =>
      c.type === 'number' ? (c.std ?? deviation(moments[i])) : 1
    )
  }
}

/** The data set of a table: shape [width]. A missing number becomes the mean (0), a missing category all zeros. */
export function tabularDataset(
  table: RawTable,
  input: TabularInput,
  normalisation: Normalisation
): LabelledDataset {
  const width = tabularWidth(input)
  const encode = rowEncoder(input, normalisation)
  return {
    size: table.size,
    shape: [width],
    targets: table.targets,
    read: (indices, features, targets) => {
      pickTargets(table.targets, indices, targets)
      const raw = new Float64Array(indices.length * table.columns)
      return after(table.read(indices, raw), () => {
        for (let i = 0; i < indices.length; i++) {
          encode(raw.subarray(i * table.columns), features.subarray(i * width, (i + 1) * width))
        }
      })
    }
  }
}

/** Running mean and sum of squared deviations. */
interface Moments {
  count: number
  mean: number
  squares: number
}

type Column = TabularInput['columns'][number]

function columnWidth(column: Column): number {
  return column.type === 'number' ? 1 : column.values.length
}

function rowEncoder(
  input: TabularInput,
  { mean, std }: Normalisation
): (raw: Float64Array, out: Float32Array) => void {
  const widths = input.columns.map((column) => (column.type === 'number' ? 0 : column.values.length))
  return (raw, out) => {
    out.fill(0)
    let at = 0
    for (let c = 0; c < widths.length; c++) {
      const value = raw[c]
      if (widths[c] > 0) {
        if (!Number.isNaN(value)) out[at + value] = 1
        at += widths[c]
      } else out[at++] = Number.isNaN(value) ? 0 : (value - mean[c]) / std[c]
    }
  }
}

async function accumulate(table: RawTable, rows: Uint32Array, moments: Moments[]): Promise<void> {
  for (let start = 0; start < rows.length; start += FIT_ROWS) {
    const some = rows.subarray(start, start + FIT_ROWS)
    const raw = new Float64Array(some.length * table.columns)
    await table.read(some, raw)
    for (let i = 0; i < raw.length; i++) addValue(moments[i % table.columns], raw[i])
  }
}

/** Welford 1962: stable in one pass. */
function addValue(moments: Moments, value: number): void {
  if (Number.isNaN(value)) return
  moments.count++
  const delta = value - moments.mean
  moments.mean += delta / moments.count
  moments.squares += delta * (value - moments.mean)
}

function deviation({ count, squares }: Moments): number {
  const std = count > 0 ? Math.sqrt(squares / count) : 0
  return std > 0 ? std : 1
}
