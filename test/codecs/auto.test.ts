import { expect } from 'chai'
import { finestInTime } from '../../src/codecs/auto.ts'
import { codecsFor } from '../../src/codecs/index.ts'
import { exchangeSchema } from '../../src/federation/manifest/exchange.ts'
import { manifestOf } from '../training/fixtures.ts'
import type { OwnLink } from '../../src/codecs/auto.ts'

const auto = { ...manifestOf({}), exchange: exchangeSchema.parse({ codec: 'auto' }) }
const codecs = codecsFor(auto, new Uint8Array(32))
/** 4 MB in fp32, to three others. */
const link: OwnLink = { length: 1e6, receivers: 3, bytesPerSecond: null, seconds: 10, inlineBytes: 4_096 }
const chosen = (given: Partial<OwnLink>): string => finestInTime(codecs, { ...link, ...given }).name

describe('the codec of an own update, with codec: auto', () => {
  it('is one of five with names of their own, the finest first', () => {
    const names = codecs.map(({ name }) => name)
    expect(names).to.deep.equal(['fp32', 'fp16', 'int8', 'int4', 'topk'])
    const sizes = codecs.map((codec) => codec.sizeBytes(1e6))
    expect(sizes).to.deep.equal([...sizes].sort((a, b) => b - a))
  })

  it('is the finest that is with all others in time', () => {
    const rates = [1.2e6, 1.19e6, 0.6e6, 0.59e6, 0.31e6, 0.3e6, 0.17e6, 0.16e6, 1]
    expect(rates.map((bytesPerSecond) => chosen({ bytesPerSecond }))).to.deep.equal([
      'fp32',
      'fp16',
      'fp16',
      'int8',
      'int8',
      'int4',
      'int4',
      'topk',
      'topk'
    ])
    expect(chosen({ bytesPerSecond: 1.2e6, receivers: 6 })).to.equal('fp16')
    expect(chosen({ bytesPerSecond: 1.2e6, seconds: 5 })).to.equal('fp16')
  })

  it('loses hardly anything while nothing was measured', () => {
    expect(chosen({})).to.equal('int8')
  })

  it('is exact where the payload travels with its announcement', () => {
    expect(chosen({ length: 1_000, bytesPerSecond: 1 })).to.equal('fp32')
    expect(chosen({ length: 2_000, bytesPerSecond: 1 })).to.equal('fp16')
  })
})
