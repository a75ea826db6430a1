/** Whether helpers compute what one thread does, bit by bit: what they are trusted by. */
import { backend, tensor1d, tidy, zeros } from '@tensorflow/tfjs-core'
import { seededRandom, uniform } from '../../../random.ts'
import { addressOf } from '../heap.ts'
import { multiplyAlone } from '../product.ts'
import { HelperCheckError } from './errors.ts'
import type { WasmBackend } from '../heap.ts'
import type { Pack } from '../pack/index.ts'
import type { Product } from '../product.ts'
import type { Helpers } from './index.ts'
import type { Tensor } from '@tensorflow/tfjs-core'

/** Rows and columns of C and terms of its sums: large enough to be shared out, along its columns and along its rows. */
const SIZES = [
  { m: 67, n: 1109, k: 515 },
  { m: 1109, n: 67, k: 515 }
]
const RATE = 0.125
/** A helper that had no processor so far has computed nothing that could be wrong. */
const MOST_TRIES = 10

/**
 * Multiply matrices by one thread and with helpers: products, and steps down by them, with operands as they lie and turned.
 *
 * @throws {HelperCheckError} there is a difference
 */
export function checkHelpers(pack: Pack, helpers: Helpers): void {
  for (const size of SIZES) {
    for (const isTurned of [false, true]) {
      for (const rate of [undefined, RATE]) tidy(() => checkOne(pack, helpers, { ...size, isTurned, rate }))
    }
  }
}

interface Case {
  m: number
  n: number
  k: number
  isTurned: boolean
  rate: number | undefined
}

function checkOne(pack: Pack, helpers: Helpers, { m, n, k, isTurned, rate }: Case): void {
  const at = (tensor: Tensor): number => addressOf(backend() as unknown as WasmBackend, tensor)
  const [a, b] = [drawn(m * k), drawn(k * n)].map(at)
  const product: Omit<Product, 'c'> = {
    ...{ m, n, k, cRow: 4 * n, rate },
    a: isTurned ? { at: a, row: 4, column: 4 * m } : { at: a, row: 4 * k, column: 4 },
    b: isTurned ? { at: b, row: 4, column: 4 * k } : { at: b, row: 4 * n, column: 4 }
  }
  const expected = zeros([m * n])
  multiplyAlone(pack, { ...product, c: at(expected) })
  const values = expected.dataSync()
  const { parts } = helpers.figures
  for (let i = 0; i < MOST_TRIES && helpers.figures.parts === parts; i++) {
    const found = zeros([m * n])
    if (!helpers.multiply({ ...product, c: at(found) })) continue
    const together = found.dataSync()
    if (values.some((value, j) => value !== together[j])) throw new HelperCheckError([m, k, n])
  }
}

function drawn(size: number): Tensor {
  const random = seededRandom(size)
  return tensor1d(Float32Array.from({ length: size }, () => uniform(random) - 0.5))
}
