import { expect } from 'chai'
import { chooseCodec } from '../../src/codecs/choose.ts'
import { exchangeSchema } from '../../src/federation/manifest/exchange.ts'

/** The McMahan CNN: 6.65 MB in fp32. */
const CNN = { parameters: 1_663_370, topology: 'full', cohort: 10 } as const
const MB = 1e6

const names = (input: Parameters<typeof chooseCodec>[0], rates: number[]): string[] =>
  rates.map((bytesPerSecond) => chooseCodec({ ...input, bytesPerSecond }).name)

describe('the codec that suits a link', () => {
  it('is the finest whose payloads of all others come in ten seconds', () => {
    // Nine payloads: 59.9 MB in fp32, 29.9, 15.2, 8.4, 0.3.
    const rates = [100, 6, 5.9, 3, 2.9, 1.53, 1.5, 0.85, 0.8, 0.01].map((rate) => rate * MB)
    expect(names({ ...CNN, bytesPerSecond: 0 }, rates)).to.deep.equal([
      ...['fp32', 'fp32', 'fp16', 'fp16', 'int8', 'int8', 'int4', 'int4', 'topk', 'topk']
    ])
  })

  it('is one that sums can travel in, of two payloads, in a butterfly', () => {
    const rates = [1.4, 1.3, 0.7, 0.6, 0.001].map((rate) => rate * MB)
    const input = { ...CNN, topology: 'butterfly', bytesPerSecond: 0 } as const
    for (const cohort of [4, 100]) {
      expect(names({ ...input, cohort }, rates)).to.deep.equal(['fp32', 'fp16', 'fp16', 'int8', 'int8'])
    }
  })

  it('counts one payload where nobody else trains, and is always one that a manifest can name', () => {
    const alone = chooseCodec({ ...CNN, cohort: 1, bytesPerSecond: 0.67 * MB })
    expect(alone).to.deep.equal({ name: 'fp32' })
    for (const bytesPerSecond of [1e9, 1e6, 1]) {
      const codec = chooseCodec({ ...CNN, bytesPerSecond })
      expect(exchangeSchema.parse({ codec }).codec).to.deep.equal(codec)
      expect(exchangeSchema.parse({ codec: codec.name }).codec).to.deep.equal(codec)
    }
  })
})
