/** Sums that broadcast one row over many (x + bias), and back (its gradient): the stock kernels index or transpose. */
import { floatsOf, sizeOf } from './heap.ts'
import type { KernelOverride, WasmKernel } from './heap.ts'

/** x [..., n] + bias [n]; every other addition is left to the stock kernel. */
export const biasAdd: KernelOverride = {
  name: 'Add',
  make: (stock) => (call) => {
    const { a, b } = call.inputs
    const isBias = b.shape.length === 1 && a.shape.length > 1 && a.shape.at(-1) === b.shape[0]
    return isBias && a.dtype === 'float32' && b.dtype === 'float32' ? addRow(call) : stock(call)
  }
}

const addRow: WasmKernel = ({ inputs: { a, b }, backend }) => {
  const out = backend.makeOutput(a.shape, 'float32')
  const [x, bias, y] = [floatsOf(backend, a), floatsOf(backend, b), floatsOf(backend, out)]
  const columns = bias.length
  for (let row = 0; row < x.length; row += columns) {
    for (let j = 0; j < columns; j++) y[row + j] = x[row + j] + bias[j]
  }
  return out
}

/** Sum over all axes but the last: [..., n] → [n]; every other sum is left to the stock kernel. */
export const biasGradient: KernelOverride = {
  name: 'Sum',
  make: (stock) => (call) => {
    const { axis, keepDims } = call.attrs as { axis: number | number[] | null; keepDims: boolean }
    const { x } = call.inputs
    const axes = [axis ?? []].flat()
    const leading = axes.length > 0 && axes.length === x.shape.length - 1 && axes.every((a, i) => a === i)
    return leading && !keepDims && x.dtype === 'float32' ? sumRows(call) : stock(call)
  }
}

const sumRows: WasmKernel = ({ inputs: { x }, backend }) => {
  const columns = x.shape[x.shape.length - 1]
  const out = backend.makeOutput([columns], 'float32')
  const [values, sums] = [floatsOf(backend, x), floatsOf(backend, out)]
  sums.fill(0)
  const size = sizeOf(x.shape)
  for (let row = 0; row < size; row += columns) {
    for (let j = 0; j < columns; j++) sums[j] += values[row + j]
  }
  return out
}
