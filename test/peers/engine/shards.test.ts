import { defaultLogger } from '@libp2p/logger'
import { expect } from 'chai'
import { ResultsCache } from '../../../peers/engine/height/results.ts'
import { Shards } from '../../../peers/engine/height/shards.ts'
import { bytesReader, codecFor } from '../../../src/codecs/index.ts'
import { exchangeSchema } from '../../../src/federation/manifest/exchange.ts'
import { rawCidOf } from '../../../src/federation/cbor.ts'
import { roundSeed, shardsOf } from '../../../src/rounds/index.ts'
import { floatsToBytes } from '../../../src/vectors.ts'
import { randomDelta } from '../../aggregation/helpers.ts'
import { VirtualClock } from '../../helpers/virtual-clock.ts'
import { engineClock } from './swarm.ts'
import { peers, someCid, someTip, someUpdate } from '../../rounds/ledger.ts'
import type { BlockExchange, HeldUpdate, Position } from '../../../peers/engine/components.ts'
import type { CountedUpdate, ReducedShard, ShardsInit } from '../../../peers/engine/height/shards.ts'
import type { CID } from 'multiformats/cid'

const LENGTH = 1000
const STRETCH = 64
const members = peers(3)
const HEIGHT = { present: members, mode: 'train' } as const
const signal = new AbortController().signal

function position(codec: string): Position {
  const tip = someTip()
  const exchange = exchangeSchema.parse({ topology: 'butterfly', codec })
  const manifest = { ...tip.manifest, exchange }
  return { tip: { ...tip, manifest }, weights: randomDelta(LENGTH, 1), moments: new Float32Array() }
}

/** What the members send, as it is after the codec. */
function updatesAt({ tip }: Position): HeldUpdate[] {
  const codec = codecFor(tip.manifest, roundSeed(tip))
  return members.map((author, i) => {
    const payload = codec.encode(randomDelta(LENGTH, i + 2))
    return { signed: someUpdate(author).signed, reader: () => codec.decode(bytesReader(payload), LENGTH) }
  })
}

interface Net {
  payloads: Map<string, Uint8Array>
  said: ReducedShard[]
}

function desk(at: Position, self: string, net: Net, change: Partial<ShardsInit> = {}): Shards {
  const blocks = {
    putShard: async (payload: Uint8Array) => {
      const root = await rawCidOf(payload)
      net.payloads.set(root.toString(), payload)
      return root
    },
    getPayload: async (root: CID) => bytesReader(net.payloads.get(root.toString()) ?? new Uint8Array()),
    hashModel: async (weights: Float32Array) => await rawCidOf(floatsToBytes(weights))
  } as unknown as BlockExchange
  return new Shards({
    self,
    position: at,
    shards: shardsOf(at.tip, HEIGHT, { length: LENGTH, stretch: STRETCH }),
    blocks,
    clock: engineClock(new VirtualClock()),
    log: defaultLogger().forComponent('murmur:test'),
    signal,
    stretch: STRETCH,
    isConnected: () => true,
    fetch: () => ({ holders: () => [], signal }),
    bring: async () => {},
    announce: async (shard) => void net.said.push(shard),
    ...change
  })
}

const counted = (updates: HeldUpdate[]): CountedUpdate[] =>
  updates.map(({ signed, reader }) => ({
    signed,
    weight: 1 / updates.length,
    claim: { weight: 1 / updates.length, samples: 1 },
    reader: reader as NonNullable<typeof reader>
  }))

/** What whoever has all updates makes of them. */
async function recomputed(at: Position): Promise<Float32Array> {
  const blocks = {
    hashModel: async (weights: Float32Array) => await rawCidOf(floatsToBytes(weights))
  } as unknown as BlockExchange
  const parts = shardsOf(at.tip, HEIGHT, { length: LENGTH, stretch: STRETCH })
  const cache = new ResultsCache({ position: at, blocks, signal, stretch: STRETCH, parts, shards: null })
  return (await cache.of(updatesAt(at))).weights
}

describe('the combined delta of members that share the work', () => {
  for (const codec of ['fp32', 'int8']) {
    it(`is the same for all, for one who is left alone, and for whoever has all updates (${codec})`, async () => {
      const at = position(codec)
      const net: Net = { payloads: new Map(), said: [] }
      const desks = members.map((self) => desk(at, self, net))
      const reducing = desks.map(async (one) => await one.reduce(counted(updatesAt(at))))
      while (net.said.length < members.length) await new Promise((resolve) => setImmediate(resolve))
      for (const one of desks) for (const shard of net.said) one.heard(members[shard.index], shard)
      const alone = desk(at, members[0], net, { isConnected: () => false })
      const models = await Promise.all([...reducing, alone.reduce(counted(updatesAt(at)))])
      const expected = await recomputed(at)
      expect(expected).not.to.deep.equal(at.weights)
      for (const { weights } of models) expect(weights).to.deep.equal(expected)
    })
  }

  it('is done without a part that is not what its owner says', async () => {
    const at = position('fp32')
    const net: Net = { payloads: new Map(), said: [] }
    const one = desk(at, members[0], net)
    const reducing = one.reduce(counted(updatesAt(at)))
    while (net.said.length < 1) await new Promise((resolve) => setImmediate(resolve))
    const [{ updates }] = net.said
    // The payload of neither is there: it reads as empty.
    for (const index of [1, 2]) one.heard(members[index], { updates, index, root: someCid(index) })
    expect((await reducing).weights).to.deep.equal(await recomputed(at))
  })

  it('is waited for half a second at least, and no longer than half of what the height took', async () => {
    const at = position('fp32')
    const net: Net = { payloads: new Map(), said: [] }
    for (const [tookMs, patienceMs] of [
      [0, 500],
      [10_000, 5000]
    ]) {
      const clock = new VirtualClock()
      net.said = []
      const one = desk(at, members[0], net, { clock: engineClock(clock) })
      clock.advance(tookMs)
      let isDone = false
      const reducing = one.reduce(counted(updatesAt(at))).then(() => (isDone = true))
      while (net.said.length < 1 || clock.pending < 1) await new Promise((resolve) => setImmediate(resolve))
      clock.advance(patienceMs - 1)
      await new Promise((resolve) => setImmediate(resolve))
      expect(isDone).to.equal(false)
      clock.advance(1)
      await reducing
    }
  })

  it('listens to the owner of a part alone, and to the first thing it says', async () => {
    const at = position('fp32')
    const net: Net = { payloads: new Map(), said: [] }
    const clock = new VirtualClock()
    const one = desk(at, members[0], net, { clock: engineClock(clock) })
    const other = desk(at, members[1], net)
    void other.reduce(counted(updatesAt(at)))
    while (net.said.length < 1) await new Promise((resolve) => setImmediate(resolve))
    const [right] = net.said
    one.heard(members[2], { ...right, root: someCid(1) })
    one.heard(members[1], right)
    one.heard(members[1], { ...right, root: someCid(1) })
    const asked: string[] = []
    const get = net.payloads.get.bind(net.payloads)
    net.payloads.get = (root) => {
      asked.push(root)
      return get(root)
    }
    const reducing = one.reduce(counted(updatesAt(at)))
    while (clock.pending < 1) await new Promise((resolve) => setImmediate(resolve))
    clock.advance(500)
    await reducing
    expect(asked).to.deep.equal([right.root.toString()])
  })
})
