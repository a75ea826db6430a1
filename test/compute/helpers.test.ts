/** Products that threads share out. The threads are real; the processors may be busy with other things. */
import * as tf from '@tensorflow/tfjs-core'
import { expect } from 'chai'
import { Worker } from 'node:worker_threads'
import { startHelper } from '../../peers/node/compute/helpers.ts'
import { startBackend } from '../../src/compute/backend.ts'
import { HelperCheckError, HelperLostError } from '../../src/compute/wasm/helpers/errors.ts'
import { words } from '../../src/compute/wasm/helpers/control.ts'
import { dismissHelpers, helpersAtWork, installedPack } from '../../src/compute/wasm/index.ts'
import { seededRandom } from '../../src/random.ts'
import { drawn } from './tensors.ts'
import { chainOf, weightsOf } from '../../src/compute/wasm/chain/index.ts'
import { crossEntropyOf } from '../../src/compute/wasm/chain/crossEntropy.ts'
import type { ChainLayer } from '../../src/compute/wasm/chain/types.ts'
import type {
  HelperFigures,
  Helpers,
  HelperThread,
  StartHelper
} from '../../src/compute/wasm/helpers/index.ts'
import type { HelperInit } from '../../src/compute/wasm/helpers/serve.ts'

type Matrices = [a: tf.Tensor2D, b: tf.Tensor2D]

interface Form {
  transposeA: boolean
  transposeB: boolean
}

const forms: Form[] = [false, true].flatMap((transposeA) =>
  [false, true].map((transposeB) => ({ transposeA, transposeB }))
)

/** Have `count` threads help; what is told of them. */
async function employ(count: number, start: StartHelper = startHelper): Promise<Error[]> {
  const told: Error[] = []
  await startBackend('wasm', { helpers: { count, start, onLost: (error) => told.push(error) } })
  return told
}

/** A helper that is there, and runs the given code. */
const startOther =
  (code: string): StartHelper =>
  (init, onEnd) => {
    const worker = new Worker(`const { workerData } = require('node:worker_threads');${code}`, {
      eval: true,
      workerData: { ...init, words }
    })
    worker.once('exit', (exit) => onEnd(new Error(`exit code ${exit}`)))
    return Promise.resolve<HelperThread>({ stop: async () => void (await worker.terminate()) })
  }

const valuesOf = (tensor: tf.Tensor): Uint32Array =>
  new Uint32Array(tensor.dataSync<'float32'>().slice().buffer)

/** The bits by one thread, and by as many as there are. */
function bothWays(work: () => tf.Tensor): { alone: Uint32Array; together: Uint32Array } {
  const pack = installedPack()!
  const { helpers } = pack
  const by = (who: typeof helpers): Uint32Array => {
    pack.helpers = who
    const product = tf.tidy(work)
    const values = valuesOf(product)
    product.dispose()
    return values
  }
  return { alone: by(null), together: by(helpers) }
}

function matrices([m, n, k]: readonly number[], { transposeA, transposeB }: Form): Matrices {
  const a = drawn(m + 1, transposeA ? [k, m] : [m, k]) as tf.Tensor2D
  return [a, drawn(n + 2, transposeB ? [n, k] : [k, n]) as tf.Tensor2D]
}

/** A helper that has had no processor since the last product is not asked: then once more. */
function untilShared(work: () => tf.Tensor): void {
  const { orders } = figures()
  while (figures().orders === orders) work().dispose()
}

const figuresOf = (helpers: Helpers | null): HelperFigures => helpers!.figures

const figures = (): HelperFigures => figuresOf(installedPack()!.helpers)

describe('helper threads', function () {
  this.timeout(60_000)

  afterEach(() => dismissHelpers())

  for (const threads of [2, 3]) {
    it(`give the bits of one thread: ${threads} threads, drawn sizes, all transpose forms, bias and ReLU`, async () => {
      const told = await employ(threads - 1)
      expect(helpersAtWork()).to.equal(threads - 1)
      const random = seededRandom(threads)
      const before = figures()
      for (let i = 0; i < 32; i++) {
        const size = (): number => 100 + (random() % 700)
        const sizes = [size(), size(), size()]
        const [a, b] = matrices(sizes, forms[i % 4])
        const bias = i % 3 === 0 ? undefined : drawn(i, [sizes[1]])
        const activation = i % 2 === 0 ? 'relu' : 'linear'
        const { alone, together } = bothWays(() =>
          tf.fused.matMul({ a, b, ...forms[i % 4], bias, activation })
        )
        expect(together, sizes.join()).to.deep.equal(alone)
        tf.dispose([a, b, ...(bias == null ? [] : [bias])])
      }
      expect(figures().orders).to.be.above(before.orders)
      expect(figures().parts).to.be.above(0)
      expect(told).to.deep.equal([])
    })
  }

  it('give the bits of one thread in steps of a chain of layers, of which some inputs are dark', async () => {
    await employ(1)
    const pack = installedPack()!
    const { helpers } = pack
    const sizes = [700, 600, 500]
    const batch = 160
    const features = Float32Array.from({ length: batch * sizes[0] }, (_, i) =>
      (i % sizes[0]) % 3 === 0 ? 0 : Math.sin(i)
    )
    const classes = Int32Array.from({ length: batch }, (_, i) => i % sizes[2])
    const weightsAfter = (by: typeof helpers): Uint32Array[] => {
      pack.helpers = by
      const layers = sizes.slice(1).map((units, i): ChainLayer => {
        const kernel = tf.variable(tf.mul(drawn(i, [sizes[i], units]), 0.05))
        return { kind: 'dense', kernel, bias: tf.variable(tf.zeros([units])), relu: i === 0 }
      })
      const chain = chainOf(layers, { inputs: sizes[0], most: batch })
      for (let i = 0; i < 3; i++) chain.descend(features, batch, crossEntropyOf(classes), 0.1)
      chain.step(features, batch, crossEntropyOf(classes))
      const weights = layers.flatMap(weightsOf)
      const all = [...weights, ...chain.gradients].map(valuesOf)
      chain.dispose()
      tf.dispose(weights)
      return all
    }
    const alone = weightsAfter(null)
    const { orders } = figuresOf(helpers)
    expect(weightsAfter(helpers)).to.deep.equal(alone)
    expect(figures().orders).to.be.above(orders)
  })

  it('give the bits of one thread where sizes are 0, 1 or no multiple of a tile', async () => {
    await employ(1)
    for (const sizes of [
      [0, 5, 5],
      [5, 0, 5],
      [5, 5, 0],
      [1, 1, 1],
      [1, 999, 999],
      [999, 1, 999],
      [257, 263, 1],
      [383, 389, 397]
    ]) {
      for (const form of forms) {
        const [a, b] = matrices(sizes, form)
        const { alone, together } = bothWays(() => tf.matMul(a, b, form.transposeA, form.transposeB))
        expect(together, sizes.join()).to.deep.equal(alone)
        tf.dispose([a, b])
      }
    }
  })

  it('are not bothered with small products', async () => {
    await employ(1)
    const before = figures()
    const [a, b] = matrices([64, 64, 64], forms[0])
    for (let i = 0; i < 10; i++) tf.matMul(a, b).dispose()
    expect(figures()).to.deep.equal(before)
    tf.dispose([a, b])
  })

  it('share memory that grows to what the largest product needs, and no further', async () => {
    await employ(1)
    const [a, b] = matrices([600, 600, 600], forms[0])
    const small = figures().sizeBytes
    untilShared(() => tf.matMul(a, b))
    const large = figures().sizeBytes
    // The matrix that is copied whole, and half of the two others.
    expect(large - small).to.be.within(1, 2 * 4 * 600 * 600 + 65_536)
    for (let i = 0; i < 5; i++) untilShared(() => tf.matMul(a, b))
    expect(figures().sizeBytes).to.equal(large)
    tf.dispose([a, b])
  })

  it('that never do anything cost no result, and are not asked again before they are back', async () => {
    const idle: StartHelper = () => Promise.resolve({ stop: () => Promise.resolve() })
    await employ(1, idle)
    const [a, b] = matrices([500, 500, 500], forms[0])
    const { alone, together } = bothWays(() => tf.matMul(a, b))
    expect(together).to.deep.equal(alone)
    const { orders, parts } = figures()
    tf.matMul(a, b).dispose()
    expect(figures()).to.include({ orders, parts: 0 })
    expect(parts).to.equal(0)
    tf.dispose([a, b])
  })

  it('that die over a part cost no result; that they are gone is told, and the rest is done alone', async () => {
    // Takes a part of each order until it got one, and dies of it.
    const dying = startOther(`
      const { memory, words, helper } = workerData
      const control = new Int32Array(memory.buffer)
      for (let order = 0; ;) {
        Atomics.wait(control, words.order, order)
        order = Atomics.load(control, words.order)
        if (Atomics.add(control, words.next, 1) < control[words.count]) process.exit(3)
        Atomics.store(control, words.idle + helper, order)
      }`)
    const told = await employ(1, dying)
    const [a, b] = matrices([500, 500, 500], forms[0])
    while (told.length === 0) {
      const { alone, together } = bothWays(() => tf.matMul(a, b))
      expect(together).to.deep.equal(alone)
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(told[0]).to.be.instanceOf(HelperLostError)
    expect(told[0].message).to.include('exit code 3')
    expect(helpersAtWork()).to.equal(0)
    const { alone, together } = bothWays(() => tf.matMul(a, b))
    expect(together).to.deep.equal(alone)
    tf.dispose([a, b])
  })

  it('that compute something else are found out at the start and sent away', async () => {
    // Says of each part that it is done, and has computed nothing.
    const lying = startOther(`
      const { memory, words, helper } = workerData
      const control = new Int32Array(memory.buffer)
      for (let order = 0; ;) {
        Atomics.wait(control, words.order, order)
        order = Atomics.load(control, words.order)
        for (let part; (part = Atomics.add(control, words.next, 1)) < control[words.count];) {
          Atomics.store(control, words.done + part, order)
          Atomics.notify(control, words.done + part)
        }
        Atomics.store(control, words.idle + helper, order)
      }`)
    const told = await employ(1, lying)
    expect(told.map(({ name }) => name)).to.deep.equal([HelperCheckError.name])
    expect(helpersAtWork()).to.equal(0)
    expect(installedPack()!.helpers).to.equal(null)
  })

  it('that do not start are told of, and nothing else', async () => {
    const told = await employ(2, (init: HelperInit, onEnd) =>
      init.helper === 0 ? startHelper(init, onEnd) : Promise.reject(new Error('no thread left'))
    )
    expect(told.map(({ message }) => message).join()).to.include('no thread left')
    expect(helpersAtWork()).to.equal(1)
  })

  it('are employed once, and can be employed again after they were dismissed', async () => {
    await employ(1)
    const first = installedPack()!.helpers
    await employ(2)
    expect(installedPack()!.helpers).to.equal(first)
    await dismissHelpers()
    expect(helpersAtWork()).to.equal(0)
    await employ(2)
    expect(helpersAtWork()).to.equal(2)
  })

  it('compute gradients and batches with the same bits too', async () => {
    await employ(1)
    const before = figures().orders
    const [x, w] = matrices([256, 500, 400], forms[0])
    const { alone, together } = bothWays(() =>
      tf.concat(
        tf
          .grads((a: tf.Tensor, b: tf.Tensor) => tf.matMul(a as tf.Tensor2D, b as tf.Tensor2D))([x, w])
          .map((each) => tf.reshape(each, [-1]))
      )
    )
    expect(together).to.deep.equal(alone)
    const batch = tf.stack([w, w, w])
    const image = tf.stack([x, x, x])
    const { alone: one, together: many } = bothWays(() => tf.matMul(image, batch))
    expect(many).to.deep.equal(one)
    expect(figures().orders).to.be.above(before)
    tf.dispose([x, w, batch, image])
  })
})
