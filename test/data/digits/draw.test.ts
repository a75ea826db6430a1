import { expect } from 'chai'
import { drawDigit } from '../../../src/data/digits/draw.ts'
import { SIDE } from '../../../src/data/digits/render.ts'
import { between, clamped, writerOf } from '../../../src/data/digits/writer.ts'
import { seededRandom } from '../../../src/random.ts'

const writers = Array.from({ length: 200 }, (_, seed) => writerOf(seed))

function draw(options: { writer: number; digit: number; seed: number }): Uint8Array {
  const pixels = new Uint8Array(SIDE * SIDE)
  drawDigit(writers[options.writer], options.digit, seededRandom(options.seed), pixels)
  return pixels
}

/** Mean absolute difference of two pictures, grey levels. */
function distance(a: Uint8Array, b: Uint8Array): number {
  return a.reduce((sum, value, i) => sum + Math.abs(value - b[i]), 0) / a.length
}

describe('data/digits/writer', () => {
  it('draws hands from a population that is wide, but legible', () => {
    for (const { slant, heightPx, widthPx, pen, inkLevel, paperLevel } of writers) {
      expect(Math.abs(slant)).to.be.at.most(0.45)
      expect(heightPx).to.be.within(17, 22)
      expect(widthPx / heightPx).to.be.within(0.55, 0.9)
      expect(pen.radius).to.be.within(0.8, 1.8)
      expect(inkLevel - paperLevel).to.be.above(150)
    }
    const slants = writers.map(({ slant }) => slant)
    expect([Math.min(...slants) < -0.3, Math.max(...slants) > 0.3]).to.deep.equal([true, true])
  })

  it('keeps values in their range', () => {
    const random = seededRandom(1)
    const values = Array.from({ length: 1000 }, () => between(-2, 3, random))
    expect([Math.min(...values) >= -2, Math.max(...values) < 3]).to.deep.equal([true, true])
    expect([clamped(5, 2), clamped(-5, 2), clamped(1, 2)]).to.deep.equal([2, -2, 1])
  })
})

describe('data/digits/draw', () => {
  it('draws the same for the same draws, and anew for others', () => {
    const first = draw({ writer: 0, digit: 5, seed: 1 })
    expect(draw({ writer: 0, digit: 5, seed: 1 })).to.deep.equal(first)
    expect(draw({ writer: 0, digit: 5, seed: 2 })).to.not.deep.equal(first)
  })

  it('overwrites what was there', () => {
    const pixels = new Uint8Array(SIDE * SIDE).fill(99)
    drawDigit(writers[0], 5, seededRandom(1), pixels)
    expect(pixels).to.deep.equal(draw({ writer: 0, digit: 5, seed: 1 }))
  })

  it('makes a writer more like itself than like others', () => {
    const pairs = Array.from({ length: 60 }, (_, i) => ({ writer: i, digit: i % 10 }))
    const own = pairs.map((pair) => distance(draw({ ...pair, seed: 1 }), draw({ ...pair, seed: 2 })))
    const others = pairs.map(({ writer, digit }) =>
      distance(draw({ writer, digit, seed: 1 }), draw({ writer: writer + 60, digit, seed: 2 }))
    )
    const sum = (values: number[]): number => values.reduce((a, b) => a + b)
    expect(sum(own)).to.be.below(0.85 * sum(others))
  })

  it('keeps the digit near the middle', () => {
    for (let writer = 0; writer < 100; writer++) {
      const pixels = draw({ writer, digit: 8, seed: 3 })
      const mid = (writers[writer].inkLevel + writers[writer].paperLevel) / 2
      let [weight, x, y] = [0, 0, 0]
      pixels.forEach((value, i) => {
        if (value < mid) return
        weight++
        x += i % SIDE
        y += Math.floor(i / SIDE)
      })
      expect(x / weight).to.be.within(8, 20)
      expect(y / weight).to.be.within(8, 20)
    }
  })
})
