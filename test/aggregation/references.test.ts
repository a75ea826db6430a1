/** Against ByzFL and NumPy: scripts/fixtures/aggregation.py wrote what they make of the same deltas, and says which. */
import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import { aggregateInMemory, Distances, preparationOf } from '../../src/aggregation/index.ts'
import { aggregationSchema } from '../../src/federation/manifest/aggregation.ts'
import { aggregationOf } from './helpers.ts'
import type { AggregationSpec } from '../../src/federation/manifest/schema.ts'

interface Fixture {
  name: string
  deltas: number[][]
  /** `root`: whose delta is trusted, where one is. */
  expected: { aggregation: Pick<AggregationSpec, 'rule' | 'before'> & { root?: number }; result: number[] }[]
}

const SEED = new Uint8Array(32).fill(5)
/** Of the longer of both results' norms; beside it, what float32 of the largest delta cannot tell apart. */
const RELATIVE = 1e-6

const { cases } = JSON.parse(readFileSync(new URL('fixtures.json', import.meta.url), 'utf8')) as {
  cases: Fixture[]
}

/** The references' buckets are of deltas one after the other: bring them into the order that is drawn here. */
function asDrawn(deltas: number[][], { before = [] }: Pick<AggregationSpec, 'before'>): number[][] {
  const [step] = before
  if (step?.name !== 'bucketing') return deltas
  const rows = preparationOf(step).mix(new Distances(deltas.length), SEED)
  const drawn: number[][] = []
  rows
    .flatMap((row) => [...row.keys()].filter((i) => row[i] > 0))
    .forEach((place, k) => (drawn[place] = deltas[k]))
  return drawn
}

const norm = (values: readonly number[]): number => Math.hypot(...values)

describe('aggregation against independent references', () => {
  for (const { name, deltas, expected } of cases) {
    it(`gives what they give: ${name}`, () => {
      for (const { aggregation, result } of expected) {
        const { root = null, ...method } = aggregation
        const given = { ...aggregationOf(), ...method }
        const weighted = asDrawn(deltas, given).map((delta, k) => ({
          weight: (k + 1) / ((deltas.length * (deltas.length + 1)) / 2),
          delta: Float32Array.from(delta)
        }))
        const model = new Float32Array(result.length)
        const input = { model, moments: new Float32Array(), round: 1, deltas: weighted, root, seed: SEED }
        const { model: found } = aggregateInMemory({ aggregation: given, ...input })
        const off = norm([...found].map((value, i) => value - result[i]))
        expect(off, JSON.stringify(aggregation)).to.be.at.most(RELATIVE * norm(result))
      }
    })
  }

  it('looks at every rule and preparation that a manifest can name', () => {
    const names = (key: 'rule' | 'before'): Set<string> =>
      new Set(
        cases.flatMap(({ expected }) =>
          expected.flatMap(({ aggregation }) => {
            const found = aggregation[key] ?? []
            return (Array.isArray(found) ? found : [found]).map((one) => one.name)
          })
        )
      )
    const { rule, before } = aggregationSchema.shape
    const known = (options: readonly { shape: { name: { value: string } } }[]): string[] =>
      options.map(({ shape }) => shape.name.value)
    expect([...names('rule')]).to.have.members(known(rule.unwrap().options))
    expect([...names('before')]).to.have.members(known(before.unwrap().element.options))
  })
})
