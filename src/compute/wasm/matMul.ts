/** Matrix products in all four transpose forms, one by one or in batches, with bias and ReLU in the same pass. */
import { broadcast_util } from '@tensorflow/tfjs-core'
import { addressOf, sizeOf } from './heap.ts'
import { multiply } from './product.ts'
import type { KernelCall, KernelOverride, WasmKernel } from './heap.ts'
import type { Pack } from './pack/index.ts'
import type { TensorInfo } from '@tensorflow/tfjs-core'

interface Attrs {
  transposeA: boolean
  transposeB: boolean
  activation?: string
}

/** a [...batch, m, k] · b [...batch, k, n] → [...batch, m, n]; either may be given transposed. */
export const matMul: KernelOverride = { name: 'BatchMatMul', make: packed }

/** As `matMul`, then + bias [n] and an activation. */
export const fusedMatMul: KernelOverride = { name: '_FusedMatMul', make: packed }

function packed(stock: WasmKernel, pack: Pack): WasmKernel {
  return (call) => (isOurs(call) ? product(pack, call) : stock(call))
}

/** Batches of one size, or of one matrix; activations other than ReLU are left to the stock kernel. */
function isOurs({ inputs: { a, b, bias }, attrs }: KernelCall): boolean {
  const { activation = 'linear', transposeB } = attrs as Attrs
  if (bias != null && sizeOf(bias.shape) !== matrices(b, transposeB).columns) return false
  const batches = [a, b].map(({ shape }) => shape.slice(0, -2))
  const isPlain = batches.some((batch) => sizeOf(batch) === 1) || batches[0].join() === batches[1].join()
  const isFloat = a.dtype === 'float32' && b.dtype === 'float32'
  return isPlain && isFloat && (activation === 'linear' || activation === 'relu')
}

function product(pack: Pack, { inputs, attrs, backend }: KernelCall): TensorInfo {
  const { a, b, bias } = inputs
  const { transposeA, transposeB, activation } = attrs as Attrs
  const [left, right] = [matrices(a, transposeA), matrices(b, transposeB)]
  if (left.columns !== right.rows)
    throw new RangeError(`matMul of [${a.shape.join()}] by [${b.shape.join()}]`)
  const batch = broadcast_util.assertAndGetBroadcastShape(left.batch, right.batch)
  const out = backend.makeOutput([...batch, left.rows, right.columns], 'float32')
  const relu = activation === 'relu'
  const operands = { a: addressOf(backend, a), b: addressOf(backend, b), out: addressOf(backend, out) }
  const biasAt = bias == null ? 0 : addressOf(backend, bias)
  multiplyAll(pack, left, right, { ...operands, bias: biasAt, relu, count: sizeOf(batch) })
  return out
}

/** How one operand lies: distances in bytes from one row, column and matrix to the next. */
interface Matrices {
  batch: number[]
  rows: number
  columns: number
  row: number
  column: number
  next: number
}

function matrices({ shape }: TensorInfo, isTransposed: boolean): Matrices {
  const batch = shape.slice(0, -2)
  const [outer, inner] = [shape[shape.length - 2], shape[shape.length - 1]]
  // One matrix stands for a whole batch.
  const next = sizeOf(batch) > 1 ? 4 * outer * inner : 0
  if (isTransposed) return { batch, rows: inner, columns: outer, row: 4, column: 4 * inner, next }
  return { batch, rows: outer, columns: inner, row: 4 * inner, column: 4, next }
}

interface Operands {
  a: number
  b: number
  out: number
  bias: number
  relu: boolean
  count: number
}

function multiplyAll(pack: Pack, left: Matrices, right: Matrices, to: Operands): void {
  const [m, k, n] = [left.rows, left.columns, right.columns]
  for (let i = 0; i < to.count; i++) {
    const a = { at: to.a + i * left.next, row: left.row, column: left.column }
    const b = { at: to.b + i * right.next, row: right.row, column: right.column }
    const c = to.out + i * 4 * m * n
    multiply(pack, { m, n, k, a, b, c, cRow: 4 * n, bias: to.bias, relu: to.relu })
  }
}
