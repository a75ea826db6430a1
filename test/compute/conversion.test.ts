import { expect } from 'chai'
import fc from 'fast-check'
import { bf16Format } from '../../src/codecs/bf16.ts'
import { plainDecode, plainEncode } from '../../src/codecs/blockwise.ts'
import { fp16Format } from '../../src/codecs/fp16.ts'
import { plainNarrow } from '../../src/codecs/half.ts'
import { int8Format } from '../../src/codecs/int8.ts'
import { conversion } from '../../src/compute/vectors/conversion.ts'
import { seededRandom } from '../../src/random.ts'
import type { HalfFormat } from '../../src/codecs/half.ts'

/** Shorter than a register, a block and a little, one value beyond what is worked on at a time. */
const lengths = fc.oneof(fc.integer({ min: 0, max: 40 }), fc.constantFrom(255, 257, 1_000, 32_769, 70_003))

/** Any bits at all: NaN, infinity, subnormal. With `exponent`, all of a like size, or all but some. */
function drawn(length: number, seed: number, exponent: number | null): Float32Array {
  const random = seededRandom(seed)
  const bits = Uint32Array.from({ length }, () => random())
  if (exponent != null) {
    for (let i = 0; i < length; i++) bits[i] = (bits[i] & 0x807fffff) | (exponent << 23)
    if (length > 0) bits[seed % length] = random()
  }
  return new Float32Array(bits.buffer)
}

const vectors = fc
  .tuple(lengths, fc.nat(), fc.option(fc.integer({ min: 0, max: 255 })))
  .map(([length, seed, exponent]) => drawn(length, seed, exponent))

/** Equal as values: which NaN it is does not matter. */
function expectSame(found: Float32Array, expected: Float32Array): void {
  for (let i = 0; i < expected.length; i++) {
    if (!Object.is(found[i], expected[i])) expect(found[i], `value ${i}`).to.equal(expected[i])
  }
  expect(found.length).to.equal(expected.length)
}

function expectBytes(found: Uint8Array, expected: Uint8Array): void {
  if (Buffer.compare(found, expected) === 0) return
  const at = found.findIndex((byte, i) => byte !== expected[i])
  expect(found[at], `byte ${at}`).to.equal(expected[at])
}

describe('conversions in WebAssembly', () => {
  for (const format of [fp16Format, bf16Format]) {
    it(`${format.name}: write the very bytes of the plain loops`, () => {
      fc.assert(
        fc.property(vectors, (values) => {
          const [found, expected] = [0, 1].map(() => new Uint8Array(2 * values.length))
          conversion(format.name)!.encode(values, found)
          plainNarrow(format, values, expected)
          expectBytes(found, expected)
        })
      )
    })

    it(`${format.name}: read every pair of bytes as the plain loops do`, () => {
      const [bytes, found, expected] = allHalves()
      conversion(format.name)!.decode(bytes, found)
      format.widen(bytes, expected)
      expectSame(found, expected)
    })

    it(`${format.name}: are exact where rounding turns`, () => {
      for (const values of turns(format)) {
        const [found, expected] = [0, 1].map(() => new Uint8Array(2 * values.length))
        conversion(format.name)!.encode(values, found)
        plainNarrow(format, values, expected)
        expectBytes(found, expected)
      }
    })
  }

  const sizeOf = (length: number): number => length + 4 * Math.ceil(length / 256)

  it('int8: write the very bytes of the plain loops', () => {
    fc.assert(
      fc.property(vectors, (values) => {
        const [found, expected] = [0, 1].map(() => new Uint8Array(sizeOf(values.length)))
        conversion('int8')!.encode(values, found.fill(1))
        plainEncode(int8Format, values, expected)
        expectBytes(found, expected)
      })
    )
  })

  it('int8: read what the plain loops read, and refuse what they refuse', () => {
    fc.assert(
      fc.property(lengths, fc.nat(), fc.boolean(), (length, seed, isTame) => {
        const random = seededRandom(seed)
        const bytes = Uint8Array.from({ length: sizeOf(length) }, () => random())
        const view = new DataView(bytes.buffer)
        for (let at = 0; isTame && at < bytes.length; at += 260) {
          view.setFloat32(at, (random() % 1000) * 10 ** ((random() % 80) - 45), true)
          for (let i = at + 4; i < Math.min(at + 260, bytes.length); i++) if (bytes[i] === 128) bytes[i] = 0
        }
        const [found, expected] = [0, 1].map(() => new Float32Array(length))
        expect(conversion('int8')!.decode(bytes, found)).to.equal(isRead(bytes, expected))
        if (isRead(bytes, expected)) expectSame(found, expected)
      })
    )
  })

  it('int8: refuse −128 in the last block, and take it for none beyond', () => {
    const bytes = new Uint8Array(sizeOf(300)).fill(128)
    bytes.fill(0, 0, bytes.length - 1)
    expect(conversion('int8')!.decode(bytes, new Float32Array(300))).to.equal(false)
    expect(conversion('int8')!.decode(bytes.subarray(0, -1), new Float32Array(299))).to.equal(true)
  })
})

function isRead(bytes: Uint8Array, out: Float32Array): boolean {
  try {
    plainDecode(int8Format, bytes, out)
    return true
  } catch {
    return false
  }
}

function allHalves(): [Uint8Array, Float32Array, Float32Array] {
  const halves = Uint16Array.from({ length: 0x10000 }, (_, i) => i)
  return [new Uint8Array(halves.buffer), new Float32Array(0x10000), new Float32Array(0x10000)]
}

/** Halfway between each two neighbours of a format, and the float32 on either side of it. */
function turns({ widen }: HalfFormat): Float32Array[] {
  const [bytes, , wide] = allHalves()
  widen(bytes, wide)
  return [-1, 0, 1].map((step) => {
    const middles = wide.map((value, i) => (value + wide[(i + 1) % wide.length]) / 2)
    const bits = new Int32Array(middles.buffer)
    for (let i = 0; i < bits.length; i++) bits[i] += step
    return middles
  })
}
