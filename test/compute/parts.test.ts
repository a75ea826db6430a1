import { expect } from 'chai'
import * as tf from '@tensorflow/tfjs-core'
import { startBackend } from '../../src/compute/backend.ts'
import { addressOf } from '../../src/compute/wasm/heap.ts'
import { copyMatrix, packedAt } from '../../src/compute/wasm/helpers/copies.ts'
import { MOST_PARTS, partOf, splitOf } from '../../src/compute/wasm/helpers/parts.ts'
import { installedPack } from '../../src/compute/wasm/index.ts'
import { multiplyAlone } from '../../src/compute/wasm/product.ts'
import { seededRandom } from '../../src/random.ts'
import { drawn } from './tensors.ts'
import type { WasmBackend } from '../../src/compute/wasm/heap.ts'
import type { Axis } from '../../src/compute/wasm/helpers/parts.ts'
import type { Product } from '../../src/compute/wasm/product.ts'

/** How matrices lie: as they are or transposed. */
interface Form {
  transposeA: boolean
  transposeB: boolean
}

function productOf([m, n, k]: readonly number[], { transposeA, transposeB }: Form): Product {
  const a = transposeA ? { at: 0, row: 4, column: 4 * m } : { at: 0, row: 4 * k, column: 4 }
  const b = transposeB ? { at: 0, row: 4, column: 4 * k } : { at: 0, row: 4 * n, column: 4 }
  return { m, n, k, a, b, c: 0, cRow: 4 * n, bias: 0, relu: false }
}

const plain: Form = { transposeA: false, transposeB: false }
const edges = { rows: 6, columns: 8 }

describe('parts of a product', () => {
  it('follow each other from the share of the caller to the end, cut where tiles end', () => {
    const random = seededRandom(1)
    const seen = { rows: 0, columns: 0, none: 0 }
    for (let i = 0; i < 500; i++) {
      const sizes = [1, 2, 3].map(() => random() % (i % 2 === 0 ? 3000 : 300))
      if (i % 4 === 0) sizes[1] = 1 + (random() % 100)
      const form = { transposeA: random() % 2 === 0, transposeB: random() % 2 === 0 }
      const threads = 2 + (random() % 15)
      const product = productOf(sizes, form)
      const split = splitOf(product, threads)
      seen[split?.axis ?? 'none']++
      if (split == null) continue
      const { axis, own, bounds } = split
      const size = axis === 'rows' ? product.m : product.n
      expect(bounds[0]).to.equal(own)
      expect(bounds.at(-1)).to.equal(size)
      expect(bounds.length - 1).to.be.within(1, MOST_PARTS)
      for (const [j, bound] of bounds.slice(0, -1).entries()) {
        expect(bound % edges[axis]).to.equal(0)
        expect(bounds[j + 1]).to.be.above(bound)
      }
      expect(own).to.be.within(size / threads, size / threads + edges[axis])
    }
    expect(Math.min(...Object.values(seen))).to.be.above(20)
  })

  it('are none where there is little to compute, or much to copy for it', () => {
    for (const sizes of [
      [0, 9, 9],
      [9, 0, 9],
      [9, 9, 0],
      [1, 1, 1],
      [64, 64, 64],
      [1, 4000, 4000]
    ])
      expect(splitOf(productOf(sizes, plain), 2), sizes.join()).to.equal(null)
  })

  it('are of the longer side, so that the smaller matrix is copied whole', () => {
    expect(splitOf(productOf([128, 2048, 2048], plain), 2)?.axis).to.equal('columns')
    expect(splitOf(productOf([2048, 128, 2048], plain), 2)?.axis).to.equal('rows')
  })

  it('have the bits of the whole, wherever it is cut, of listed rows and of steps down too', async () => {
    await startBackend('wasm')
    const pack = installedPack()!
    const wasm = tf.backend() as unknown as WasmBackend
    const random = seededRandom(2)
    const flip = (): boolean => random() % 2 === 0
    for (let i = 0; i < 200; i++) {
      const [m, n, k] = [1 + (random() % 60), 1 + (random() % 150), i % 10 === 0 ? 300 : random() % 70]
      const [most, last] = [2 * Math.max(m, k), 2 * m]
      const shapes = [[m, k], [most, n], [1, n], [last, n], [last, n], [most]]
      const tensors = shapes.map((shape, j) => drawn(j === 4 ? i + 3 : i + j, shape))
      const [a, b, bias, whole, parts, list] = tensors.map((tensor) => addressOf(wasm, tensor))
      new Int32Array(wasm.wasm.HEAPU8.buffer, list, most).forEach((_, j, rows) => (rows[j] = 2 * j))
      const descends = flip()
      const form = { transposeA: flip(), transposeB: flip() }
      const product = productOf([m, n, k], form)
      product.a.at = a
      product.b.at = b
      const rows = descends
        ? { rate: 0.3, cRows: flip() ? list : 0 }
        : { bRows: form.transposeB || flip() ? 0 : list, bias: flip() ? bias : 0, relu: flip() }
      multiplyAlone(pack, { ...product, ...rows, c: whole })
      const axis: Axis = flip() ? 'rows' : 'columns'
      const size = axis === 'rows' ? m : n
      for (let at = 0; at < size;) {
        const to = Math.min(size, at + edges[axis] * (1 + (random() % 3)))
        multiplyAlone(pack, partOf({ ...product, ...rows, c: parts }, axis, [at, to]))
        at = to
      }
      expect(await tensors[4].data()).to.deep.equal(await tensors[3].data())
      tf.dispose(tensors)
    }
  })
})

describe('copies of matrices', () => {
  it('are the values in their order, without gaps, for either way of lying', () => {
    const random = seededRandom(3)
    for (let i = 0; i < 200; i++) {
      const [rows, columns, more, at] = [1, 2, 3, 4].map(() => random() % 9)
      const isTransposed = random() % 2 === 0
      const step = 4 * ((isTransposed ? rows : columns) + more)
      const lying = isTransposed ? { row: 4, column: step } : { row: step, column: 4 }
      const from = Float32Array.from({ length: 400 }, (_, j) => j + 1)
      const to = new Float32Array(200)
      const source = { at: 4 * at, ...lying, rows, columns, list: 0 }
      const target = packedAt(40, source)
      copyMatrix(source, target, { from, to })
      const copied = new Set<number>()
      for (let row = 0; row < rows; row++) {
        for (let column = 0; column < columns; column++) {
          const place = (target.at + row * target.row + column * target.column) / 4
          copied.add(place)
          expect(to[place]).to.equal(from[(source.at + row * source.row + column * source.column) / 4])
        }
      }
      expect([...copied].every((place) => place >= 10 && place < 10 + rows * columns)).to.equal(true)
      expect(to.filter((value) => value !== 0).length).to.equal(rows * columns)
    }
  })
  it('are of listed rows, on either side', () => {
    const floats = new Float32Array(300).map((_, i) => i)
    new Uint32Array(floats.buffer, 4 * 200, 3).set([4, 0, 7])
    const table = { at: 40, row: 20, column: 4, rows: 3, columns: 4, list: 800 }
    const other = new Float32Array(50)
    const target = packedAt(8, table)
    copyMatrix(table, target, { from: floats, to: other })
    const rows = [4, 0, 7].flatMap((row) => [0, 1, 2, 3].map((column) => 10 + 5 * row + column))
    expect([...other.subarray(2, 14)]).to.deep.equal(rows)
    const back = floats.slice()
    other.forEach((_, i) => (other[i] += 1000))
    copyMatrix(target, table, { from: other, to: back })
    const expected = floats.map((value, i) => (rows.includes(i) ? value + 1000 : value))
    expect(back.subarray(0, 200)).to.deep.equal(expected.subarray(0, 200))
  })
})
