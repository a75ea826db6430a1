import { expect } from 'chai'
import { codecOf, leaveOut } from '../../src/codecs/index.ts'

const seed = new Uint8Array(32)

describe('what a codec leaves out', () => {
  it('is the delta without what was sent', async () => {
    const codec = codecOf({ name: 'topk', fraction: 0.25, values: 'fp32' }, seed)
    const delta = Float32Array.of(1, -8, 2, 3)
    const payload = codec.encode(delta)
    expect(await leaveOut(codec, payload, delta)).to.equal(true)
    expect([...delta]).to.deep.equal([1, 0, 2, 3])
  })

  it('is not kept of what is no number', async () => {
    const codec = codecOf({ name: 'sign' }, seed)
    for (const value of [NaN, Infinity, 3e38]) {
      const delta = Float32Array.of(1, value)
      const finite = Number.isFinite(value)
      expect(await leaveOut(codec, codec.encode(delta), delta)).to.equal(finite)
      if (!finite) expect([...delta]).to.deep.equal([1, value])
    }
  })
})
