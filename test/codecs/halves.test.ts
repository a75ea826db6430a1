import { expect } from 'chai'
import fc from 'fast-check'
import { bf16 } from '../../src/codecs/bf16.ts'
import { fp16 } from '../../src/codecs/fp16.ts'
import { bytesReader } from '../../src/codecs/index.ts'
import { codecCompliance } from '../compliance/codec.ts'
import type { Codec } from '../../src/codecs/index.ts'

/** Every value of 16 bits. */
const ALL = Uint8Array.from({ length: 2 * 0x10000 }, (_, i) => (i % 2 === 0 ? i >> 1 : i >> 9))

async function decode(codec: Codec, bytes: Uint8Array): Promise<Float32Array> {
  return (await codec.decode(bytesReader(bytes), bytes.byteLength / 2)(0, bytes.byteLength / 2)).slice()
}

/** IEEE 754, section 3.4, as it stands there. */
function naiveHalf(half: number): number {
  const [sign, exponent, mantissa] = [half >> 15 === 0 ? 1 : -1, (half >> 10) & 31, half & 1023]
  if (exponent === 31) return mantissa === 0 ? sign * Infinity : Number.NaN
  return sign * (exponent === 0 ? mantissa * 2 ** -24 : (1024 + mantissa) * 2 ** (exponent - 25))
}

/** Neighbours among the finite values of a codec, and which of both has an even code. */
async function neighbours(codec: Codec): Promise<{ low: number; high: number; even: number }[]> {
  const values = [...(await decode(codec, ALL.slice(0, 0x10000)))].filter(Number.isFinite)
  return values.slice(1).map((high, i) => ({ low: values[i], high, even: i % 2 === 0 ? values[i] : high }))
}

for (const [codec, relative, absolute, largest] of [
  [fp16, 2 ** -11, 2 ** -25, 65504],
  [bf16, 2 ** -8, 2 ** -134, 3.3895313892515355e38]
] as const) {
  describe(`codec ${codec.name}`, () => {
    codecCompliance(codec, {
      maxError: (most) => Math.max(absolute, relative * most),
      notFinite: true
    })

    it('gives back each of its own values, bit by bit', async () => {
      const values = await decode(codec, ALL)
      const again = codec.encode(values)
      const same = values.every((value, i) =>
        Number.isNaN(value)
          ? Number.isNaN(naiveHalf(again[2 * i] | (again[2 * i + 1] << 8))) || codec !== fp16
          : again[2 * i] === ALL[2 * i] && again[2 * i + 1] === ALL[2 * i + 1]
      )
      expect(same).to.equal(true)
    })

    it('rounds to the nearest value, halfway to the even one, alike on both sides of zero', async () => {
      for (const { low, high, even } of await neighbours(codec)) {
        const middle = low + (high - low) / 2
        const near = Float32Array.of(low + (high - low) / 4, middle, low + 0.75 * (high - low))
        // Between the least values of bf16 there is no float32.
        if (near.some((value, i) => value !== low + ((i + 1) * (high - low)) / 4)) continue
        const both = Float32Array.of(...near, ...near.map((value) => -value))
        const found = [...(await decode(codec, codec.encode(both)))]
        expect(found.map(Math.abs)).to.deep.equal([low, even, high, low, even, high].map(Math.abs))
      }
    }).timeout(20_000)

    it('is off by its relative error at most', async () => {
      await fc.assert(
        fc.asyncProperty(fc.float({ noNaN: true, noDefaultInfinity: true }), async (value) => {
          const [found] = await decode(codec, codec.encode(Float32Array.of(value)))
          const bound = Math.max(absolute, relative * Math.abs(value))
          if (Math.abs(value) <= largest) expect(Math.abs(found - value)).to.be.at.most(bound)
          else expect(found).to.equal(Math.sign(value) * largest)
        })
      )
    })

    it('keeps infinities and NaN, so that they are refused', async () => {
      const found = await decode(codec, codec.encode(Float32Array.of(Infinity, -Infinity, Number.NaN)))
      expect([...found]).to.deep.equal([Infinity, -Infinity, Number.NaN])
    })
  })
}

describe('codec fp16', () => {
  it('reads every code as IEEE 754 says', async () => {
    const values = await decode(fp16, ALL)
    expect(
      values.every((value, i) => Object.is(value, naiveHalf(i)) || (value === 0 && naiveHalf(i) === 0))
    ).to.equal(true)
  })
})
