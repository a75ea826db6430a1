import { expect } from 'chai'
import { fp32 } from '../../src/codecs/fp32.ts'
import { codecCompliance } from '../compliance/codec.ts'

describe('codec fp32', () => {
  codecCompliance(fp32, { maxError: () => 0, notFinite: true })

  it('is four bytes a value, little endian', () => {
    expect(fp32.sizeBytes(1000)).to.equal(4000)
    expect([...fp32.encode(Float32Array.of(1, -2))]).to.deep.equal([0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0])
  })

  it('keeps every bit, of negative zero, subnormals and what is not finite too', async () => {
    const delta = Float32Array.of(-0, 1e-45, Infinity, -Infinity, Number.NaN, 3.4e38)
    const payload = fp32.encode(delta).slice()
    const back = await fp32.decode(async (offset, length) => payload.subarray(offset, offset + length), 6)(
      0,
      6
    )
    expect([...back].map((value, i) => Object.is(value, delta[i]))).to.deep.equal(Array(6).fill(true))
  })

  it('encodes and decodes without copying aligned bytes', async () => {
    const delta = Float32Array.of(1, 2, 3, 4)
    const payload = fp32.encode(delta)
    expect(payload.buffer).to.equal(delta.buffer)
    const read = fp32.decode(async (offset, length) => payload.subarray(offset, offset + length), 4)
    expect((await read(1, 2)).buffer).to.equal(delta.buffer)
  })
})
