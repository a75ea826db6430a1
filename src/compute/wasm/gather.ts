/** Look-up of rows by index: an embedding. The stock kernel computes each value's place anew. */
import { floatsOf, integersOf, sizeOf } from './heap.ts'
import type { KernelCall, KernelOverride } from './heap.ts'
import type { TensorInfo } from '@tensorflow/tfjs-core'

interface Attrs {
  axis: number
  batchDims: number
}

/** x [rows, ...row], indices [...n] → [...n, ...row] along axis 0; other look-ups are left to the stock kernel. */
export const gatherRows: KernelOverride = {
  name: 'GatherV2',
  make: (stock) => (call) => {
    const { axis, batchDims } = call.attrs as Attrs
    const { x, indices } = call.inputs
    const isPlain = axis === 0 && batchDims === 0 && x.dtype === 'float32' && indices.dtype === 'int32'
    return isPlain ? gather(call) : stock(call)
  }
}

function gather({ inputs: { x, indices }, backend }: KernelCall): TensorInfo {
  const rowShape = x.shape.slice(1)
  const out = backend.makeOutput([...indices.shape, ...rowShape], 'float32')
  const [rows, ids, result] = [floatsOf(backend, x), integersOf(backend, indices), floatsOf(backend, out)]
  const width = sizeOf(rowShape)
  for (let i = 0; i < ids.length; i++) {
    const from = ids[i] * width
    if (!(from >= 0 && from + width <= rows.length)) {
      throw new RangeError(`GatherV2: index ${ids[i]}, expected 0 to ${x.shape[0] - 1}`)
    }
    for (let j = 0; j < width; j++) result[i * width + j] = rows[from + j]
  }
  return out
}
