import { expect } from 'chai'
import fc from 'fast-check'
import { floatsFromBytes, floatsToBytes, swapWords } from '../src/vectors.ts'

describe('vectors', () => {
  const anyBytes = fc.uint8Array({ maxLength: 400 }).filter((bytes) => bytes.length % 4 === 0)

  it('keep every bit on the way to bytes and back, at any offset', () => {
    fc.assert(
      fc.property(anyBytes, fc.integer({ min: 0, max: 7 }), (bytes, shift) => {
        const held = new Uint8Array(bytes.length + shift)
        held.set(bytes, shift)
        const values = floatsFromBytes(held.subarray(shift))
        expect(values.length).to.equal(bytes.length / 4)
        expect(Buffer.from(floatsToBytes(values)).equals(bytes)).to.equal(true)
      })
    )
  })

  it('are little endian, as DataView reads them', () => {
    const values = Float32Array.of(1.5, -2.25, 1e-30)
    const bytes = floatsToBytes(values)
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    values.forEach((value, i) => expect(view.getFloat32(4 * i, true)).to.equal(value))
  })

  it('take only their own part of a larger buffer', () => {
    const part = Float32Array.of(0, 1, 2, 3).subarray(1, 3)
    expect([...floatsFromBytes(floatsToBytes(part))]).to.deep.equal([1, 2])
    expect(floatsToBytes(part).byteLength).to.equal(8)
  })

  it('are views of aligned bytes and copies of others', () => {
    const buffer = new ArrayBuffer(16)
    expect(floatsFromBytes(new Uint8Array(buffer, 4, 8)).buffer).to.equal(buffer)
    expect(floatsFromBytes(new Uint8Array(buffer, 3, 8)).buffer).not.to.equal(buffer)
  })

  it('are viewed, not copied, also when they are a part of a larger buffer', () => {
    const part = new Float32Array(100).subarray(10, 20)
    const bytes = floatsToBytes(part)
    expect(bytes.buffer).to.equal(part.buffer)
    expect([bytes.byteOffset, bytes.byteLength]).to.deep.equal([40, 40])
  })

  it('turn round word by word on a big-endian host', () => {
    expect([...swapWords(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8))]).to.deep.equal([4, 3, 2, 1, 8, 7, 6, 5])
  })

  it('refuse bytes that are no whole number of floats', () => {
    expect(() => floatsFromBytes(new Uint8Array(7))).to.throw(RangeError, '7 bytes')
  })
})
