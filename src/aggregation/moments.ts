/** What a server optimizer remembers: its vectors one behind the other in a single one, as they are stored. */
import type { VectorPart } from '../vectors.ts'

/** Views of the vectors, of the same part of each. */
export function momentsIn(moments: Float32Array, count: number, part?: VectorPart): Float32Array[] {
  const length = count === 0 ? 0 : moments.length / count
  const { from, to } = part ?? { from: 0, to: length }
  return Array.from({ length: count }, (_, k) => moments.subarray(k * length + from, k * length + to))
}
