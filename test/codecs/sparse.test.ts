import { expect } from 'chai'
import fc from 'fast-check'
import { indexLayout, readIndices, writeIndices } from '../../src/codecs/elias-fano.ts'
import { fp32 } from '../../src/codecs/fp32.ts'
import { int8 } from '../../src/codecs/int8.ts'
import { bytesReader, MalformedPayloadError } from '../../src/codecs/index.ts'
import { randomk } from '../../src/codecs/randomk.ts'
import { largest } from '../../src/codecs/select.ts'
import { topk } from '../../src/codecs/topk.ts'
import { integerBelow, normal, seededRandom, uniform } from '../../src/random.ts'
import { randomDelta } from '../aggregation/helpers.ts'
import { codecCompliance } from '../compliance/codec.ts'
import { failure } from '../helpers/failure.ts'
import type { Codec } from '../../src/codecs/index.ts'

const seedOf = (value: number): Uint8Array => new Uint8Array(32).fill(value)

async function roundTrip(codec: Codec, delta: Float32Array): Promise<Float32Array> {
  const payload = codec.encode(delta)
  return (await codec.decode(bytesReader(payload), delta.length)(0, delta.length)).slice()
}

const norm = (values: Float32Array): number => values.reduce((sum, value) => sum + value * value, 0)

/** Some of the numbers below `length`, ascending. */
const indexSets = fc
  .record({
    length: fc.integer({ min: 1, max: 5000 }),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
    seed: fc.nat()
  })
  .map(({ length, share, seed }) => {
    const random = seededRandom(seed)
    const count = Math.max(1, Math.floor(share * length))
    const chosen = new Set<number>()
    while (chosen.size < count) chosen.add(integerBelow(random, length))
    return { length, indices: Uint32Array.from([...chosen].sort((a, b) => a - b)) }
  })

describe('indices in Elias–Fano code', () => {
  const write = ({ length, indices }: { length: number; indices: Uint32Array }): Uint8Array => {
    const layout = indexLayout(length, indices.length)
    const bytes = new Uint8Array(layout.highBytes + layout.lowBytes)
    writeIndices(indices, layout, bytes)
    return bytes
  }

  it('come back, in a size that follows from the counts and is close to the least there can be', () => {
    fc.assert(
      fc.property(indexSets, (set) => {
        const { length, indices } = set
        const layout = indexLayout(length, indices.length)
        expect(readIndices(write(set), layout)).to.deep.equal(indices)
        const bits = indices.length * (2 + Math.log2(length / indices.length))
        expect(layout.highBytes + layout.lowBytes).to.be.at.most(bits / 8 + 3)
      })
    )
  })

  it('come back at the ends of the largest vectors', () => {
    const length = 256 * 1024 * 1024
    for (const count of [Math.ceil(length * 1e-4), 30_000]) {
      const indices = Uint32Array.from({ length: count }, (_, i) => (i < 10 ? i : length - count + i))
      expect(readIndices(write({ length, indices }), indexLayout(length, count))).to.deep.equal(indices)
    }
  })

  it('have one form each: what is read writes the same bytes again, all else is refused', () => {
    fc.assert(
      fc.property(indexSets, fc.nat(), ({ length, indices }, turned) => {
        const layout = indexLayout(length, indices.length)
        const bytes = write({ length, indices })
        const bit = turned % (8 * bytes.byteLength)
        bytes[bit >> 3] ^= 1 << (bit & 7)
        const read = readIndices(bytes, layout)
        if (read != null) expect(write({ length, indices: read })).to.deep.equal(bytes)
      }),
      { numRuns: 500 }
    )
  })

  it('are read from any bytes as ascending ones below the length, or refused', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 1, max: 60 }),
        fc.nat(),
        (a, b, seed) => {
          const [count, length] = [Math.min(a, b), Math.max(a, b)]
          const layout = indexLayout(length, count)
          const random = seededRandom(seed)
          const bytes = Uint8Array.from(
            { length: layout.highBytes + layout.lowBytes },
            () => random() & random()
          )
          const read = readIndices(bytes, layout)
          read?.forEach((index, i) => expect(index).to.be.within(i === 0 ? 0 : read[i - 1] + 1, length - 1))
        }
      ),
      { numRuns: 2000 }
    )
  })
})

describe('the largest values of a vector', () => {
  it('are those that sorting gives, of equal ones the first', () => {
    const coarse = fc.array(fc.integer({ min: -5, max: 5 }), { minLength: 1, maxLength: 200 })
    const fine = fc.array(fc.float({ noNaN: true }), { minLength: 1, maxLength: 200 })
    fc.assert(
      fc.property(fc.oneof(coarse, fine), fc.nat(), (list, some) => {
        const values = Float32Array.from(list)
        const count = 1 + (some % values.length)
        const expected = [...values.keys()]
          .sort((a, b) => Math.abs(values[b]) - Math.abs(values[a]) || a - b)
          .slice(0, count)
          .sort((a, b) => a - b)
        expect([...largest(values, count)]).to.deep.equal(expected)
      }),
      { numRuns: 500 }
    )
  })

  it('are those also where there are many, whatever a sample of them says', () => {
    const length = 150_000
    const random = seededRandom(7)
    const sampled = Math.floor(length / 16_384)
    const vectors: Record<string, (i: number) => number> = {
      normal: () => normal(random),
      equal: () => 1,
      ascending: (i) => i,
      descending: (i) => -length + i,
      'mostly zero': () => (random() % 1000 === 0 ? normal(random) : 0),
      'large where the sample looks': (i) => (i % sampled === 0 ? 2 : 1) * uniform(random),
      'small where the sample looks': (i) => (i % sampled === 0 ? 0 : uniform(random)),
      'not numbers': () => (random() % 3 === 0 ? Number.NaN : normal(random))
    }
    for (const [name, value] of Object.entries(vectors)) {
      const values = Float32Array.from({ length }, (_, i) => value(i))
      const bits = new Uint32Array(values.buffer).map((each) => each & 0x7fffffff)
      const order = [...values.keys()].sort((a, b) => bits[b] - bits[a] || a - b)
      for (const count of [1, 150, 1_500, 40_000, length]) {
        const expected = Uint32Array.from(order.slice(0, count)).sort()
        const found = largest(values, count)
        expect(
          Buffer.compare(Buffer.from(found.buffer), Buffer.from(expected.buffer)),
          `${name}, ${count}`
        ).to.equal(0)
      }
    }
  })

  it('are first of all those that are no numbers', () => {
    expect([...largest(Float32Array.of(1e38, Number.NaN, Infinity, 3), 2)]).to.deep.equal([1, 2])
  })
})

describe('codec topk', () => {
  const exact = topk({ fraction: 0.1, values: fp32 })
  codecCompliance(exact, { maxError: (most) => most, notFinite: true, blockValues: 64 })

  describe('of int8', () => {
    codecCompliance(topk({ fraction: 0.25, values: int8 }), { maxError: (most) => most, blockValues: 64 })
  })

  it('sends the largest values and zeros', async () => {
    const delta = randomDelta(5000, 1)
    const back = await roundTrip(exact, delta)
    const least = [...delta].map(Math.abs).sort((a, b) => b - a)[499]
    delta.forEach((value, i) => expect(back[i]).to.equal(Math.abs(value) >= least ? value : 0))
  })

  it('contracts: what is left is at most 1 − k/n of the energy', async () => {
    for (let seed = 0; seed < 20; seed++) {
      const delta = randomDelta(1000, seed)
      const back = await roundTrip(exact, delta)
      expect(norm(delta.map((value, i) => value - back[i]))).to.be.at.most(0.9 * norm(delta) * (1 + 1e-6))
    }
  })

  it('sends at least one value', async () => {
    const one = topk({ fraction: 1e-4, values: fp32 })
    expect([...(await roundTrip(one, Float32Array.of(1, -3, 2)))]).to.deep.equal([0, -3, 0])
  })

  it('refuses indices that are too many, too few, out of order or beyond the end', async () => {
    const delta = randomDelta(1000, 3)
    const { highBytes, lowBytes } = indexLayout(1000, 100)
    const changes: ((bytes: Uint8Array) => void)[] = [
      (bytes) => bytes.fill(0, 0, highBytes),
      (bytes) => bytes.fill(255, 0, highBytes),
      (bytes) =>
        bytes
          .fill(0, 0, highBytes)
          .fill(255, 0, 12)
          .fill(15, 12, 13)
          .fill(0, highBytes, highBytes + lowBytes),
      (bytes) => bytes.fill(255, highBytes, highBytes + lowBytes)
    ]
    for (const change of changes) {
      const bytes = exact.encode(delta)
      change(bytes)
      const error = await failure(exact.decode(bytesReader(bytes), 1000)(0, 1), MalformedPayloadError)
      expect(error.message).to.include('100 ascending ones below 1000')
    }
  })

  it('is asked for again when its indices could not be read', async () => {
    const payload = exact.encode(randomDelta(100, 1))
    let isHere = false
    const read = exact.decode(async (offset, length) => {
      if (!isHere) throw new Error('not yet')
      return payload.slice(offset, offset + length)
    }, 100)
    await failure(read(0, 100), Error)
    isHere = true
    expect((await read(0, 100)).some((value) => value !== 0)).to.equal(true)
  })
})

describe('codec randomk', () => {
  const of = (seed: number, fraction = 0.1): Codec => randomk({ fraction, values: fp32, seed: seedOf(seed) })
  codecCompliance(of(1), { maxError: (most) => most, notFinite: true, blockValues: 64 })

  describe('of int8', () => {
    const codec = randomk({ fraction: 0.25, values: int8, seed: seedOf(3) })
    codecCompliance(codec, { maxError: (most) => most, blockValues: 64 })
  })

  it('sends values as they are, at places that the seed alone decides', async () => {
    const [a, b] = [randomDelta(5000, 1), randomDelta(5000, 2)]
    const [first, second] = [await roundTrip(of(7), a), await roundTrip(of(7), b)]
    expect(first.filter((value) => value !== 0).length).to.equal(500)
    first.forEach((value, i) => {
      expect(value === 0).to.equal(second[i] === 0)
      if (value !== 0) expect(value).to.equal(a[i])
    })
    expect([...(await roundTrip(of(8), a))]).not.to.deep.equal([...first])
  })

  it('sends every value equally often', async () => {
    const rounds = 200
    const sent = new Float64Array(1003)
    for (let seed = 0; seed < rounds; seed++) {
      const ones = await roundTrip(of(seed, 0.2), new Float32Array(1003).fill(1))
      ones.forEach((value, i) => (sent[i] += value))
    }
    // Binomial(200, 0.2): mean 40, standard deviation 5.7.
    sent.forEach((times) => expect(times).to.be.within(12, 72))
    expect(sent.reduce((sum, times) => sum + times, 0) / (rounds * 1003)).to.be.closeTo(0.2, 0.005)
  })
})
