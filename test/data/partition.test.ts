import { expect } from 'chai'
import { dirichlet, gamma } from '../../src/data/dirichlet.ts'
import { memoryImages } from '../../src/data/image/images.ts'
import {
  partitionByKey,
  partitionByShards,
  partitionDirichlet,
  partitionIid,
  partOf
} from '../../src/data/partition.ts'
import { shuffled, split, splitIndices, subset } from '../../src/data/subset.ts'
import { classCounts, isLabelled } from '../../src/data/targets.ts'
import { seededRandom } from '../../src/random.ts'
import { imageTask, readRows } from './helpers.ts'
import type { LabelledDataset } from '../../src/data/targets.ts'

const targets = Array.from({ length: 1000 }, (_, i) => i % 10)

/** Every example is in exactly one part. */
function expectComplete(parts: Uint32Array[], size: number): void {
  const all = parts.flatMap((part) => [...part]).sort((a, b) => a - b)
  expect(all).to.deep.equal(Array.from({ length: size }, (_, i) => i))
}

function classesOf(part: Uint32Array): Set<number> {
  return new Set(Array.from(part, (i) => targets[i]))
}

/** Examples whose only pixel is their index. */
function counting(size: number): LabelledDataset {
  const { input } = imageTask({ height: 1, width: 1 })
  return memoryImages(
    input,
    Uint8Array.from({ length: size }, (_, i) => i),
    Float32Array.from({ length: size }, (_, i) => i % 3)
  )
}

describe('data/partition', () => {
  it('cuts IID parts whose sizes differ by at most one', () => {
    const parts = partitionIid(103, { peers: 4, seed: 1 })
    expectComplete(parts, 103)
    expect(parts.map((part) => part.length).sort()).to.deep.equal([25, 26, 26, 26])
  })

  it('gives each peer about as much of each class', () => {
    for (const part of partitionIid(1000, { peers: 4, seed: 2 })) expect(classesOf(part).size).to.equal(10)
  })

  it('is the same for the same seed, and another for another', () => {
    const first = partitionIid(100, { peers: 2, seed: 1 })
    expect(partitionIid(100, { peers: 2, seed: 1 })).to.deep.equal(first)
    expect(partitionIid(100, { peers: 2, seed: 2 })).to.not.deep.equal(first)
  })

  it('takes parts of any indices, and refuses parts that do not exist', () => {
    const indices = Uint32Array.of(5, 9, 11, 20)
    const parts = [0, 1].map((index) => partOf(indices, { index, count: 2 }, 3))
    expect(parts.flatMap((part) => [...part]).sort((a, b) => a - b)).to.deep.equal([5, 9, 11, 20])
    for (const index of [-1, 2, 0.5])
      expect(() => partOf(indices, { index, count: 2 }, 3)).to.throw(RangeError)
  })

  it('deals shards so that a peer has few classes', () => {
    const parts = partitionByShards(targets, { peers: 5, shardsPerPeer: 2, seed: 1 })
    expectComplete(parts, 1000)
    for (const part of parts) {
      expect(part).to.have.length(200)
      expect(classesOf(part).size).to.equal(2)
    }
  })

  it('skews labels more the smaller α is', () => {
    const spread = (alpha: number): number => {
      const parts = partitionDirichlet(targets, { peers: 5, alpha, seed: 4 })
      expectComplete(parts, 1000)
      return parts.reduce((sum, part) => sum + classesOf(part).size, 0)
    }
    expect(spread(0.05)).to.be.below(25)
    expect(spread(100)).to.equal(50)
  })

  it('groups by key in order of appearance', () => {
    const groups = partitionByKey(['b', 'a', 'b', 'c'])
    expect([...groups].map(([key, part]) => [key, [...part]])).to.deep.equal([
      ['b', [0, 2]],
      ['a', [1]],
      ['c', [3]]
    ])
  })
})

describe('data/dirichlet', () => {
  it('draws gammas with the right mean and variance', () => {
    for (const shape of [0.3, 1, 4.5]) {
      const random = seededRandom(7)
      const draws = Array.from({ length: 20_000 }, () => gamma(shape, random))
      const mean = draws.reduce((a, b) => a + b) / draws.length
      const variance = draws.reduce((sum, draw) => sum + (draw - mean) ** 2, 0) / draws.length
      expect(mean).to.be.closeTo(shape, 0.05 * shape + 0.02)
      expect(variance).to.be.closeTo(shape, 0.12 * shape)
    }
  })

  it('gives shares that sum to one, even where every draw underflows', () => {
    for (const alpha of [1e-4, 0.1, 1, 50]) {
      const shares = dirichlet(alpha, 6, seededRandom(1))
      expect(shares.reduce((a, b) => a + b)).to.be.closeTo(1, 1e-9)
      expect(Math.min(...shares)).to.be.at.least(0)
    }
  })
})

describe('data/subset', () => {
  it('shuffles by seed', () => {
    expect([...shuffled(50, 1)].sort((a, b) => a - b)).to.deep.equal([...Array(50).keys()])
    expect(shuffled(50, 1)).to.not.deep.equal(shuffled(50, 2))
  })

  it('holds out a share, at least one example, never all', () => {
    const sizes = (size: number, share: number): number[] => {
      const { train, test } = splitIndices(size, share, 1)
      expectComplete([train, test], size)
      return [train.length, test.length]
    }
    expect(sizes(100, 0.2)).to.deep.equal([80, 20])
    expect(sizes(100, 0)).to.deep.equal([100, 0])
    expect(sizes(3, 0.01)).to.deep.equal([2, 1])
    expect(sizes(2, 0.9)).to.deep.equal([1, 1])
    expect(sizes(1, 0.5)).to.deep.equal([1, 0])
  })

  it('views some examples, with their targets', async () => {
    const view = subset(counting(10), Uint32Array.of(7, 2, 7))
    const { rows, targets: read } = await readRows(view, [2, 1])
    expect(view.size).to.equal(3)
    expect([...view.targets]).to.deep.equal([1, 2, 1])
    expect(read).to.deep.equal([1, 2])
    expect(rows.map(([value]) => Math.round(value * 255))).to.deep.equal([7, 2])
  })

  it('views a view', async () => {
    const view = subset(subset(counting(10), Uint32Array.of(9, 8, 7)), Uint32Array.of(2, 0))
    expect((await readRows(view)).rows.map(([value]) => Math.round(value * 255))).to.deep.equal([7, 9])
  })

  it('views data sets whose targets are not at hand', async () => {
    const { size, shape, read } = counting(6)
    const view = subset({ size, shape, read }, Uint32Array.of(5, 4))
    expect(isLabelled(view)).to.equal(false)
    expect(await classCounts(view, 3)).to.deep.equal([0, 1, 1])
  })

  it('splits a data set', async () => {
    const { train, test } = split(counting(30), 0.2, 1)
    expect([train.size, test.size]).to.deep.equal([24, 6])
    const values = [...(await readRows(train)).rows, ...(await readRows(test)).rows].flat()
    expect(new Set(values).size).to.equal(30)
  })

  it('counts classes', async () => {
    expect(await classCounts(counting(10), 3)).to.deep.equal([4, 3, 3])
    expect(await classCounts(counting(10), 2)).to.deep.equal([4, 3])
  })
})
