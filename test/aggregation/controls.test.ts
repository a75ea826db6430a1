/**
 * SCAFFOLD and FedDyn against their papers' algorithms, written down naively, on members whose losses are quadratic: so it
 * is known where the optimum of all is, which FedAvg's many local steps miss.
 */
import { expect } from 'chai'
import {
  aggregateInMemory,
  controlStep,
  deltaFactors,
  moveBy,
  updateShares,
  vectorsBeside
} from '../../src/aggregation/index.ts'
import { manifestDraftSchema } from '../../src/federation/manifest/schema.ts'
import { seededRandom, shuffle } from '../../src/random.ts'
import { jobControl, ownAfter } from '../../src/training/controls.ts'
import { aggregationOf, randomDelta } from './helpers.ts'
import type { Manifest } from '../../src/federation/manifest/schema.ts'

type Settings = Pick<Manifest, 'training' | 'aggregation'>

const N = 4
/** Of member i's loss, curvature / 2 · (w − target)², coordinate by coordinate. */
const CURVATURES = [1, 3, 0.5, 2]
const TARGETS = [
  [1, -2, 0.5],
  [0, 4, 1],
  [-3, 1, 2],
  [2, 2, -4]
]
const slope = (i: number, w: number, j: number): number => CURVATURES[i] * (w - TARGETS[i][j])
const OPTIMUM = TARGETS[0].map((_, j) => {
  const sum = (of: (i: number) => number): number => CURVATURES.reduce((total, _a, i) => total + of(i), 0)
  return sum((i) => CURVATURES[i] * TARGETS[i][j]) / sum((i) => CURVATURES[i])
})
const RATE = 0.05
const ALPHA = 0.7

function settingsOf(client: Record<string, unknown>, more: Record<string, unknown> = {}): Settings {
  const training = { batchSize: 10, learningRate: RATE, work: { epochs: 2 }, client, ...more }
  return { training: manifestDraftSchema.shape.training.parse(training), aggregation: aggregationOf() }
}

/** Who trains in a round: all, or some of them. */
function cohortOf(round: number, size: number): number[] {
  const all = Array.from({ length: N }, (_, i) => i)
  return shuffle(all, seededRandom(5, round)).slice(0, size).sort()
}

interface World {
  model: Float32Array
  moments: Float32Array
  own: Map<number, Float32Array>
}

/** A round as members do it, of which everyone takes so many local steps. */
function ourRound(
  world: World,
  {
    settings,
    round,
    cohort,
    samples
  }: { settings: Settings; round: number; cohort: number[]; samples: number[] }
): void {
  const { training } = settings
  const { model, moments, own } = world
  const common = moments.subarray(moments.length - model.length)
  const trained = cohort.map((i) => {
    const controls = { common, kept: 1, own: own.get(i) ?? null }
    const delta = localDelta(model, {
      i,
      settings,
      steps: samples[i] / 5,
      control: jobControl(training.client, controls)
    })
    return { i, delta, after: ownAfter(controls, { training, round, samples: samples[i], delta }) }
  })
  const shares = updateShares(
    cohort.map((i) => samples[i]),
    settings
  )
  const claims = cohort.map((i, k) => ({ weight: shares[k], samples: samples[i] }))
  const factors = deltaFactors(claims, training)
  const next = aggregateInMemory({
    ...{ aggregation: settings.aggregation, model, moments, round, seed: new Uint8Array(32) },
    controls: controlStep({ training, round, claims, members: N, kept: 1 }),
    deltas: trained.map(({ delta }, k) => ({ weight: factors[k], delta }))
  })
  for (const { i, after } of trained) own.set(i, after)
  Object.assign(world, next)
}

function localDelta(
  model: Float32Array,
  {
    i,
    settings,
    steps,
    control
  }: { i: number; settings: Settings; steps: number; control: Float32Array | null }
): Float32Array {
  const { client } = settings.training
  return model.map((start, j) => {
    const corrected = (w: number): number =>
      client.name === 'feddyn' ? client.alpha * (w - start + (control?.[j] ?? 0)) : (control?.[j] ?? 0)
    let w = start
    for (let step = 0; step < steps; step++) w -= RATE * (slope(i, w, j) + corrected(w))
    return w - start
  })
}

/** Karimireddy et al. 2020, Algorithm 1, option II, with the server's learning rate 1. */
class Scaffold {
  x = OPTIMUM.map(() => 0)
  c = OPTIMUM.map(() => 0)
  readonly ci = TARGETS.map((target) => target.map(() => 0))

  round(cohort: readonly number[], steps: number): void {
    const changes = cohort.map((i) => {
      const y = this.x.map((start, j) => {
        let w = start
        for (let k = 0; k < steps; k++) w -= RATE * (slope(i, w, j) - this.ci[i][j] + this.c[j])
        return w
      })
      const next = y.map((w, j) => this.ci[i][j] - this.c[j] + (this.x[j] - w) / (steps * RATE))
      const change = { dy: y.map((w, j) => w - this.x[j]), dc: next.map((c, j) => c - this.ci[i][j]) }
      this.ci[i] = next
      return change
    })
    this.x = this.x.map((x, j) => x + changes.reduce((sum, { dy }) => sum + dy[j], 0) / cohort.length)
    this.c = this.c.map((c, j) => c + changes.reduce((sum, { dc }) => sum + dc[j], 0) / N)
  }
}

/** Acar et al. 2021, Algorithm 1, each member coming as near to its minimum as so many steps do. */
class FedDyn {
  x = OPTIMUM.map(() => 0)
  h = OPTIMUM.map(() => 0)
  readonly gradients = TARGETS.map((target) => target.map(() => 0))

  round(cohort: readonly number[], steps: number): void {
    const trained = cohort.map((i) => {
      const local = this.x.map((start, j) => {
        let w = start
        for (let k = 0; k < steps; k++)
          w -= RATE * (slope(i, w, j) - this.gradients[i][j] + ALPHA * (w - start))
        return w
      })
      this.gradients[i] = this.gradients[i].map((g, j) => g - ALPHA * (local[j] - this.x[j]))
      return local
    })
    const sum = (j: number): number => trained.reduce((total, local) => total + local[j], 0)
    this.h = this.h.map((h, j) => h - (ALPHA / N) * (sum(j) - cohort.length * this.x[j]))
    this.x = this.x.map((_, j) => sum(j) / cohort.length - this.h[j] / ALPHA)
  }
}

function beginning(settings: Settings): World {
  const { length } = OPTIMUM
  const moments = new Float32Array(vectorsBeside(settings).moments * length)
  return { model: new Float32Array(length), moments, own: new Map() }
}

/** Two epochs of so many samples in batches of ten. */
const ALIKE = [40, 40, 40, 40]
const STEPS = 8

const algorithms = [
  { name: 'SCAFFOLD', client: { name: 'scaffold' }, naive: () => new Scaffold() },
  { name: 'FedDyn', client: { name: 'feddyn', alpha: ALPHA }, naive: () => new FedDyn() }
] as const

const near = (found: ArrayLike<number>, expected: readonly number[], within: number): void =>
  expected.forEach((value, j) => expect(found[j]).to.be.closeTo(value, within))

for (const { name, client, naive } of algorithms) {
  describe(name, () => {
    for (const size of [N, 2, 1]) {
      it(`goes where the paper's algorithm goes, ${size} of ${N} members a round`, () => {
        const settings = settingsOf(client)
        const [world, reference] = [beginning(settings), naive()]
        for (let round = 1; round <= 40; round++) {
          const cohort = cohortOf(round, size)
          ourRound(world, { settings, round, cohort, samples: ALIKE })
          reference.round(cohort, STEPS)
          near(world.model, reference.x, 1e-4)
        }
        if (reference instanceof Scaffold) near(world.moments, reference.c, 1e-4)
        else
          near(
            world.moments,
            reference.h.map((h) => -h / ALPHA),
            1e-4
          )
      })
    }

    it('finds the optimum of all, which many local steps of FedAvg miss', () => {
      const distance = (settings: Settings): number => {
        const world = beginning(settings)
        const cohort = cohortOf(1, N)
        for (let round = 1; round <= 400; round++)
          ourRound(world, { settings, round, cohort, samples: ALIKE })
        return Math.max(...OPTIMUM.map((best, j) => Math.abs(world.model[j] - best)))
      }
      expect(distance(settingsOf({ name: 'fedavg' }))).to.be.above(0.05)
      expect(distance(settingsOf(client))).to.be.below(1e-4)
    })

    it('keeps the common control the mean of the members’ own, however much each has trained', () => {
      const settings = settingsOf(client)
      const world = beginning(settings)
      for (let round = 1; round <= 30; round++) {
        ourRound(world, { settings, round, cohort: cohortOf(round, 3), samples: [10, 40, 20, 70] })
        const mean = OPTIMUM.map((_, j) => [...world.own.values()].reduce((sum, own) => sum + own[j], 0) / N)
        near(world.moments, mean, 1e-4)
      }
    })

    it('is worked out part by part as it is as a whole, and leaves what no gradient moves alone', () => {
      const settings = settingsOf(client)
      const [model, common, delta] = [1, 2, 3].map((seed) => randomDelta(10, seed))
      const step = { client: client.name, kept: 0.8, turnout: 0.5, span: 0.3 } as const
      const input = { ...settings, model, moments: common, round: 2, controls: step, untrained: 2 }
      const whole = moveBy(delta, input)
      for (const part of [
        { from: 0, to: 6 },
        { from: 6, to: 10 }
      ]) {
        const { model: moved, moments } = moveBy(delta.slice(part.from, part.to), { ...input, part })
        expect(moved).to.deep.equal(whole.model.slice(part.from, part.to))
        expect(moments).to.deep.equal(whole.moments.slice(part.from, part.to))
      }
      expect([...whole.moments.slice(8)]).to.deep.equal([0, 0])
      expect(whole.model[9]).to.equal(Math.fround(model[9] + delta[9]))
    })
  })
}

describe('SCAFFOLD beside a server optimizer that remembers', () => {
  it('leaves that as it is by itself, and has the common control after it', () => {
    const settings = settingsOf({ name: 'scaffold' })
    const serverOptimizer = { name: 'momentum', learningRate: 0.5, momentum: 0.9, nesterov: true } as const
    const aggregation = { ...settings.aggregation, serverOptimizer }
    expect(vectorsBeside({ ...settings, aggregation }).moments).to.equal(2)
    const [model, velocity, common, delta] = [1, 2, 3, 4].map((seed) => randomDelta(5, seed))
    const alone = moveBy(delta, { aggregation, model, moments: velocity, round: 1 })
    const controls = { client: 'scaffold', kept: 1, turnout: 0.25, span: 0.1 } as const
    const moments = Float32Array.from([...velocity, ...common])
    const both = moveBy(delta, { aggregation, model, moments, round: 1, controls })
    expect(both.model).to.deep.equal(alone.model)
    expect(both.moments.slice(0, 5)).to.deep.equal(alone.moments)
    near(
      both.moments.slice(5),
      [...common].map((c, i) => 0.75 * c - (0.25 * delta[i]) / 0.1),
      1e-5
    )
  })
})
