/** Look-up of rows by index: an embedding. The stock kernel computes each value's place anew. */
import { addressOf, integersOf, sizeOf } from './heap.ts'
import type { KernelCall, KernelOverride } from './heap.ts'
import type { Pack } from './pack/index.ts'
import type { TensorInfo } from '@tensorflow/tfjs-core'

interface Attrs {
  axis: number
  batchDims: number
}

/** x [rows, ...row], indices [...n] → [...n, ...row] along axis 0; other look-ups are left to the stock kernel. */
export const gatherRows: KernelOverride = {
  name: 'GatherV2',
  make: (stock, pack) => (call) => {
    const { axis, batchDims } = call.attrs as Attrs
    const { x, indices } = call.inputs
    const isPlain = axis === 0 && batchDims === 0 && x.dtype === 'float32' && indices.dtype === 'int32'
    return isPlain ? gather(call, pack) : stock(call)
  }
}

function gather({ inputs: { x, indices }, backend }: KernelCall, { functions }: Pack): TensorInfo {
  const rowShape = x.shape.slice(1)
  const out = backend.makeOutput([...indices.shape, ...rowShape], 'float32')
  const [table, ids, to] = [x, indices, out].map((tensor) => addressOf(backend, tensor))
  const outside = functions.gatherRows(sizeOf(indices.shape), sizeOf(rowShape), table, x.shape[0], ids, to)
  if (outside < 0) return out
  const index = integersOf(backend, indices)[outside]
  throw new RangeError(`GatherV2: index ${index}, expected 0 to ${x.shape[0] - 1}`)
}
