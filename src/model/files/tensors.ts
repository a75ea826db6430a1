/** Weights by name, as model files hold them, and the way to and from one flat vector. */
import { InvalidModelFileError } from '../errors.ts'
import { sizeOf } from '../layers/common.ts'
import { partOf } from '../layout.ts'
import type { Shape } from '../layers/common.ts'
import type { Layout } from '../layout.ts'

/** One named fp32 array. */
export interface NamedTensor {
  name: string
  shape: Shape
  values: Float32Array
}

/** The weights of a model by name: views into the flat vector. */
export function namedTensors(layout: Layout, flat: Float32Array): NamedTensor[] {
  return layout.entries.map((entry) => ({
    name: entry.name,
    shape: entry.shape,
    values: partOf(flat, entry)
  }))
}

/**
 * One flat vector of a file's weights.
 *
 * Names match exactly, or but for scopes in between: Keras writes 'lstm/lstm_cell/kernel' for our 'lstm/kernel'.
 *
 * @throws {InvalidModelFileError} a weight is missing, of another shape, or not of this model
 */
export function flatFrom(tensors: readonly NamedTensor[], layout: Layout, file: string): Float32Array {
  const byName = new Map(tensors.map((tensor) => [shortName(tensor.name), tensor]))
  if (tensors.length !== layout.entries.length || byName.size !== tensors.length) {
    const reason = `it has ${tensors.length} weights, the model ${layout.entries.length}`
    throw new InvalidModelFileError(file, reason)
  }
  const flat = new Float32Array(layout.size)
  for (const entry of layout.entries) {
    const tensor = byName.get(shortName(entry.name))
    if (tensor == null) throw new InvalidModelFileError(file, `the weight '${entry.name}' is missing`)
    if (tensor.shape.join() !== entry.shape.join()) {
      const reason = `'${entry.name}' has shape [${tensor.shape.join(', ')}], expected [${entry.shape.join(', ')}]`
      throw new InvalidModelFileError(file, reason)
    }
    partOf(flat, entry).set(tensor.values)
  }
  return flat
}

/** First and last part of a path, without TensorFlow's ':0'. */
function shortName(name: string): string {
  const parts = name.replace(/:0$/, '').split('/')
  return parts.length > 1 ? `${parts[0]}/${parts[parts.length - 1]}` : name
}

/** Little-endian bytes of fp32 values, one array after another: how every format here stores them. */
export function concatenateBytes(
  tensors: readonly NamedTensor[],
  before: Uint8Array = new Uint8Array()
): Uint8Array {
  const total = tensors.reduce((size, { values }) => size + values.byteLength, before.byteLength)
  const bytes = new Uint8Array(total)
  bytes.set(before)
  let at = before.byteLength
  for (const { values } of tensors) {
    bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), at)
    at += values.byteLength
  }
  return bytes
}

/** Read fp32 values from bytes at any alignment: a copy. */
export function readTensor(
  bytes: Uint8Array,
  { name, shape, offset }: { name: string; shape: Shape; offset: number }
): NamedTensor {
  const length = 4 * sizeOf(shape)
  return { name, shape, values: new Float32Array(bytes.slice(offset, offset + length).buffer) }
}
