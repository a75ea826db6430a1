/** A block as interface-blockstore hands it over, as one array. */
import { concat } from 'uint8arrays/concat'
import type { InputPair } from 'interface-blockstore'

export type BlockInput = InputPair['bytes']

/** One array; no copy when it is one already. */
export async function collect(input: BlockInput): Promise<Uint8Array> {
  if (input instanceof Uint8Array) return input
  const pieces: Uint8Array[] = []
  for await (const piece of input) pieces.push(piece)
  return concat(pieces)
}

/**
 * Bytes that nobody else will change or keep alive: a view of a larger buffer (a vector being trained, a pool) is
 * copied, an array that fills its buffer is taken over.
 */
export function owned(bytes: Uint8Array): Uint8Array {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : new Uint8Array(bytes)
}
