import { expect } from 'chai'
import fc from 'fast-check'
import { attackOf, attackSchema } from '../../src/attacks/index.ts'
import { alieFactor } from '../../src/attacks/alie.ts'
import { normalQuantile } from '../../src/attacks/normal-quantile.ts'
import { seededRandom } from '../../src/random.ts'
import type { AttackSpec } from '../../src/attacks/index.ts'

/** μ = (2, −2), σ = (1, 2). */
const honest = [Float32Array.of(1, 0), Float32Array.of(3, -4)]

function forged(spec: AttackSpec, deltas: readonly Float32Array[] = honest, seed = 1): number[] {
  const attack = attackOf(spec)
  if (attack.kind !== 'forges') throw new Error(`${attack.name} makes nothing up`)
  return [...attack.forge({ honest: deltas, byzantine: 1, random: seededRandom(seed) })]
}

const distance = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Math.sqrt(Array.from(a).reduce((sum, value, i) => sum + (value - b[i]) ** 2, 0))

describe('attacks, against values by hand', () => {
  it('signFlip: −μ', () => expect(forged({ name: 'signFlip' })).to.deep.equal([-2, 2]))

  it('ipm: −ε·μ', () => {
    expect(forged({ name: 'ipm', epsilon: 0.5 })).to.deep.equal([-1, 1])
    expect(forged({ name: 'ipm', epsilon: 3 })).to.deep.equal([-6, 6])
  })

  it('alie: μ − z·σ', () => expect(forged({ name: 'alie', z: 1.5 })).to.deep.equal([0.5, -5]))

  it('alie: z as the paper gives it for numbers of members and liars', () => {
    // n = 50, f = 24 of the paper: s = 2, Φ(z) = 24/26.
    expect(alieFactor(26, 24)).to.be.closeTo(1.4261, 1e-4)
    // n = 14, f = 4: s = 4, Φ(z) = 0.6.
    expect(alieFactor(10, 4)).to.be.closeTo(0.25335, 1e-5)
    // n = 3, f = 1: s = 1, Φ(z) = 1/2.
    expect(alieFactor(2, 1)).to.equal(0)
    expect(alieFactor(2, 5)).to.be.finite
  })

  it('mimic: one honest delta, in memory of its own', () => {
    expect(forged({ name: 'mimic', target: 1 })).to.deep.equal([3, -4])
    expect(forged({ name: 'mimic', target: 2 })).to.deep.equal([1, 0])
    const attack = attackOf({ name: 'mimic', target: 0 })
    const sent = attack.kind === 'forges' && attack.forge({ honest, byzantine: 1, random: seededRandom(1) })
    expect(sent).to.not.equal(honest[0])
  })

  it('minMax: as far as the two honest ones that are farthest apart, and no farther', () => {
    // ‖g − g'‖² = 20; from (3, −4): (−1 − γ)² + (2 − 2γ)² = 5 − 6γ + 5γ² = 20, γ = 0.6 + √(0.36 + 3)
    // from (1, 0): (1 − γ)² + (−2 − 2γ)² = 5 + 6γ + 5γ² = 20, γ = −0.6 + √(0.36 + 3): the smaller.
    const factor = -0.6 + Math.sqrt(3.36)
    const [x, y] = forged({ name: 'minMax' })
    expect(x).to.be.closeTo(2 - factor, 1e-6)
    expect(y).to.be.closeTo(-2 - 2 * factor, 1e-6)
  })

  it('minMax: its farthest honest delta is as far as the honest are apart, whatever they are', () => {
    const value = fc.integer({ min: -50, max: 50 })
    const vector = fc.tuple(value, value, value)
    fc.assert(
      fc.property(fc.array(vector, { minLength: 2, maxLength: 6 }), (vectors) => {
        const deltas = vectors.map((v) => Float32Array.from(v))
        const most = Math.max(...deltas.flatMap((a) => deltas.map((b) => distance(a, b))))
        const sent = forged({ name: 'minMax' }, deltas)
        expect(Math.max(...deltas.map((delta) => distance(delta, sent)))).to.be.closeTo(most, 1e-3)
      })
    )
  })

  it('gaussian: deviation σ, another vector for another liar', () => {
    const wide = [new Float32Array(20_000)]
    const sent = forged({ name: 'gaussian', sigma: 3 }, wide)
    expect(Math.sqrt(sent.reduce((sum, x) => sum + x * x, 0) / sent.length)).to.be.closeTo(3, 0.1)
    expect(forged({ name: 'gaussian', sigma: 3 }, wide)).to.deep.equal(sent)
    expect(forged({ name: 'gaussian', sigma: 3 }, wide, 2)).to.not.deep.equal(sent)
  })

  it('nan: nothing but NaN', () => expect(forged({ name: 'nan' })).to.deep.equal([NaN, NaN]))

  it('labelFlip: trains on each label’s opposite', () => {
    const attack = attackOf({ name: 'labelFlip' })
    expect(attack.kind === 'poisons' && [0, 3, 9].map((label) => attack.relabel(label, 10))).to.deep.equal([
      9, 6, 0
    ])
  })

  it('leave the honest deltas as they are', () => {
    const names = ['signFlip', 'ipm', 'alie', 'mimic', 'gaussian', 'minMax', 'nan']
    for (const name of names) forged(attackSchema.parse({ name }))
    expect(honest.map((delta) => [...delta])).to.deep.equal([
      [1, 0],
      [3, -4]
    ])
  })
})

describe('quantiles of the normal distribution', () => {
  it('are those of the tables', () => {
    const table = [
      [0.5, 0],
      [0.6, 0.2533471031],
      [0.9, 1.2815515655],
      [0.975, 1.9599639845],
      [0.999, 3.0902323062],
      [0.01, -2.326347874]
    ]
    for (const [probability, value] of table) expect(normalQuantile(probability)).to.be.closeTo(value, 1e-8)
    expect(normalQuantile(0)).to.equal(-Infinity)
    expect(normalQuantile(1)).to.equal(Infinity)
  })
})
