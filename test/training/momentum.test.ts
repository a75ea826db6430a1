import { expect } from 'chai'
import { untrainedValues } from '../../src/model/untrained.ts'
import { seededRandom, uniform } from '../../src/random.ts'
import { momentumLength, remember } from '../../src/training/momentum.ts'
import { randomDelta } from '../aggregation/helpers.ts'
import { manifestOf } from './fixtures.ts'
import type { ModelManifest } from '../../src/model/task.ts'
import type { RoundDelta } from '../../src/training/momentum.ts'

const BETA = 0.9
const training = { client: { name: 'workerMomentum' as const, beta: BETA } }
const manifest = manifestOf({ architecture: { preset: 'logistic' }, training })
const LENGTH = 15

/** Deltas by how many rounds old they are, each time summed up anew. */
function naive(deltas: readonly RoundDelta[]): number[] {
  const now = deltas[deltas.length - 1].round
  const weights = deltas.map(({ round }) => BETA ** (now - round))
  const sum = weights.reduce((a, b) => a + b)
  return Array.from(
    { length: LENGTH },
    (_, i) => deltas.reduce((total, { delta }, k) => total + weights[k] * delta[i], 0) / sum
  )
}

function sentAfter(of: ModelManifest, deltas: readonly RoundDelta[]): Float32Array {
  let momentum: Float32Array | null = null
  let sent: Float32Array = new Float32Array()
  for (const one of deltas) ({ sent, momentum } = remember(of, momentum, one))
  return sent
}

describe('worker momentum', () => {
  it('sends the mean of all own deltas, each counting β as much as one of a round later', () => {
    const random = seededRandom(5)
    const deltas: RoundDelta[] = []
    let round = 1
    for (let k = 0; k < 60; k++) {
      deltas.push({ delta: randomDelta(LENGTH, k), round })
      const expected = naive(deltas)
      const sent = sentAfter(manifest, deltas)
      for (let i = 0; i < LENGTH; i++) expect(sent[i]).to.be.closeTo(expected[i], 1e-5)
      round += uniform(random) < 0.3 ? 1 + Math.floor(8 * uniform(random)) : 1
    }
  })

  it('is the delta itself at first, and after many rounds without one', () => {
    const [first, late] = [1, 2].map((seed) => randomDelta(LENGTH, seed))
    expect(sentAfter(manifest, [{ delta: first, round: 7 }])).to.deep.equal(first)
    const sent = sentAfter(manifest, [
      { delta: first, round: 1 },
      { delta: late, round: 500 }
    ])
    for (let i = 0; i < LENGTH; i++) expect(sent[i]).to.be.closeTo(late[i], 1e-6)
  })

  it('takes noise away: of ten rounds at β 0.9 more than half', () => {
    const deltas = Array.from({ length: 30 }, (_, k) => ({ delta: randomDelta(LENGTH, k), round: k + 1 }))
    const norm = (values: Float32Array): number => Math.hypot(...values)
    const mean = deltas.reduce((sum, { delta }) => sum + norm(delta), 0) / deltas.length
    expect(norm(sentAfter(manifest, deltas))).to.be.below(mean / 2)
  })

  it('changes neither delta nor what was remembered, and sends memory of its own', () => {
    const delta = randomDelta(LENGTH, 1)
    const before = remember(manifest, null, { delta, round: 1 }).momentum
    const copies = [delta, before].map((one) => one?.slice())
    const { sent, momentum } = remember(manifest, before, { delta, round: 2 })
    expect([delta, before]).to.deep.equal(copies)
    expect(momentum).to.have.length(momentumLength(LENGTH))
    expect(sent.buffer).to.not.equal(momentum?.buffer)
  })

  it('sends values that no gradient moves as they are', () => {
    const layers = [
      { class_name: 'BatchNormalization', config: { name: 'norm' } },
      { class_name: 'Dense', config: { name: 'out', units: 3, activation: 'softmax' } }
    ]
    const topology = JSON.stringify({ class_name: 'Sequential', config: { layers } })
    const normalised = manifestOf({ architecture: { topology }, training })
    const untrained = untrainedValues(normalised)
    // Mean and variance of four inputs; scale, shift and the dense layer before them.
    expect(untrained).to.equal(8)
    const length = 8 + 15 + untrained
    const deltas = [1, 2].map((seed) => ({ delta: randomDelta(length, seed), round: seed }))
    const sent = sentAfter(normalised, deltas)
    expect(sent.slice(length - untrained)).to.deep.equal(deltas[1].delta.slice(length - untrained))
    for (let i = 0; i < length - untrained; i++) {
      const mean = (BETA * deltas[0].delta[i] + deltas[1].delta[i]) / (1 + BETA)
      expect(sent[i]).to.be.closeTo(mean, 1e-6)
    }
  })

  it('is nothing by other algorithms', () => {
    const delta = randomDelta(LENGTH, 1)
    const found = remember(manifestOf({}), null, { delta, round: 3 })
    expect(found.sent).to.equal(delta)
    expect(found.momentum).to.equal(null)
  })
})
