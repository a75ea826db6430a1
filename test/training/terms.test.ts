/** The terms of client algorithms against closed forms, TensorFlow.js' gradients, and what they are for. */
import {
  add,
  memory as tensorCount,
  mul,
  square,
  sub,
  sum,
  tensor,
  tidy,
  variable,
  variableGrads
} from '@tensorflow/tfjs-core'
import { expect } from 'chai'
import { tensorMemory } from '../../src/compute/memory.ts'
import { normal, seededRandom } from '../../src/random.ts'
import { createOptimizer } from '../../src/training/optimizer.ts'
import { clientTerm } from '../../src/training/terms.ts'
import { createTrainer } from '../../src/training/trainer.ts'
import { startBackend } from '../../src/compute/backend.ts'
import { clock, manifestOf, split } from './fixtures.ts'
import type { TrainingSpec } from '../../src/federation/manifest/schema.ts'
import type { TrainingResult } from '../../src/training/types.ts'
import type { ClientTerm } from '../../src/training/terms.ts'
import type { Scalar, Tensor, Variable } from '@tensorflow/tfjs-core'

const fedprox = (mu: number): TrainingSpec['client'] => ({ name: 'fedprox', mu })
/** Seven values: a kernel's last few are not a whole vector. */
const SIZE = 7

function drawn(seed: number): Float32Array {
  const random = seededRandom(seed)
  return Float32Array.from({ length: SIZE }, () => normal(random))
}

/** A step of plain SGD with a term: by what it makes of the gradient, or by halves. */
type Way = 'at once' | 'by halves'
const WAYS: readonly Way[] = ['at once', 'by halves']

/** So many steps on a quadratic: its gradient is curvature · (w − target). */
function descend(weight: Variable, { term, way, steps, rate, slopeAt }: Descent): void {
  const memory = tensorMemory()
  const halves = way === 'by halves' ? term?.halves(rate) : null
  const optimizer = createOptimizer({ name: 'sgd' }, halves?.rate ?? rate)
  for (let step = 0; step < steps; step++) {
    const slope = tensor(memory.view(weight).map(slopeAt))
    optimizer.apply([weight], halves != null ? [slope] : (term?.added([slope]) ?? []), memory)
    halves?.rest()
    slope.dispose()
  }
  optimizer.dispose()
}

interface Descent {
  term: ClientTerm | null
  way: Way
  steps: number
  rate: number
  slopeAt(value: number, i: number): number
}

describe('the term of FedProx', () => {
  for (const backend of ['wasm', 'cpu'] as const) {
    it(`is the gradient of mu / 2 · ‖w − w₀‖², as TensorFlow.js derives it, on ${backend}`, async () => {
      await startBackend(backend)
      const mu = 0.3
      const [start, target] = [tensor(drawn(1)), tensor(drawn(2))]
      const weight = variable(start.clone())
      const term = clientTerm(fedprox(mu), [weight])
      const moved = tensor(drawn(3))
      weight.assign(moved)
      const bare = (): Scalar => sum(square(square(sub(weight, target))))
      const whole = (): Scalar =>
        tidy((): Scalar => add(bare(), mul(sum(square(sub(weight, start))), mu / 2)))
      const [given, expected] = [bare, whole].map((loss) => variableGrads(loss, [weight]).grads[weight.name])
      const unchanged = [...tensorMemory().view(given)]
      const [found] = (term?.added([given]) ?? []) as Tensor[]
      const [a, b] = [tensorMemory().view(found).slice(), tensorMemory().view(expected).slice()]
      a.forEach((value, i) => expect(value).to.be.closeTo(b[i], 1e-4))
      // Backends share memory between gradients: another weight's may be in the same place.
      expect([...tensorMemory().view(given)]).to.deep.equal(unchanged)
      for (const used of [start, target, weight, moved, given, expected, term]) used?.dispose()
    })
  }

  it('leaves alone what the loss does not reach, and is not there for other algorithms', async () => {
    await startBackend('cpu')
    const weight = variable(tensor(drawn(1)))
    const term = clientTerm(fedprox(1), [weight, weight])
    const slope = tensor(drawn(2))
    expect(term?.added([null, slope]).map((one) => one === null)).to.deep.equal([true, false])
    for (const name of ['fedavg', 'fednova'] as const) expect(clientTerm({ name }, [weight])).to.equal(null)
    for (const used of [weight, slope, term]) used?.dispose()
  })
})

describe('the terms of all algorithms', () => {
  const [curvature, alpha, rate, steps] = [2, 0.5, 0.1, 20]
  const [start, target, control] = [drawn(1), drawn(2), drawn(3)]
  // Each goes to its best by the same factor a step, 1 − rate · steepness.
  const cases = [
    // Gradient a·(w − t) + mu·(w − w₀): there is no control in it.
    {
      client: fedprox(alpha),
      best: (i: number) => (curvature * target[i] + alpha * start[i]) / (curvature + alpha),
      steepness: curvature + alpha
    },
    // Gradient a·(w − t) + α·(w − w₀ + h).
    {
      client: { name: 'feddyn', alpha } as const,
      best: (i: number) => (curvature * target[i] + alpha * (start[i] - control[i])) / (curvature + alpha),
      steepness: curvature + alpha
    },
    // Gradient a·(w − t) + c.
    {
      client: { name: 'scaffold' } as const,
      best: (i: number) => target[i] - control[i] / curvature,
      steepness: curvature
    }
  ]
  for (const backend of ['wasm', 'cpu'] as const) {
    for (const [{ client, best, steepness }, way] of cases.flatMap((one) =>
      WAYS.map((way) => [one, way] as const)
    )) {
      it(`${client.name} leads gradient descent where the closed form says, ${way}, on ${backend}`, async () => {
        await startBackend(backend)
        const before = tensorCount().numTensors
        const weight = tidy(() => variable(tensor(start.slice())))
        const given = control.slice()
        const term = clientTerm(client, [weight], [given])
        given.fill(NaN)
        descend(weight, { term, way, steps, rate, slopeAt: (value, i) => curvature * (value - target[i]) })
        tensorMemory()
          .view(weight)
          .forEach((value, i) => {
            const expected = best(i) + (start[i] - best(i)) * (1 - rate * steepness) ** steps
            expect(value).to.be.closeTo(expected, 1e-5)
          })
        for (const used of [term, weight]) used?.dispose()
        expect(tensorCount().numTensors).to.equal(before)
      })
    }
  }

  it('goes by halves only where they round little', async () => {
    await startBackend('cpu')
    const weight = variable(tensor(start))
    const term = clientTerm(fedprox(10), [weight])
    expect(term?.halves(0.05)).to.include({ rate: 0.1 })
    expect(term?.halves(0.06)).to.equal(null)
    for (const used of [term, weight]) used?.dispose()
  })

  it('without a control, SCAFFOLD adds nothing, and FedDyn what FedProx does', async () => {
    await startBackend('cpu')
    const weight = variable(tensor(start))
    expect(clientTerm({ name: 'scaffold' }, [weight])).to.equal(null)
    const terms = [clientTerm({ name: 'feddyn', alpha }, [weight]), clientTerm(fedprox(alpha), [weight])]
    const moved = tensor(target)
    weight.assign(moved)
    const slope = tensor(drawn(4))
    const [one, other] = terms.map((term) => term?.added([slope])[0]?.dataSync())
    expect(one).to.deep.equal(other)
    for (const used of [weight, slope, moved, ...terms]) used?.dispose()
  })
})

describe('local training with a control', () => {
  const manifest = (client: TrainingSpec['client'], work = { steps: 1 }): ReturnType<typeof manifestOf> =>
    manifestOf({ training: { work, learningRate: 0.1, client } })

  it('moves each trained weight by the control as well, in the order of the layout', async () => {
    const data = split({ shape: [4], classes: 3, size: 120 })
    const trainer = await createTrainer({
      manifest: manifest({ name: 'scaffold' }),
      data,
      backend: 'wasm',
      ...clock
    })
    try {
      const job = { weights: await trainer.initialWeights(), round: 1, seed: 4 }
      const control = job.weights.map((_, i) => i / 10)
      const [bare, corrected] = [await trainer.train(job), await trainer.train({ ...job, control })]
      corrected.delta.forEach((value, i) =>
        expect(value).to.be.closeTo(bare.delta[i] - 0.1 * control[i], 1e-5)
      )
      const short = await trainer
        .train({ ...job, control: control.slice(1) })
        .catch((error: Error) => error.name)
      expect(short).to.equal('WeightsLengthError')
    } finally {
      await trainer.stop()
    }
  })
})

describe('local training by FedProx', () => {
  const toy = { shape: [4], classes: 3, size: 120 }
  const train = async (training: object, backend: 'wasm' | 'cpu' = 'wasm'): Promise<TrainingResult> => {
    const manifest = manifestOf({ training: { work: { epochs: 4 }, learningRate: 0.1, ...training } })
    const trainer = await createTrainer({ manifest, data: split(toy), backend, ...clock })
    try {
      return await trainer.train({ weights: await trainer.initialWeights(), round: 1, seed: 4 })
    } finally {
      await trainer.stop()
    }
  }
  const length = ({ delta }: TrainingResult): number => Math.hypot(...delta)

  it('stays nearer to the global model the larger mu is', async () => {
    const lengths = [length(await train({}))]
    for (const mu of [0.1, 1, 5]) lengths.push(length(await train({ client: { name: 'fedprox', mu } })))
    for (const [i, one] of lengths.slice(1).entries()) expect(one).to.be.below(0.95 * lengths[i])
    expect(lengths[3]).to.be.above(0)
  })

  it('is FedAvg as mu goes to 0: the first step is the same whatever mu is', async () => {
    const work = { steps: 1 }
    const [bare, strong] = [
      await train({ work }),
      await train({ work, client: { name: 'fedprox', mu: 100 } })
    ]
    expect(strong.delta).to.deep.equal(bare.delta)
    const [more, weak] = [await train({}), await train({ client: { name: 'fedprox', mu: 1e-6 } })]
    weak.delta.forEach((value, i) => expect(value).to.be.closeTo(more.delta[i], 1e-4))
  })

  for (const optimizer of [{ name: 'sgd' }, { name: 'momentum' }, { name: 'adamw' }] as const) {
    it(`gives the same delta for the same seed, and nearly the same on each backend: ${optimizer.name}`, async () => {
      const training = { optimizer, learningRate: 0.02, client: { name: 'fedprox', mu: 0.5 } }
      const first = await train(training)
      expect((await train(training)).delta).to.deep.equal(first.delta)
      const plain = await train(training, 'cpu')
      first.delta.forEach((value, i) => expect(value).to.be.closeTo(plain.delta[i], 5e-3))
    })
  }
})
