/** Values that stay with each member: where they are, how they are put in and taken out. */
import { expect } from 'chai'
import { layoutOf } from '../../src/model/layout.ts'
import { localParts, sizeOfParts, takeLocal, withLocal } from '../../src/model/local.ts'
import { planFor } from '../../src/model/task.ts'
import { randomDelta } from '../aggregation/helpers.ts'
import { manifestOf } from '../training/fixtures.ts'

const layers = [
  { class_name: 'Dense', config: { name: 'hidden', units: 8, activation: 'relu' } },
  { class_name: 'BatchNormalization', config: { name: 'norm' } },
  { class_name: 'LayerNormalization', config: { name: 'norm_2' } },
  { class_name: 'Dense', config: { name: 'out', units: 3, activation: 'softmax' } }
]
const topology = JSON.stringify({ class_name: 'Sequential', config: { layers } })
const manifest = manifestOf({ architecture: { topology }, training: { local: 'batchNormalization' } })
const layout = layoutOf(planFor(manifest))

describe('values that stay with each member', () => {
  it('are those of batch normalisation, statistics and all', () => {
    const parts = localParts(manifest)
    const names = layout.entries
      .filter(({ offset, size }) => parts.some(({ from, to }) => from === offset && to === offset + size))
      .map(({ name }) => name)
    expect(names).to.deep.equal(['gamma', 'beta', 'moving_mean', 'moving_variance'].map((n) => `norm/${n}`))
    expect(sizeOfParts(parts)).to.equal(4 * 8)
  })

  it('are none unless the manifest says so', () => {
    const { local: _local, ...training } = manifest.training
    expect(localParts({ ...manifest, training })).to.deep.equal([])
  })

  it('are taken out of a delta, and put into a model, in the same order', () => {
    const parts = localParts(manifest)
    const [weights, delta] = [randomDelta(layout.size, 1), randomDelta(layout.size, 2)]
    const trained = weights.map((value, i) => value + delta[i])
    const sent = delta.slice()
    const values = takeLocal(sent, { trained: weights, parts })
    const own = withLocal(weights, parts, values)
    const isLocal = (i: number): boolean => parts.some(({ from, to }) => i >= from && i < to)
    for (let i = 0; i < layout.size; i++) {
      expect(sent[i]).to.equal(isLocal(i) ? 0 : delta[i])
      expect(own[i]).to.equal(isLocal(i) ? trained[i] : weights[i])
    }
    expect(withLocal(weights, parts, null)).to.equal(weights)
  })
})
