import * as tf from '@tensorflow/tfjs-core'
import { expect } from 'chai'
import { startBackend } from '../../src/compute/backend.ts'
import { tensorMemory } from '../../src/compute/memory.ts'
import { addressOf } from '../../src/compute/wasm/heap.ts'
import { installedPack } from '../../src/compute/wasm/index.ts'
import { seededRandom, uniform } from '../../src/random.ts'
import type { WasmBackend } from '../../src/compute/wasm/heap.ts'
import type { Pack } from '../../src/compute/wasm/pack/index.ts'

const SHAPES = 150

/** Values on the heap. */
interface Room {
  at: number
  floats(): Float32Array
  integers(): Int32Array
}

describe('products that leave out what is zero', () => {
  let pack: Pack
  const rooms: tf.Tensor[] = []

  before(async () => {
    await startBackend('wasm')
    pack = installedPack()!
  })

  afterEach(() => {
    for (const room of rooms.splice(0)) room.dispose()
  })

  function room(values: ArrayLike<number>): Room {
    const kept = tf.tensor(Float32Array.from(values), [values.length])
    rooms.push(kept)
    const at = addressOf(tf.backend() as unknown as WasmBackend, kept)
    const floats = (): Float32Array => tensorMemory().view(kept)
    const integers = (): Int32Array => new Int32Array(floats().buffer, at, values.length)
    return { at, floats, integers }
  }

  const listed = (numbers: readonly number[]): Room => {
    const list = room(new Float32Array(numbers.length + 1))
    list.integers().set(numbers)
    return list
  }

  /** 0 and 1 now and then; past the blocks of 48, 96, 256 and 512 as well. */
  function drawnSize(random: () => number): number {
    const kind = uniform(random)
    if (kind < 0.1) return Math.floor(2 * uniform(random))
    return Math.floor((kind < 0.85 ? 40 : 600) * uniform(random)) + 1
  }

  const drawn = (random: () => number, length: number): Float32Array =>
    Float32Array.from({ length }, () => 2 * uniform(random) - 1)

  const some = (random: () => number, length: number): number[] =>
    [...Array(length).keys()].filter(() => uniform(random) < 0.4)

  function expectClose(found: Float32Array, expected: ArrayLike<number>, terms: number): void {
    expect(found.length).to.equal(expected.length)
    const worst = found.reduce((most, value, i) => Math.max(most, Math.abs(value - expected[i])), 0)
    expect(worst).to.be.at.most(1e-6 * (terms + 1))
  }

  it('list the columns that are not zero, and gather them', () => {
    const random = seededRandom(1)
    for (let i = 0; i < SHAPES; i++) {
      const [rows, columns] = [drawnSize(random) % 70, drawnSize(random)]
      const dark = new Set([...Array(columns).keys()].filter(() => uniform(random) < 0.5))
      // A zero has a sign; a number that is none is not zero.
      const valueAt = (column: number): number => {
        if (dark.has(column) || uniform(random) < 0.3) return uniform(random) < 0.5 ? 0 : -0
        return uniform(random) < 0.1 ? NaN : uniform(random) - 0.5
      }
      const x = Float32Array.from({ length: rows * columns }, (_, at) => valueAt(at % columns))
      const isActive = (column: number): boolean =>
        [...Array(rows).keys()].some((row) => x[row * columns + column] !== 0)
      const expected = [...Array(columns).keys()].filter(isActive)
      const [from, list] = [room(x), listed(Array<number>(columns).fill(-1))]
      const found = pack.functions.activeColumns(rows, columns, from.at, list.at)
      expect([...list.integers().subarray(0, found)]).to.deep.equal(expected)
      expect(list.integers()[columns]).to.equal(0)
      const to = room(new Float32Array(rows * found))
      pack.functions.gatherColumns(rows, columns, found, from.at, list.at, to.at)
      const gathered = [...Array(rows).keys()].flatMap((row) => expected.map((at) => x[row * columns + at]))
      expect([...to.floats()]).to.deep.equal(gathered)
    }
  })

  it('multiply by the listed rows', () => {
    const random = seededRandom(2)
    for (let i = 0; i < SHAPES; i++) {
      const [m, n, table] = [drawnSize(random), drawnSize(random) % 300, drawnSize(random)]
      const rows = some(random, table)
      const k = rows.length
      const [a, b, bias] = [drawn(random, m * k), drawn(random, table * n), drawn(random, n)]
      const relu = uniform(random) < 0.5
      const hasBias = uniform(random) < 0.5
      const expected = Float64Array.from({ length: m * n }, (_, at) => {
        const [row, column] = [Math.floor(at / n), at % n]
        const products = rows.map((from, p) => a[row * k + p] * b[from * n + column])
        const sum = products.reduce((total, each) => total + each, hasBias ? bias[column] : 0)
        return relu ? Math.max(0, sum) : sum
      })
      const places = [room(a).at, 4 * k, 4, room(b).at, 4 * n, listed(rows).at] as const
      const [to, start] = [room(new Float32Array(m * n).fill(7)), hasBias ? room(bias).at : 0]
      const free = pack.scratch(pack.functions.gemmScratchBytes())
      pack.functions.gemmOfRows(m, n, k, ...places, to.at, 4 * n, start, relu ? 2 : 0, free)
      expectClose(to.floats(), expected, k)
    }
  })

  for (const isListed of [false, true]) {
    it(`go down from what is there, ${isListed ? 'in the listed rows' : 'in all rows'}`, () => {
      const random = seededRandom(3)
      for (let i = 0; i < SHAPES; i++) {
        const [table, n, k] = [drawnSize(random), drawnSize(random) % 300, drawnSize(random) % 300]
        const rows = isListed ? some(random, table) : [...Array(table).keys()]
        const [m, rate] = [rows.length, uniform(random)]
        // A lies transposed, as a layer's inputs do.
        const [a, b, c] = [drawn(random, m * k), drawn(random, k * n), drawn(random, table * n)]
        const expected = Float64Array.from(c)
        for (const [row, to] of rows.entries())
          for (let column = 0; column < n; column++)
            for (let p = 0; p < k; p++) expected[to * n + column] -= rate * a[p * m + row] * b[p * n + column]
        const operands = [room(a).at, 4, 4 * m, room(b).at, 4 * n, 4] as const
        const to = room(c)
        const list = isListed ? listed(rows).at : 0
        const free = pack.scratch(pack.functions.gemmScratchBytes())
        pack.functions.descend(m, n, k, ...operands, to.at, 4 * n, list, rate, free)
        expectClose(to.floats(), expected, k)
      }
    })
  }
})
