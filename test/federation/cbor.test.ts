import { peerIdFromString } from '@libp2p/peer-id'
import { expect } from 'chai'
import { base58btc } from 'multiformats/bases/base58'
import { z } from 'zod'
import { decode, encode, InvalidRecordError, MAX_NESTING } from '../../src/federation/cbor.ts'
import { cidField, peerIdField } from '../../src/federation/fields.ts'
import { isDeeperThan } from '../../src/federation/nesting.ts'
import { metricsField } from '../../src/federation/records.ts'
import type { RecordSchema } from '../../src/federation/cbor.ts'

const anything: RecordSchema<unknown> = { name: 'thing', schema: z.unknown(), maxBytes: 4 * 1024 * 1024 }

/** `depth` arrays of one item in each other. */
function nested(depth: number): Uint8Array {
  return Uint8Array.from({ length: depth + 1 }, (_, i) => (i < depth ? 0x81 : 0))
}

/** `{ "/": "x", "bytes": "x" }`, which duck typing takes for a CID. */
const likeCid = Uint8Array.of(
  0xa2,
  0x61,
  0x2f,
  0x61,
  0x78,
  0x65,
  ...new TextEncoder().encode('bytes'),
  0x61,
  0x78
)

describe('encoding DAG-CBOR', () => {
  it('gives bytes of which a slice is a copy, whatever their number', () => {
    for (let length = 0; length < 1000; length++) {
      const bytes = encode([new Uint8Array(length), 'x'.repeat(length), length])
      expect(bytes.constructor.name, `${length}`).to.equal('Uint8Array')
    }
  })
})

describe('decoding DAG-CBOR', () => {
  it('refuses what is nested deeper than any record, before a decoder recurses into it', () => {
    expect(decode(anything, nested(MAX_NESTING))).to.be.an('array')
    for (const depth of [MAX_NESTING + 1, 3_000, 4_000_000]) {
      expect(() => decode(anything, nested(depth))).to.throw(
        InvalidRecordError,
        `nested more than ${MAX_NESTING} deep`
      )
    }
  })

  it('counts maps and tags as well, and what is complete no longer', () => {
    const maps = Uint8Array.from({ length: 3 * 40 + 1 }, (_, i) =>
      i === 120 ? 0 : [0xa1, 0x61, 0x61][i % 3]
    )
    expect(isDeeperThan(maps, 39)).to.equal(true)
    expect(isDeeperThan(maps, 40)).to.equal(false)
    const tags = Uint8Array.from({ length: 2 * 40 + 1 }, (_, i) => (i === 80 ? 0 : [0xd8, 0x2a][i % 2]))
    expect(isDeeperThan(tags, 39)).to.equal(true)
    expect(isDeeperThan(encode(new Array(1000).fill([[], {}, [1, 'text']])), 3)).to.equal(false)
    expect(isDeeperThan(encode({ a: new Uint8Array(1000).fill(0x81), b: '\u0081'.repeat(100) }), 1)).to.equal(
      false
    )
  })

  it('refuses maps that look like a CID', () => {
    expect(() => decode(anything, likeCid)).to.throw(InvalidRecordError, 'not DAG-CBOR')
  })

  it('says in few printable words what does not belong there', () => {
    const type: RecordSchema<unknown> = { ...anything, schema: z.strictObject({}) }
    const many = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`\u001b[2J${i}`, i]))
    expect(() => decode(type, encode(many)))
      .to.throw(InvalidRecordError)
      .with.property('message')
      .that.satisfies((message: string) => message.length < 300 && !message.includes('\u001b'))
  })
})

describe('the field of a peer id', () => {
  it('takes the ids of all keys, and no others of their form', () => {
    const of = (bytes: number[]): string => base58btc.encode(Uint8Array.from([0, 0x24, ...bytes])).slice(1)
    const key = (fill: number): number[] => new Array<number>(32).fill(fill)
    for (const fill of [0x00, 0x01, 0x80, 0xfe, 0xff]) {
      const id = of([8, 1, 0x12, 0x20, ...key(fill)])
      expect(peerIdField.safeParse(id).success, id).to.equal(true)
      expect(peerIdFromString(id).toString()).to.equal(id)
    }
    for (const id of [of([8, 1, 0x12, 0x1f, ...key(0xff)]), of([8, 1, 0x12, 0x21, ...key(0)])]) {
      expect(peerIdField.safeParse(id).success, id).to.equal(false)
      expect(() => peerIdFromString(id), id).to.throw()
    }
  })
})

describe('the field of metrics', () => {
  it('refuses what a reader would leave out', () => {
    expect(metricsField.parse({ loss: 1, constructor: 2 })).to.deep.equal({ loss: 1, constructor: 2 })
    expect(metricsField.safeParse(JSON.parse('{"loss":1,"__proto__":2}')).success).to.equal(false)
    for (const value of [null, undefined, 1, 'loss', []])
      expect(metricsField.safeParse(value).success).to.equal(false)
  })
})

describe('the field of a CID', () => {
  it('refuses plain values that look like one', () => {
    const fake = { '/': 'x', bytes: 'x', version: 1, code: 0x71, multihash: { code: 0x12, size: 32 } }
    expect(cidField.safeParse(fake).success).to.equal(false)
    const self: Record<string, unknown> = { version: 1, code: 0x71, multihash: fake.multihash }
    self['asCID'] = self
    expect(cidField.safeParse(self).success).to.equal(false)
  })
})
