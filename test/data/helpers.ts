/** What the data tests share: byte streams of any chunking, tasks, and reading a data set whole. */
import { expect } from 'chai'
import { DataError } from '../../src/data/errors.ts'
import { manifestDraftSchema } from '../../src/federation/manifest/schema.ts'
import type { ByteChunks, ByteReader, Span } from '../../src/data/bytes.ts'
import type { Dataset } from '../../src/data/dataset.ts'
import type { DataFault } from '../../src/data/errors.ts'
import type { ImageTask } from '../../src/data/image/idx.ts'
import type { TabularTask } from '../../src/data/tabular/layout.ts'
import type { TextTask } from '../../src/data/text/jsonl.ts'
import type { ManifestDraft, TaskSpec } from '../../src/federation/manifest/schema.ts'

type TaskDraft = ManifestDraft['task']
type Input<K> = Extract<TaskDraft['input'], { kind: K }>

/** A stream of `content` in chunks of `size` bytes. */
export async function* chunked(content: string | Uint8Array, size = 7): ByteChunks {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content
  for (let i = 0; i < bytes.length; i += size) yield bytes.slice(i, i + size)
}

/** Random access to bytes in memory; `ranges` collects what was asked for. */
export function memoryReader(content: string | Uint8Array): ByteReader & { ranges: Span[] } {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content
  const ranges: Span[] = []
  return {
    ranges,
    read: (asked) => {
      ranges.push(...asked.map(({ offset, length }) => ({ offset, length })))
      return Promise.resolve(asked.map(({ offset, length }) => bytes.slice(offset, offset + length)))
    }
  }
}

/** A task with the manifest's defaults filled in. */
export function taskOf(task: TaskDraft): TaskSpec {
  const draft = { name: 'test', task, model: { architecture: { preset: 'logistic' } } }
  return manifestDraftSchema.parse(draft).task
}

export function imageTask(input: Partial<Input<'image'>> = {}, more: Partial<TaskDraft> = {}): ImageTask {
  const full: Input<'image'> = { kind: 'image', height: 2, width: 3, channels: 1, ...input }
  return taskOf({ kind: 'classification', labels: ['a', 'b', 'c'], input: full, ...more }) as ImageTask
}

export function tabularTask(
  input: Omit<Input<'tabular'>, 'kind'>,
  more: Partial<TaskDraft> = {}
): TabularTask {
  const full: Input<'tabular'> = { kind: 'tabular', ...input }
  return taskOf({ kind: 'classification', labels: ['no', 'yes'], input: full, ...more }) as TabularTask
}

export function textTask(input: Omit<Input<'text'>, 'kind'>, more: Partial<TaskDraft> = {}): TextTask {
  const full: Input<'text'> = { kind: 'text', ...input }
  return taskOf({ kind: 'classification', labels: ['bad', 'good'], input: full, ...more }) as TextTask
}

/** Some examples of a data set as plain numbers; all of them by default. */
export async function readRows(
  dataset: Dataset,
  wanted?: number[]
): Promise<{ rows: number[][]; targets: number[] }> {
  const indices = Uint32Array.from(wanted ?? Array.from({ length: dataset.size }, (_, i) => i))
  const width = dataset.shape.reduce((a, b) => a * b, 1)
  const features = new Float32Array(indices.length * width).fill(NaN)
  const targets = new Float32Array(indices.length).fill(NaN)
  await dataset.read(indices, features, targets)
  const rows = Array.from(indices, (_, i) => [...features.subarray(i * width, (i + 1) * width)])
  return { rows, targets: [...targets] }
}

/** Wait for a DataError and compare some fields of its fault; strings in `expected` and `found` need only be within. */
export async function expectFault(promise: Promise<unknown>, fault: Partial<DataFault>): Promise<DataError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason
  )
  expect(error, 'a DataError').to.be.instanceOf(DataError)
  const dataError = error as DataError
  for (const [key, value] of Object.entries(fault)) {
    const actual = dataError.fault[key as keyof DataFault]
    if (key === 'expected' || key === 'found' || key === 'hint') expect(actual).to.include(String(value))
    else expect(actual, key).to.equal(value)
  }
  return dataError
}

/** An IDX file of unsigned bytes. */
export function idxBytes(dimensions: number[], values: ArrayLike<number>): Uint8Array {
  const bytes = new Uint8Array(4 + 4 * dimensions.length + values.length)
  const view = new DataView(bytes.buffer)
  bytes.set([0, 0, 8, dimensions.length])
  dimensions.forEach((n, i) => view.setUint32(4 + 4 * i, n))
  bytes.set(Array.from(values), 4 + 4 * dimensions.length)
  return bytes
}
