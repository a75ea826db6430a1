import { expect } from 'chai'
import { int4 } from '../../src/codecs/int4.ts'
import { int8 } from '../../src/codecs/int8.ts'
import { bytesReader, MalformedPayloadError } from '../../src/codecs/index.ts'
import { sign } from '../../src/codecs/sign.ts'
import { randomDelta } from '../aggregation/helpers.ts'
import { codecCompliance } from '../compliance/codec.ts'
import { failure } from '../helpers/failure.ts'
import type { Codec } from '../../src/codecs/index.ts'

async function roundTrip(codec: Codec, delta: Float32Array): Promise<Float32Array> {
  return await decode(codec, codec.encode(delta), delta.length)
}

async function decode(codec: Codec, payload: Uint8Array, length: number): Promise<Float32Array> {
  return (await codec.decode(bytesReader(payload), length)(0, length)).slice()
}

/** A payload of one block. */
function payloadOf(scale: number, ...codes: number[]): Uint8Array {
  const bytes = new Uint8Array(4 + codes.length)
  new DataView(bytes.buffer).setFloat32(0, scale, true)
  bytes.set(codes, 4)
  return bytes
}

/** Half of a scale, and what rounding the scale and the product to float32 adds, among the least floats too. */
const quantised =
  (codes: number) =>
  (largest: number): number =>
    (largest / (2 * codes)) * (1 + 1e-5) + codes * 2 ** -149

describe('codec int8', () => {
  codecCompliance(int8, { maxError: quantised(127), blockValues: 256 })

  it('is off by half a step of its own block, whatever the other blocks have', async () => {
    const delta = randomDelta(1000, 1)
    for (let i = 256; i < 512; i++) delta[i] *= 1e6
    const back = await roundTrip(int8, delta)
    for (let start = 0; start < 1000; start += 256) {
      const block = delta.subarray(start, start + 256)
      const bound = quantised(127)(Math.max(...block.map(Math.abs)))
      block.forEach((value, i) => expect(Math.abs(back[start + i] - value)).to.be.at.most(bound))
    }
  })

  it('gives the largest magnitudes and zeros back', async () => {
    expect([...(await roundTrip(int8, Float32Array.of(127, -127, 0, 64, -1)))]).to.deep.equal([
      127, -127, 0, 64, -1
    ])
    expect([...(await roundTrip(int8, new Float32Array(3)))]).to.deep.equal([0, 0, 0])
  })

  it('keeps the largest and the least floats finite', async () => {
    const back = await roundTrip(int8, Float32Array.of(3.4028234663852886e38, -3.4028234663852886e38))
    expect(Math.abs(back[0] / 3.4028234663852886e38 - 1)).to.be.below(1e-6)
    expect(back.every(Number.isFinite)).to.equal(true)
    expect([...(await roundTrip(int8, Float32Array.of(1e-45, -1e-45)))].every(Number.isFinite)).to.equal(true)
  })

  it('refuses scales that are negative, not finite or too large, and the code −128', async () => {
    for (const scale of [-1, Number.NaN, Infinity, -Infinity, 3e38]) {
      const error = await failure(decode(int8, payloadOf(scale, 1), 1), MalformedPayloadError)
      expect(error.message).to.include('scale')
    }
    await failure(decode(int8, payloadOf(1, 1, 128), 2), MalformedPayloadError)
    expect([...(await decode(int8, payloadOf(1, 1, 129), 2))]).to.deep.equal([1, -127])
  })
})

describe('codec int4', () => {
  codecCompliance(int4, { maxError: quantised(7), blockValues: 64 })

  it('packs the first value into the lowest bits', () => {
    expect([...int4.encode(Float32Array.of(7, -1, 3))].slice(4)).to.deep.equal([0xf7, 0x03])
  })

  it('refuses the code −8, and bits beyond the last value', async () => {
    await failure(decode(int4, payloadOf(1, 0x81, 0), 3), MalformedPayloadError)
    await failure(decode(int4, payloadOf(1, 0x18, 0), 3), MalformedPayloadError)
    const error = await failure(decode(int4, payloadOf(1, 0x11, 0x11), 3), MalformedPayloadError)
    expect(error.message).to.include('bits after the last value')
  })
})

describe('codec sign', () => {
  codecCompliance(sign, { maxError: (largest) => 2 * largest, blockValues: 1024 })

  it('gives each value its sign and the mean magnitude of its block', async () => {
    expect([...(await roundTrip(sign, Float32Array.of(1, -2, 3, -6)))]).to.deep.equal([3, -3, 3, -3])
    const delta = randomDelta(3000, 5)
    const back = await roundTrip(sign, delta)
    const mean = delta.slice(1024, 2048).reduce((sum, value) => sum + Math.abs(value), 0) / 1024
    expect(back[1024]).to.be.closeTo(Math.sign(delta[1024]) * mean, 1e-6)
  })

  it('is closer to the vector than nothing is: error feedback contracts', async () => {
    for (let seed = 0; seed < 20; seed++) {
      const delta = randomDelta(2500, seed)
      const back = await roundTrip(sign, delta)
      const energy = delta.reduce((sum, value) => sum + value * value, 0)
      const error = delta.reduce((sum, value, i) => sum + (value - back[i]) ** 2, 0)
      expect(error).to.be.below(0.5 * energy)
    }
  })

  it('refuses bits beyond the last value', async () => {
    await failure(decode(sign, payloadOf(1, 0b1000), 3), MalformedPayloadError)
  })
})
