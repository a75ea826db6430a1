import { expect } from 'chai'
import { bytesReader, codecOf } from '../../src/codecs/index.ts'
import { integerBelow, seededRandom, uniform } from '../../src/random.ts'
import {
  codecNames,
  codecSchema,
  entropyCodecNames,
  exchangeSchema
} from '../../src/federation/manifest/exchange.ts'
import type { ByteSpan } from '../../src/codecs/index.ts'
import type { CodecSpec } from '../../src/federation/manifest/schema.ts'

const SEED = new Uint8Array(32)
const specOf = (codec: unknown): CodecSpec => codecSchema.parse(codec)

describe('codecs', () => {
  it('are found under the names that a manifest can have', () => {
    for (const name of [...codecNames, ...entropyCodecNames]) {
      expect(codecOf(specOf(name), SEED).name).to.equal(name)
    }
  })

  it('are named alone, or with their settings; without any it is fp32', () => {
    expect(exchangeSchema.parse({}).codec).to.deep.equal({ name: 'fp32' })
    expect(specOf('int8')).to.deep.equal({ name: 'int8' })
    expect(specOf('topk')).to.deep.equal({ name: 'topk', fraction: 0.01, values: 'int8' })
    const named = { name: 'topk', fraction: 0.1, values: 'fp16' }
    expect(specOf(named)).to.deep.equal(named)
  })

  it('are not taken with settings out of range, of another codec, or unknown', () => {
    const wrong = [
      'zip',
      { name: 'zip' },
      { name: 'int8', fraction: 0.1 },
      { name: 'topk', fraction: 0 },
      { name: 'topk', fraction: 0.5 },
      { name: 'topk', fraction: Number.NaN },
      { name: 'randomk', values: 'sign' },
      { name: 'randomk', values: 'topk' },
      { name: 'powersgd', rank: 0 },
      { name: 'powersgd', rank: 2.5 },
      { name: 'powersgd', rank: 65 }
    ]
    for (const codec of wrong) expect(exchangeSchema.safeParse({ codec }).success).to.equal(false)
  })

  it('take as many bytes as their documents say, of a million values', () => {
    const sizes: [unknown, number][] = [
      ['fp32', 4_000_000],
      ['fp16', 2_000_000],
      ['bf16', 2_000_000],
      ['int8', 1_015_628],
      ['int4', 562_500],
      ['sign', 128_908],
      [{ name: 'topk', fraction: 0.01 }, 20_863],
      [{ name: 'topk', fraction: 0.01, values: 'fp32' }, 50_703],
      [{ name: 'randomk', fraction: 0.01 }, 10_160],
      [{ name: 'powersgd', rank: 4 }, 8128]
    ]
    const matrices = [{ offset: 0, rows: 1000, columns: 1000 }]
    for (const [codec, bytes] of sizes) {
      expect(codecOf(specOf(codec), SEED, matrices).sizeBytes(1_000_000), JSON.stringify(codec)).to.equal(
        bytes
      )
    }
  })

  it('read a part of the vector from the span of bytes they name, and nothing else', async () => {
    const random = seededRandom(7)
    const length = 5000
    const delta = Float32Array.from({ length }, () => uniform(random) - 0.5)
    const splittable = codecNames
      .map((name) => codecOf(specOf(name), SEED))
      .filter(({ span }) => span != null)
    expect(splittable.map(({ name }) => name)).to.deep.equal(['fp32', 'fp16', 'bf16', 'int8', 'int4', 'sign'])
    for (const codec of splittable) {
      const payload = codec.encode(delta)
      const all = await codec.decode(bytesReader(payload), length)(0, length)
      const whole = all.slice()
      for (let i = 0; i < 50; i++) {
        const from = integerBelow(random, length)
        const to = from + 1 + integerBelow(random, length - from)
        const span = codec.span?.({ from, to }, length)
        const asked: ByteSpan[] = []
        const read = codec.decode(async (offset, size) => {
          asked.push({ offset, length: size })
          return payload.subarray(offset, offset + size)
        }, length)
        expect(await read(from, to - from)).to.deep.equal(whole.slice(from, to))
        expect(asked, codec.name).to.deep.equal([span])
      }
    }
  })
})
