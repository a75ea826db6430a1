/** Sum of rows by segment: the gradient of an embedding look-up, which the stock wasm backend lacks. */
import { addressOf, floatsOf, sizeOf } from './heap.ts'
import type { KernelOverride } from './heap.ts'

/** x [n, ...row], segmentIds [n] → [numSegments, ...row]; ids outside 0 … numSegments − 1 are dropped. */
export const segmentSum: KernelOverride = {
  name: 'UnsortedSegmentSum',
  make:
    (_, { functions }) =>
    ({ inputs: { x, segmentIds }, attrs, backend }) => {
      const { numSegments } = attrs as { numSegments: number }
      const rowShape = x.shape.slice(segmentIds.shape.length)
      const sums = backend.makeOutput([numSegments, ...rowShape], 'float32')
      floatsOf(backend, sums).fill(0)
      const [rows, ids, to] = [x, segmentIds, sums].map((tensor) => addressOf(backend, tensor))
      functions.addRowsById(sizeOf(segmentIds.shape), sizeOf(rowShape), rows, ids, numSegments, to)
      return sums
    }
}
