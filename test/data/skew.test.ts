import { expect } from 'chai'
import fc from 'fast-check'
import { memoryImages } from '../../src/data/image/images.ts'
import { noiseOf, partition, PartitionError, partitionSchema } from '../../src/data/partitioner.ts'
import { partitionByLabels, partitionByQuantity, withNoise } from '../../src/data/skew.ts'
import { imageTask, readRows } from './helpers.ts'
import type { PartitionSpec } from '../../src/data/partitioner.ts'

const LABELS = 10
const targets = Array.from({ length: 1000 }, (_, i) => i % LABELS)
const labelsOf = (part: Uint32Array): number[] => [...new Set(Array.from(part, (i) => targets[i]))].sort()
const sizesOf = (parts: Uint32Array[]): number[] => parts.map((part) => part.length)
const sorted = (parts: Uint32Array[]): number[] => parts.flatMap((part) => [...part]).sort((a, b) => a - b)
const everything = Array.from(targets.keys())

describe('data/skew', () => {
  it('gives each peer as many labels as it is told, divided evenly among those that have them', () => {
    const parts = partitionByLabels(targets, { peers: 10, labels: LABELS, labelsPerPeer: 2, seed: 1 })
    expect(sorted(parts)).to.deep.equal(everything)
    for (const [peer, part] of parts.entries()) {
      expect(labelsOf(part)).to.have.length(2)
      expect(labelsOf(part)).to.include(peer % LABELS)
    }
    for (let label = 0; label < LABELS; label++) {
      const counts = parts.map((part) => part.filter((i) => targets[i] === label).length).filter((n) => n > 0)
      expect(Math.max(...counts) - Math.min(...counts)).to.be.at.most(1)
    }
  })

  it('gives one label each where that is asked for, and leaves out what nobody has', () => {
    const parts = partitionByLabels(targets, { peers: 3, labels: LABELS, labelsPerPeer: 1, seed: 1 })
    expect(parts.map(labelsOf)).to.deep.equal([[0], [1], [2]])
    expect(sizesOf(parts)).to.deep.equal([100, 100, 100])
  })

  it('gives no peer a label twice', () => {
    const parts = partitionByLabels(targets, { peers: 4, labels: LABELS, labelsPerPeer: 99, seed: 1 })
    expect(sizesOf(parts)).to.deep.equal([250, 250, 250, 250])
    expect(sorted(parts)).to.deep.equal(everything)
  })

  it('draws sizes that differ more the smaller α is', () => {
    const spread = (alpha: number): number => {
      const parts = partitionByQuantity(1000, { peers: 5, alpha, seed: 3 })
      expect(sorted(parts)).to.deep.equal(everything)
      return Math.max(...sizesOf(parts)) - Math.min(...sizesOf(parts))
    }
    expect(spread(0.3)).to.be.above(spread(1000))
    expect(spread(1000)).to.be.below(60)
  })

  it('adds to each example a noise of its own, the same each time', async () => {
    const { input } = imageTask({ height: 8, width: 8 })
    const plain = memoryImages(input, new Uint8Array(64 * 20), new Float32Array(20))
    const noisy = withNoise(plain, 0.5, 7)
    const { rows } = await readRows(noisy)
    expect((await readRows(noisy, [3, 1])).rows).to.deep.equal([rows[3], rows[1]])
    expect(rows[3]).to.not.deep.equal(rows[1])
    const values = rows.flat()
    expect(Math.sqrt(values.reduce((sum, x) => sum + x * x, 0) / values.length)).to.be.closeTo(0.5, 0.05)
    expect(withNoise(plain, 0, 7)).to.equal(plain)
  })
})

describe('data/partitioner', () => {
  const specs: PartitionSpec[] = [
    { name: 'iid' },
    { name: 'dirichlet', alpha: 0.5, minSamples: 0 },
    { name: 'shards', shardsPerClient: 2 },
    { name: 'labels', labelsPerClient: 3 },
    { name: 'quantity', alpha: 1, minSamples: 0 },
    { name: 'noise', deviation: 0.1 }
  ]

  for (const spec of specs) {
    it(`gives every example to exactly one client, whatever the seed: ${spec.name}`, () => {
      fc.assert(
        fc.property(fc.integer({ min: 10, max: 30 }), fc.nat(), (peers, seed) => {
          const input = { targets, labels: LABELS, peers, seed }
          const parts = partition(spec, input)
          expect(parts).to.have.length(peers)
          expect(sorted(parts)).to.deep.equal(everything)
          expect(partition(spec, input)).to.deep.equal(parts)
        }),
        { numRuns: 15 }
      )
    })
  }

  it('draws again until each client has enough, and says so when it never will', () => {
    const input = { targets, labels: LABELS, peers: 20, seed: 5 }
    const sizes = (minSamples: number): number[] =>
      sizesOf(partition({ name: 'quantity', alpha: 0.5, minSamples }, input))
    expect(Math.min(...sizes(0))).to.be.below(5)
    expect(Math.min(...sizes(5))).to.be.at.least(5)
    expect(() => sizes(51)).to.throw(PartitionError, /each client 51 examples/)
  })

  it('makes the noise grow from client to client', () => {
    const spec: PartitionSpec = { name: 'noise', deviation: 0.4 }
    expect([0, 1, 3].map((peer) => noiseOf(spec, peer, 4))).to.deep.equal([0.1, 0.2, 0.4])
    expect(noiseOf({ name: 'iid' }, 3, 4)).to.equal(0)
  })

  it('has defaults that the literature has', () => {
    expect(partitionSchema.parse({ name: 'shards' })).to.deep.equal({ name: 'shards', shardsPerClient: 2 })
    expect(partitionSchema.parse({ name: 'dirichlet', alpha: 0.5 })).to.include({ minSamples: 10 })
  })
})
