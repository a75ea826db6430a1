import { expect } from 'chai'
import { UpdatePool } from '../../../peers/engine/height/updates.ts'
import { bytesReader, codecFor, codecOf } from '../../../src/codecs/index.ts'
import { codecSchema, exchangeSchema } from '../../../src/federation/manifest/exchange.ts'
import { roundSeed } from '../../../src/rounds/index.ts'
import { randomDelta } from '../../aggregation/helpers.ts'
import { someCid, someTip } from '../../rounds/ledger.ts'
import type { BlockExchange, HeldUpdate } from '../../../peers/engine/components.ts'
import type { RefusalReason, Update } from '../../../src/federation/records.ts'
import type { Signed } from '../../../src/federation/signed.ts'

const LENGTH = 10_000
const HEIGHT = 2

interface Sent {
  codec: string
  /** That the update names; default: the manifest's. */
  named?: string
  payload: Uint8Array
  /** What its author says, if it is not so. */
  sizeBytes?: number
  /** Not inside the update. */
  isApart?: boolean
}

interface Verdict {
  refused: RefusalReason | null
  reader: HeldUpdate['reader']
  fetched: boolean
}

/** The verdict on an update, and whether anything was fetched for it. */
async function judged({
  codec,
  named,
  payload,
  sizeBytes = payload.byteLength,
  isApart
}: Sent): Promise<Verdict> {
  const tip = someTip()
  const manifest = { ...tip.manifest, exchange: exchangeSchema.parse({ codec }) }
  let fetched = false
  const blocks: Partial<BlockExchange> = {
    getPayload: async () => {
      fetched = true
      return bytesReader(payload)
    }
  }
  const pool = new UpdatePool({
    position: {
      tip: { ...tip, manifest },
      weights: new Float32Array(LENGTH),
      moments: new Float32Array()
    },
    height: HEIGHT,
    blocks: blocks as BlockExchange,
    parts: [{ from: 0, to: LENGTH }],
    fetch: () => ({ holders: () => [], signal: new AbortController().signal })
  })
  const value = {
    base: tip.cid,
    height: HEIGHT,
    codec: named ?? codecFor(manifest, roundSeed(tip)).name,
    payload: isApart === true ? someCid(9) : payload,
    sizeBytes
  } as Update
  const signed: Signed<Update> = { value, author: 'somebody', cid: someCid(8), bytes: new Uint8Array() }
  const { refused = null, reader } = await pool.hold(signed)
  return { refused, reader, fetched }
}

function payloadOf(codec: string, delta = randomDelta(LENGTH, 1)): Uint8Array {
  return codecOf(codecSchema.parse(codec), new Uint8Array(32)).encode(delta)
}

const longer = (payload: Uint8Array): Uint8Array => Buffer.concat([payload, Uint8Array.of(0)])

describe('an update whose payload has a size that all know', () => {
  const codec = 'int8'
  const payload = payloadOf(codec)

  it('counts when it has, and is refused unread when it says anything else', async () => {
    expect((await judged({ codec, payload })).refused).to.equal(null)
    for (const off of [-1, 1]) {
      const sizeBytes = payload.byteLength + off
      const found = await judged({ codec, payload, sizeBytes, isApart: true })
      expect(found).to.deep.include({ refused: 'size', fetched: false })
    }
  })
})

describe('an update of a federation whose members choose', () => {
  const delta = randomDelta(LENGTH, 1)

  it('counts by whichever codec it names of those that there are', async () => {
    for (const named of ['fp32', 'fp16', 'int8', 'int4', 'topk']) {
      const { refused, reader } = await judged({ codec: 'auto', named, payload: payloadOf(named, delta) })
      expect(refused, named).to.equal(null)
      const alone = await judged({ codec: named, payload: payloadOf(named, delta) })
      const values = (await reader?.()(0, LENGTH))?.slice()
      expect(values).to.deep.equal(await alone.reader?.()(0, LENGTH))
    }
  })

  it('is refused unread by another, or of the size of another', async () => {
    const payload = payloadOf('sign', delta)
    const other = await judged({ codec: 'auto', named: 'sign', payload, isApart: true })
    expect(other).to.deep.include({ refused: 'malformed', fetched: false })
    const other16 = await judged({
      codec: 'auto',
      named: 'int8',
      payload: payloadOf('fp16', delta),
      isApart: true
    })
    expect(other16).to.deep.include({ refused: 'size', fetched: false })
  })
})

describe('an update whose payload may be shorter', () => {
  const codec = 'int8+deflate'
  const small = randomDelta(LENGTH, 1).map((value) => value ** 3)
  const payload = payloadOf(codec, small)

  it('counts, whatever its size, with the values of the codec without an entropy stage', async () => {
    for (const delta of [small, new Float32Array(LENGTH), randomDelta(LENGTH, 2)]) {
      const found = await judged({ codec, payload: payloadOf(codec, delta), isApart: true })
      expect(found).to.deep.include({ refused: null, fetched: true })
      const exact = await judged({ codec: 'int8', payload: payloadOf('int8', delta) })
      const values = (await found.reader?.()(0, LENGTH))?.slice()
      expect(values).to.deep.equal(await exact.reader?.()(0, LENGTH))
    }
  })

  it('is refused unread when it says that it has more than there can be, or less', async () => {
    const most = codecOf({ name: 'int8', entropy: 'deflate' }, new Uint8Array()).sizeBytes(LENGTH)
    for (const sizeBytes of [most + 1, 1e9, 2, 0]) {
      const found = await judged({ codec, payload, sizeBytes, isApart: true })
      expect(found).to.deep.include({ refused: 'size', fetched: false })
    }
  })

  it('is refused when it has more or fewer bytes than it says itself', async () => {
    for (const isApart of [true, false]) {
      for (const changed of [longer(payload), payload.slice(0, -1), payload.slice(0, 4)])
        expect((await judged({ codec, payload: changed, isApart })).refused).to.equal('size')
    }
  })

  it('is refused when it is no deflate', async () => {
    const broken = payload.slice()
    broken.fill(0xff, 100, 200)
    expect((await judged({ codec, payload: broken })).refused).to.equal('malformed')
    broken.fill(0, 0, 2)
    expect((await judged({ codec, payload: broken })).refused).to.equal('malformed')
  })
})
