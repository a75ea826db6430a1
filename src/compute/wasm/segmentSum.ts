/** Sum of rows by segment: the gradient of an embedding look-up, which the stock wasm backend lacks. */
import { floatsOf, integersOf, sizeOf } from './heap.ts'
import type { KernelOverride } from './heap.ts'

/** x [n, ...row], segmentIds [n] → [numSegments, ...row]; ids outside 0 … numSegments − 1 are dropped. */
export const segmentSum: KernelOverride = {
  name: 'UnsortedSegmentSum',
  make:
    () =>
    ({ inputs: { x, segmentIds }, attrs, backend }) => {
      const { numSegments } = attrs as { numSegments: number }
      const rowShape = x.shape.slice(segmentIds.shape.length)
      const out = backend.makeOutput([numSegments, ...rowShape], 'float32')
      const sums = floatsOf(backend, out).fill(0)
      addRows(sums, {
        rows: floatsOf(backend, x),
        ids: integersOf(backend, segmentIds),
        width: sizeOf(rowShape)
      })
      return out
    }
}

function addRows(sums: Float32Array, from: { rows: Float32Array; ids: Int32Array; width: number }): void {
  const { rows, ids, width } = from
  for (let i = 0; i < ids.length; i++) {
    const target = ids[i] * width
    if (target < 0 || target >= sums.length) continue
    for (let j = 0; j < width; j++) sums[target + j] += rows[i * width + j]
  }
}
