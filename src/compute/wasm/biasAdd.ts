/** Sums that broadcast one row over many (x + bias), and back (its gradient): the stock kernels index or transpose. */
import { addressOf, sizeOf } from './heap.ts'
import type { KernelOverride } from './heap.ts'

/** x [..., n] + bias [n]; every other addition is left to the stock kernel. */
export const biasAdd: KernelOverride = {
  name: 'Add',
  make: (stock, pack) => (call) => {
    const { a, b } = call.inputs
    const isBias = b.shape.length === 1 && a.shape.length > 1 && a.shape[a.shape.length - 1] === b.shape[0]
    if (!isBias || a.dtype !== 'float32' || b.dtype !== 'float32') return stock(call)
    const { backend } = call
    const out = backend.makeOutput(a.shape, 'float32')
    const [columns] = b.shape
    const rows = columns === 0 ? 0 : sizeOf(a.shape) / columns
    pack.functions.addRow(
      rows,
      columns,
      addressOf(backend, a),
      addressOf(backend, b),
      addressOf(backend, out)
    )
    return out
  }
}

/** Sum over all axes but the last: [..., n] → [n]; every other sum is left to the stock kernel. */
export const biasGradient: KernelOverride = {
  name: 'Sum',
  make: (stock, pack) => (call) => {
    const { axis, keepDims } = call.attrs as { axis: number | number[] | null; keepDims: boolean }
    const { x } = call.inputs
    const axes = [axis ?? []].flat()
    const leading = axes.length > 0 && axes.length === x.shape.length - 1 && axes.every((a, i) => a === i)
    if (!leading || keepDims || x.dtype !== 'float32') return stock(call)
    const { backend } = call
    const columns = x.shape[x.shape.length - 1]
    const out = backend.makeOutput([columns], 'float32')
    const rows = sizeOf(x.shape.slice(0, -1))
    pack.functions.sumRows(rows, columns, addressOf(backend, x), addressOf(backend, out))
    return out
  }
}
