/** What a codec left out of a payload: the rest that error feedback carries to the next one. */
import { bytesReader } from './read.ts'
import type { Codec } from './codec.ts'

/** Values worked on at a time. */
const STRETCH = 65_536

/**
 * delta − what the payload says, in place of `delta`. False where the delta is not finite: no peer accepts such a payload,
 * and what is left of it would spoil every update to come; `delta` is as it was then.
 */
export async function leaveOut(codec: Codec, payload: Uint8Array, delta: Float32Array): Promise<boolean> {
  if (!isFinite(delta)) return false
  const read = codec.decode(bytesReader(payload), delta.length)
  for (let start = 0; start < delta.length; start += STRETCH) {
    const rest = delta.subarray(start, start + STRETCH)
    const sent = await read(start, rest.length)
    for (let i = 0; i < rest.length; i++) rest[i] -= sent[i]
  }
  return true
}

/** Is every value a number, and none so large that their squares are not? */
export function isFinite(values: Float32Array): boolean {
  let squares = 0
  for (let i = 0; i < values.length; i++) squares += values[i] * values[i]
  return Number.isFinite(squares)
}
