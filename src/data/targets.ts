/** Targets: how a label or number in a file becomes what the model learns to predict. */
import { DataError, listSome, quote } from './errors.ts'
import type { DataFault } from './errors.ts'
import type { Dataset } from './dataset.ts'
import type { TaskSpec } from '../federation/manifest/schema.ts'

/** A data set whose targets are at hand without reading the examples: every loader here makes one. */
export interface LabelledDataset extends Dataset {
  /** Target of each example: class index, or value to predict. */
  readonly targets: Float32Array
}

/** Where a text stands, for the message should it be wrong. */
export type Place = Pick<DataFault, 'file' | 'line' | 'byteOffset'>

/** Turns a label, as it stands in a file, into a target. */
export type TargetReader = (text: string, place: Place) => number

/** A decimal number and nothing else: JavaScript's own conversion takes '' and '0x10' too. */
const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i

/** The number that a text states, or undefined when it is none. Spaces around it are allowed. */
export function parseDecimal(text: string): number | undefined {
  const trimmed = text.trim()
  if (!DECIMAL.test(trimmed)) return undefined
  const value = Number(trimmed)
  return Number.isFinite(value) ? value : undefined
}

/** Finds a text among values: equal as text, or else as numbers ('1' is '1.0'). Gives its index, or −1. */
export function valueMatcher(values: readonly string[]): (text: string) => number {
  const byText = new Map(values.map((value, i) => [value, i]))
  const byNumber = new Map<number, number>()
  values.forEach((value, i) => {
    const number = parseDecimal(value)
    if (number != null && !byNumber.has(number)) byNumber.set(number, i)
  })
  return (text) => {
    const found = byText.get(text)
    if (found != null) return found
    const number = parseDecimal(text)
    return (number == null ? undefined : byNumber.get(number)) ?? -1
  }
}

/** The reader for a task: a class index for classification, a number for regression. Throws {@link DataError}. */
export function targetReader(task: TaskSpec): TargetReader {
  const threshold = task.input.kind === 'tabular' ? task.input.positiveAbove : undefined
  if (task.kind === 'regression') return readNumber
  if (threshold == null) return classReader(task.labels)
  return (text, place) => (readNumber(text, place) > threshold ? 1 : 0)
}

/** Whether a data set has its targets at hand. */
export function isLabelled(dataset: Dataset): dataset is LabelledDataset {
  return 'targets' in dataset && dataset.targets instanceof Float32Array
}

/** The targets of any data set; reads it through when it does not have them at hand. */
export async function readTargets(dataset: Dataset): Promise<Float32Array> {
  if (isLabelled(dataset)) return dataset.targets
  const targets = new Float32Array(dataset.size)
  const width = dataset.shape.reduce((product, side) => product * side, 1)
  for (let start = 0; start < dataset.size; start += 256) {
    const indices = Uint32Array.from({ length: Math.min(256, dataset.size - start) }, (_, i) => start + i)
    await dataset.read(
      indices,
      new Float32Array(indices.length * width),
      targets.subarray(start, start + indices.length)
    )
  }
  return targets
}

/** How many examples each class has. Targets outside 0 … classes − 1 are not counted. */
export async function classCounts(dataset: Dataset, classes: number): Promise<number[]> {
  const counts = new Array<number>(classes).fill(0)
  for (const target of await readTargets(dataset)) if (target in counts) counts[target]++
  return counts
}

/** Copy the targets of some examples: the common tail of every loader's `read`. */
export function pickTargets(targets: Float32Array, indices: Uint32Array, out: Float32Array): void {
  for (let i = 0; i < indices.length; i++) out[i] = targets[indices[i]]
}

function classReader(labels: readonly string[]): TargetReader {
  const indexOf = valueMatcher(labels)
  return (text, place) => {
    const index = indexOf(text)
    if (index < 0) throw new DataError({ ...place, expected: expectedLabels(labels), found: quote(text) })
    return index
  }
}

function expectedLabels(labels: readonly string[]): string {
  return labels.length === 0
    ? 'labels in the manifest (task.labels is empty)'
    : `a label of the manifest: ${listSome(labels)}`
}

function readNumber(text: string, place: Place): number {
  const value = parseDecimal(text)
  if (value == null) throw new DataError({ ...place, expected: 'a number to predict', found: quote(text) })
  return value
}
