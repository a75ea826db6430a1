import { expect } from 'chai'
import { addWarps, randomWarp, segmentsOf } from '../../../src/data/digits/curve.ts'
import { GLYPHS } from '../../../src/data/digits/glyphs.ts'
import { demoTest, demoTrain, DIGIT_NORMALISATION, drawnDigits } from '../../../src/data/digits/index.ts'
import { drawSegments, SIDE } from '../../../src/data/digits/render.ts'
import { writerOf } from '../../../src/data/digits/writer.ts'
import { classCounts } from '../../../src/data/targets.ts'
import { seededRandom } from '../../../src/random.ts'
import { readRows } from '../helpers.ts'
import { accuracyOf, examplesOf, trainSoftmax } from './softmax.ts'
import type { Shape } from '../../../src/data/digits/glyphs.ts'

const identity = { a: 1, b: 0, c: 0, d: 1, e: 0, f: 0 }
const still = randomWarp(0, seededRandom(1))

/** FNV-1a over the bytes that a data set was made of. */
async function fingerprint(dataset: ReturnType<typeof drawnDigits>): Promise<number> {
  const { rows } = await readRows(dataset)
  let hash = 0x811c9dc5
  for (const value of rows.flat()) hash = Math.imul(hash ^ Math.round(value * 255), 0x01000193)
  return hash >>> 0
}

function ink(segments: number[], radius: number): Float32Array {
  const out = new Float32Array(SIDE * SIDE)
  drawSegments(Float64Array.from(segments), { radius, softness: 1 }, out)
  return out
}

describe('data/digits/glyphs', () => {
  it('has several shapes for each digit, within the unit box', () => {
    expect(GLYPHS).to.have.length(10)
    for (const shapes of GLYPHS) {
      expect(shapes.length).to.be.at.least(3)
      for (const value of shapes.flat(3)) expect(value).to.be.within(0, 1)
      for (const stroke of shapes.flat()) expect(stroke.length).to.be.at.least(2)
    }
  })
})

describe('data/digits/curve', () => {
  const corner: Shape = [
    [
      [0, 0],
      [0.5, 0.2],
      [1, 1]
    ],
    [
      [1, 1],
      [0, 1]
    ]
  ]

  it('passes through the points of a stroke', () => {
    const segments = segmentsOf([corner[0]], still, identity)
    const at = (i: number): number[] => [...segments.subarray(i, i + 2)]
    expect(at(0)).to.deep.equal([0, 0])
    expect(at(20)[0]).to.be.closeTo(0.5, 1e-12)
    expect(at(20)[1]).to.be.closeTo(0.2, 1e-12)
    expect([...segments.slice(-2)].map((v) => Number(v.toFixed(9)))).to.deep.equal([1, 1])
  })

  it('draws without gaps within a stroke', () => {
    const segments = segmentsOf([corner[0]], randomWarp(0.1, seededRandom(3)), identity)
    for (let i = 4; i < segments.length; i += 4) {
      expect([...segments.subarray(i, i + 2)]).to.deep.equal([...segments.subarray(i - 2, i)])
    }
  })

  it('keeps corners joined when it bends', () => {
    const segments = segmentsOf(corner, randomWarp(0.1, seededRandom(2)), identity)
    const end = segments.subarray(38, 40)
    expect(segments[40]).to.be.closeTo(end[0], 1e-12)
    expect(segments[41]).to.be.closeTo(end[1], 1e-12)
  })

  it('maps to pixels and adds warps', () => {
    const [x, y] = segmentsOf(corner, still, { a: 10, b: 0, c: 0, d: 10, e: 3, f: 4 })
    expect([x, y]).to.deep.equal([3, 4])
    const warp = randomWarp(0.1, seededRandom(5))
    expect(addWarps(warp, still)).to.deep.equal(warp)
  })
})

describe('data/digits/render', () => {
  it('covers pixels within the line and none beyond', () => {
    const picture = ink([4, 10, 20, 10], 1.5)
    expect(picture[10 * SIDE + 12]).to.equal(1)
    expect(picture[9 * SIDE + 12]).to.equal(1)
    expect(picture[14 * SIDE + 12]).to.equal(0)
    expect(picture[10 * SIDE + 25]).to.equal(0)
  })

  it('fades at the edge', () => {
    expect(ink([4, 10.2, 20, 10.2], 1.5)[11 * SIDE + 12]).to.be.within(0.6, 0.8)
  })

  it('clips lines that leave the picture, and draws points', () => {
    const picture = ink([-50, -50, 80, 80, 5.5, 20.5, 5.5, 20.5], 1)
    expect([picture[0], picture[SIDE * SIDE - 1], picture[20 * SIDE + 5]]).to.deep.equal([1, 1, 1])
  })
})

describe('data/digits', () => {
  it('gives each writer a hand of its own, always the same', () => {
    expect(writerOf(3)).to.deep.equal(writerOf(3))
    expect(writerOf(3).slant).to.not.equal(writerOf(4).slant)
    expect(new Set(Array.from({ length: 30 }, (_, i) => writerOf(i).digits[7].shape)).size).to.equal(4)
  })

  it('draws the same pictures for the same seeds, on every platform', async () => {
    const options = { writers: [1, 2], samples: 40, seed: 9 }
    // A changed number here changes every demo and its published accuracies.
    expect(await fingerprint(drawnDigits(options))).to.equal(FINGERPRINT)
    expect(await fingerprint(drawnDigits({ ...options, seed: 10 }))).to.not.equal(FINGERPRINT)
    expect(await fingerprint(drawnDigits({ ...options, writers: [1, 3] }))).to.not.equal(FINGERPRINT)
  })

  it('has as much of each digit', async () => {
    const dataset = drawnDigits({ writers: [1, 2, 3], samples: 200, seed: 1 })
    expect(dataset.shape).to.deep.equal([28, 28, 1])
    expect(await classCounts(dataset, 10)).to.deep.equal(new Array(10).fill(20))
  })

  it('normalises as told', async () => {
    const options = { writers: [1], samples: 10, seed: 1 }
    const [plain] = (await readRows(drawnDigits(options), [3])).rows
    const [scaled] = (await readRows(drawnDigits({ ...options, normalisation: DIGIT_NORMALISATION }), [3]))
      .rows
    expect(Math.max(...plain)).to.be.within(0.5, 1)
    plain.forEach((value, i) => expect(scaled[i]).to.be.closeTo((value - 0.15) / 0.3, 1e-5))
  })

  it('draws ink on paper', async () => {
    for (const row of (await readRows(demoTest(), [0, 501, 1002, 1503])).rows) {
      const bright = row.filter((value) => value > 0.5).length
      expect(bright).to.be.within(15, 350)
    }
  })

  it('gives demo peers different writers, and one test set', async () => {
    expect(await fingerprint(demoTrain(1))).to.not.equal(await fingerprint(demoTrain(2)))
    expect(await fingerprint(demoTest())).to.equal(await fingerprint(demoTest()))
    expect([demoTrain(1).size, demoTest().size]).to.deep.equal([1200, 2000])
  })

  it('teaches four peers together clearly more than one alone', async () => {
    const peers = [0, 1, 2, 3].map((seed) => demoTrain(seed, DIGIT_NORMALISATION))
    const test = await examplesOf(demoTest(DIGIT_NORMALISATION))
    const options = { classes: 10, epochs: 3, learningRate: 0.001 }
    const learn = async (...parts: typeof peers): Promise<number> =>
      accuracyOf(trainSoftmax(await examplesOf(...parts), options), test)
    const alone = [await learn(peers[0]), await learn(peers[2])]
    const together = await learn(...peers)
    expect(Math.max(...alone)).to.be.below(together - 0.08)
    expect(Math.min(...alone)).to.be.above(0.4)
  }).timeout(60_000)
})

const FINGERPRINT = 1860229202
