/** What every codec must keep to: `codecCompliance(codec, …)` inside a `describe`. */
import { expect } from 'chai'
import fc from 'fast-check'
import { MalformedPayloadError, PayloadLengthError, VectorRangeError } from '../../src/codecs/index.ts'
import { floatsToBytes } from '../../src/vectors.ts'
import { failure } from '../helpers/failure.ts'
import type { ByteReader, Codec } from '../../src/codecs/index.ts'

export interface CodecExpectations {
  /** The most by which a decoded value may be off, for a vector whose largest magnitude is `largest`. 0: lossless. */
  maxError: (largest: number) => number
  /** Its payloads can carry NaN and infinities; else whatever decodes is finite. */
  notFinite?: boolean
  /** Values after which the codec begins anew: stretches are taken across such places. */
  blockValues?: number
}

const floats = fc
  .array(fc.float({ noNaN: true, noDefaultInfinity: true, min: -1000, max: 1000 }), { maxLength: 300 })
  .map((values) => Float32Array.from(values))

/** Reads a payload whose bytes lie `shift` bytes off any alignment. */
function readerOf(payload: Uint8Array, shift = 0): ByteReader {
  return async (offset, length) => {
    const held = new Uint8Array(length + shift)
    held.set(payload.subarray(offset, offset + length), shift)
    return held.subarray(shift)
  }
}

function bits(values: Float32Array): string {
  return Buffer.from(floatsToBytes(values)).toString('hex')
}

async function decoded(codec: Codec, delta: Float32Array, shift = 0): Promise<Float32Array> {
  const payload = codec.encode(delta).slice()
  return (await codec.decode(readerOf(payload, shift), delta.length)(0, delta.length)).slice()
}

export function codecCompliance(codec: Codec, expectations: CodecExpectations): void {
  const { maxError, notFinite = false, blockValues = 16 } = expectations

  it('makes payloads of exactly the size it announces, or within what it announces and as they say themselves', async () => {
    const check = async (delta: Float32Array): Promise<void> => {
      const { length } = delta
      const payload = codec.encode(delta).slice()
      const least = codec.varies?.leastBytes(length) ?? codec.sizeBytes(length)
      expect(payload.byteLength).to.be.within(least, codec.sizeBytes(length))
      const measured = await codec.varies?.measure(readerOf(payload), length)
      expect(measured ?? payload.byteLength).to.equal(payload.byteLength)
    }
    await fc.assert(fc.asyncProperty(floats, check))
    await check(new Float32Array(0))
  })

  it('gives back what was encoded, as exactly as it promises', async () => {
    await fc.assert(
      fc.asyncProperty(floats, async (delta) => {
        const bound = maxError(delta.reduce((most, value) => Math.max(most, Math.abs(value)), 0))
        const back = await decoded(codec, delta)
        expect(back.length).to.equal(delta.length)
        back.forEach((value, i) => expect(Math.abs(value - delta[i])).to.be.at.most(bound))
      })
    )
  })

  it('encodes equal vectors equally and leaves its input as it was', () => {
    fc.assert(
      fc.property(floats, (delta) => {
        const before = bits(delta)
        expect(codec.encode(delta)).to.deep.equal(codec.encode(delta.slice()))
        expect(bits(delta)).to.equal(before)
      })
    )
  })

  it('decodes any stretch to the same bits as the whole', async () => {
    const delta = Float32Array.from({ length: 100 }, (_, i) => Math.fround(Math.sin(i)))
    const whole = await decoded(codec, delta)
    const read = codec.decode(readerOf(codec.encode(delta).slice()), delta.length)
    for (const [start, count] of [
      [0, 1],
      [1, 2],
      [37, 40],
      [99, 1],
      [100, 0]
    ]) {
      expect(bits(await read(start, count))).to.equal(bits(whole.slice(start, start + count)))
    }
  })

  it('decodes bytes at any alignment', async () => {
    const delta = Float32Array.of(1, -2.5, 3e-7, 1000)
    const aligned = bits(await decoded(codec, delta))
    for (const shift of [1, 2, 3]) expect(bits(await decoded(codec, delta, shift))).to.equal(aligned)
  })

  it('decodes stretches across its blocks to the same bits as the whole', async () => {
    const length = 3 * blockValues + 7
    const delta = Float32Array.from({ length }, (_, i) => Math.fround(Math.sin(i * i)))
    const whole = await decoded(codec, delta)
    const payload = codec.encode(delta).slice()
    if (codec.varies == null) expect(payload.byteLength).to.equal(codec.sizeBytes(length))
    const read = codec.decode(readerOf(payload), length)
    for (const start of [0, 1, blockValues - 1, blockValues, blockValues + 1, 2 * blockValues - 3]) {
      for (const count of [0, 1, 5, blockValues, blockValues + 2]) {
        const part = (await read(start, count)).slice()
        expect(bits(part), `${count} from ${start}`).to.equal(bits(whole.slice(start, start + count)))
      }
    }
  })

  it('decodes any bytes of the right length to values, or refuses them with its error', async () => {
    const size = codec.sizeBytes(21)
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: size, maxLength: size }), async (payload) => {
        try {
          const values = await codec.decode(readerOf(payload), 21)(0, 21)
          expect(values.length).to.equal(21)
          if (!notFinite) expect(values.every(Number.isFinite)).to.equal(true)
        } catch (error) {
          expect(error).to.be.instanceOf(MalformedPayloadError)
        }
      })
    )
  })

  it('decodes a payload of which any bit is turned round to values, or refuses it with its error', async () => {
    const delta = Float32Array.from({ length: blockValues + 5 }, (_, i) => Math.fround(Math.cos(i)))
    const payload = codec.encode(delta).slice()
    for (let at = 0; at < payload.byteLength; at++) {
      const changed = payload.slice()
      changed[at] ^= 1 << (at % 8)
      try {
        const values = await codec.decode(readerOf(changed), delta.length)(0, delta.length)
        if (!notFinite) expect(values.every(Number.isFinite), `byte ${at}`).to.equal(true)
      } catch (error) {
        expect(error, `byte ${at}`).to.be.instanceOf(MalformedPayloadError)
      }
    }
  })

  it('makes of what is not finite a payload that is refused, or is not finite either', async () => {
    for (const value of [Number.NaN, Infinity, -Infinity]) {
      // Every value, for codecs that send some only.
      const payload = codec.encode(new Float32Array(50).fill(value)).slice()
      try {
        const values = await codec.decode(readerOf(payload), 50)(0, 50)
        expect(values.every(Number.isFinite), `of ${value}`).to.equal(false)
      } catch (error) {
        expect(error).to.be.instanceOf(MalformedPayloadError)
      }
    }
  })

  it('refuses stretches that the vector has not', async () => {
    const read = codec.decode(readerOf(codec.encode(new Float32Array(10)).slice()), 10)
    for (const [start, count] of [
      [-1, 1],
      [0, 11],
      [10, 1],
      [0, -1],
      [0.5, 1],
      [0, Number.NaN],
      [Number.MAX_SAFE_INTEGER, 10]
    ]) {
      const error = await failure(read(start, count), VectorRangeError)
      expect(error.message).to.include('a vector of 10')
    }
  })

  it('refuses a reader that gives too few or too many bytes', async () => {
    const payload = codec.encode(Float32Array.from({ length: 10 }, (_, i) => i)).slice()
    const short: ByteReader = async (offset, length) => payload.subarray(offset, offset + length - 1)
    const long: ByteReader = async (_, length) => new Uint8Array(length + 4)
    for (const reader of [short, long]) {
      const error = await failure(codec.decode(reader, 10)(0, 10), PayloadLengthError)
      expect(error.message).to.match(/expected \d+: fetch it again/)
    }
  })

  it('passes on what the reader fails with', async () => {
    const cause = new Error('no such block')
    const read = codec.decode(() => Promise.reject(cause), 10)
    expect(await failure(read(0, 10), Error)).to.equal(cause)
  })
}
