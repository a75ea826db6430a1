import { deflateSync } from 'fflate'
import { expect } from 'chai'
import { deflated } from '../../src/codecs/deflate.ts'
import { fp32 } from '../../src/codecs/fp32.ts'
import { int8 } from '../../src/codecs/int8.ts'
import { topk } from '../../src/codecs/topk.ts'
import { bytesReader, MalformedPayloadError } from '../../src/codecs/index.ts'
import { integerBelow, seededRandom } from '../../src/random.ts'
import { floatsToBytes } from '../../src/vectors.ts'
import { randomDelta } from '../aggregation/helpers.ts'
import { codecCompliance } from '../compliance/codec.ts'
import { failure } from '../helpers/failure.ts'

const PIECE = 16 * 1024
const small = deflated(int8)

/** As trained deltas are: many small values, some large ones, and stretches that did not change. */
function trained(length: number): Float32Array {
  return randomDelta(length, 1).map((value, i) => (i % 5000 < 1000 ? 0 : value ** 3))
}

/** A payload of these pieces. */
function payloadOf(...pieces: Uint8Array[]): Uint8Array {
  const lengths = new Uint8Array(2 * pieces.length)
  pieces.forEach(({ byteLength }, i) => new DataView(lengths.buffer).setUint16(2 * i, byteLength, true))
  return Buffer.concat([lengths, ...pieces])
}

const decode = (payload: Uint8Array, length: number): Promise<Float32Array> =>
  deflated(fp32).decode(bytesReader(payload), length)(0, length)

describe('codec int8+deflate', () => {
  codecCompliance(small, { maxError: (most) => (most / 254) * (1 + 1e-5) + 2 ** -142, blockValues: 256 })
})

describe('codec topk+deflate', () => {
  const codec = deflated(topk({ fraction: 0.25, values: int8 }))
  codecCompliance(codec, { maxError: (most) => most, blockValues: 64 })
})

describe('an entropy stage', () => {
  it('gives the values of the codec it is for, from any stretch, in fewer bytes', async () => {
    const delta = trained(200_000)
    const exact = await int8.decode(bytesReader(int8.encode(delta)), delta.length)(0, delta.length)
    const payload = small.encode(delta)
    expect(payload.byteLength / int8.sizeBytes(delta.length)).to.be.below(0.9)
    const read = small.decode(bytesReader(payload), delta.length)
    const random = seededRandom(3)
    for (let i = 0; i < 20; i++) {
      const start = integerBelow(random, delta.length)
      const count = integerBelow(random, delta.length - start)
      const found = floatsToBytes(await read(start, count))
      expect(Buffer.compare(found, floatsToBytes(exact.subarray(start, start + count)))).to.equal(0)
    }
  })

  it('reads no more of a payload than a stretch is in, once it knows where pieces are', async () => {
    const delta = trained(300_000)
    const payload = small.encode(delta)
    let bytes = 0
    const read = small.decode(async (offset, length) => {
      bytes += length
      return payload.subarray(offset, offset + length)
    }, delta.length)
    await read(0, 1)
    const before = bytes
    await read(150_000, 1000)
    expect(bytes - before).to.be.within(1, 2 * PIECE)
  })

  it('costs two bytes a piece where nothing gets shorter', () => {
    const random = seededRandom(1)
    const noise = Float32Array.from({ length: 3 * (PIECE / 4) + 1 }, () => 1 + random() / 0x100000000)
    const bits = new Uint32Array(noise.buffer)
    bits.forEach((_, i) => (bits[i] = (random() & 0x7f7fffff) >>> 0))
    const codec = deflated(fp32)
    const most = codec.sizeBytes(noise.length)
    expect(most).to.equal(noise.byteLength + 2 * 4)
    expect(codec.encode(noise).byteLength).to.be.within(0.95 * most, most)
  })

  it('refuses pieces that are empty, too long, or no deflate', async () => {
    const values = (bytes: number): Uint8Array => new Uint8Array(bytes)
    for (const pieces of [
      [values(0)],
      [values(17)],
      [Uint8Array.of(7, 255, 255)],
      [Uint8Array.of(1, 2, 3, 4)]
    ]) {
      await failure(decode(payloadOf(...pieces), 4), MalformedPayloadError)
    }
    expect([...(await decode(payloadOf(values(16)), 4))]).to.deep.equal([0, 0, 0, 0])
    expect([...(await decode(payloadOf(deflateSync(values(16))), 4))]).to.deep.equal([0, 0, 0, 0])
  })

  it('refuses a piece that is shorter or longer than it has to be, a bomb at once', async () => {
    for (const bytes of [0, 3999, 4001, 8000, 100_000]) {
      const payload = payloadOf(deflateSync(new Uint8Array(bytes)))
      const error = await failure(decode(payload, 1000), MalformedPayloadError)
      expect(error.message).to.include('one of 4000 bytes')
    }
    // Fifteen million zeros in 16 KiB: what is beyond the piece is never kept.
    const bomb = deflateSync(new Uint8Array(15_000_000), { level: 9 })
    expect(bomb.byteLength).to.be.below(PIECE)
    const before = process.memoryUsage().arrayBuffers
    await failure(decode(payloadOf(bomb), PIECE / 4), MalformedPayloadError)
    expect(process.memoryUsage().arrayBuffers - before).to.be.below(1_000_000)
  })

  it('says how long a payload has to be, so that one with more behind it is found out', async () => {
    const delta = trained(20_000)
    const payload = small.encode(delta)
    const longer = Buffer.concat([payload, Uint8Array.of(0)])
    expect(await small.varies?.measure(bytesReader(longer), delta.length)).to.equal(payload.byteLength)
    expect(small.varies?.leastBytes(delta.length)).to.equal(2 * 3)
  })
})
