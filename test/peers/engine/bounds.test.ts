import { generateKeyPair } from '@libp2p/crypto/keys'
import { defaultLogger } from '@libp2p/logger'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { expect } from 'chai'
import { CatchUp } from '../../../peers/engine/catch-up.ts'
import { EarlyRecords } from '../../../peers/engine/records/early.ts'
import { HeightWork } from '../../../peers/engine/height/height.ts'
import { RecordLog } from '../../../peers/engine/records/log.ts'
import { voteType } from '../../../src/federation/records.ts'
import { seal } from '../../../src/federation/signed.ts'
import { cidOf, encode, toBlock } from '../../../src/federation/cbor.ts'
import { VirtualClock } from '../../helpers/virtual-clock.ts'
import { engineClock, Swarm } from './swarm.ts'
import type { CatchUpInit } from '../../../peers/engine/catch-up.ts'
import type { CatchUpFrame, WireRecord } from '../../../peers/engine/components.ts'
import type { HeightInit } from '../../../peers/engine/height/height.ts'
import type { RoundRecord } from '../../../peers/engine/records/records.ts'
import type { Height } from '../../../src/rounds/index.ts'
import type { PrivateKey } from '@libp2p/interface'
import type { CID } from 'multiformats/cid'

const key: PrivateKey = await generateKeyPair('Ed25519')
const federation: CID = (await toBlock('a federation')).cid

async function vote(height: number, of = federation, by = key): Promise<RoundRecord> {
  const value = { federation: of, height, view: 0, kind: 'prevote', body: null } as const
  return { kind: 'vote', signed: await seal(voteType, value, by) }
}

async function record(kind: WireRecord['kind'], number: number, sizeBytes = 100): Promise<WireRecord> {
  return { kind, cid: await cidOf(encode(number)), bytes: new Uint8Array(sizeBytes) }
}

describe('what one member can make the others do', () => {
  it('takes no room from the others, however many records it sends', async () => {
    const log = new RecordLog()
    const votes = await Promise.all(Array.from({ length: 3000 }, (_, i) => record('vote', i)))
    const taken = votes.filter((one) => log.add(one, 'liar')).length
    expect(taken).to.equal(2048)
    expect(log.add(votes[0], 'honest')).to.equal(true)
  })

  it('has a few of its updates fetched, and no more', async () => {
    const log = new RecordLog()
    const updates = await Promise.all(Array.from({ length: 20 }, (_, i) => record('update', i)))
    expect(updates.filter((one) => log.add(one, 'liar')).length).to.equal(4)
  })

  it('has a bounded number of bytes kept', async () => {
    const log = new RecordLog()
    const large = await Promise.all(
      Array.from({ length: 20 }, (_, i) => record('proposal', i, 2 * 1024 * 1024))
    )
    expect(large.filter((one) => log.add(one, 'liar')).length).to.equal(16)
  })

  it('speaks of heights far ahead to no effect', async () => {
    const early = new EarlyRecords()
    for (const height of [12, 13, 14, 1_000_000]) early.add(await vote(height), 10)
    expect(early.take(12)).to.have.length(1)
    expect(early.take(13)).to.have.length(1)
    expect(early.take(14)).to.have.length(0)
    expect(early.take(1_000_000)).to.have.length(0)
  })

  it('takes its share of what is kept early, and leaves the others theirs', async () => {
    const early = new EarlyRecords()
    const honest = await vote(2)
    const value = (view: number) => ({ federation, height: 2, view, kind: 'prevote', body: null }) as const
    const liar = await generateKeyPair('Ed25519')
    for (let view = 0; view < 100; view++) {
      early.add({ kind: 'vote', signed: await seal(voteType, value(view), liar) }, 1)
    }
    early.add(honest, 1)
    const kept = early.take(2)
    expect(kept).to.have.length(65)
    expect(kept).to.include(honest)
  })

  it('has no more bytes kept early than there is room for', async () => {
    const early = new EarlyRecords()
    for (let i = 0; i < 100; i++) {
      const { kind, signed } = await vote(2, federation, await generateKeyPair('Ed25519'))
      early.add({ kind, signed: { ...signed, bytes: new Uint8Array(2 * 1024 * 1024) } } as RoundRecord, 1)
    }
    expect(early.take(2)).to.have.length(32)
  })

  it('says in another federation what does not count in this one', async () => {
    const swarm = await new Swarm({ members: 1 }).start()
    try {
      const [peer] = swarm.peers
      await peer.engine.receive(await vote(1, federation, peer.key))
      expect(peer.engine.records()).to.deep.equal([])
    } finally {
      swarm.stop()
    }
  })

  it('hangs, and another member is asked what is lacking', async () => {
    const clock = new VirtualClock()
    const asked: string[] = []
    const catchUp = new CatchUp({
      client: { ask: (peer) => hanging(peer, asked) },
      clock: engineClock(clock),
      log: defaultLogger().forComponent('murmur:test'),
      stalledMs: 1000,
      tip: () => ({ body: { height: 3 } }) as ReturnType<CatchUpInit['tip']>,
      have: () => [],
      connected: () => ['a', 'b'],
      progress: () => 'none',
      onCommit: async () => false,
      onCaughtUp: () => {},
      onRecord: async () => {},
      onHead: () => {},
      onOtherHistory: () => {},
      onTick: () => {},
      onQuiet: () => {}
    })
    catchUp.start()
    clock.advance(10_000)
    catchUp.stop()
    expect(asked).to.deep.equal(['a', 'b'])
  })
})

/** An answer that never comes. */
async function* hanging(peer: string, asked: string[]): AsyncIterable<CatchUpFrame> {
  asked.push(peer)
  await new Promise(() => {})
}

describe('the work of a height', () => {
  it('tells the machine nothing once another height has begun', async () => {
    const dispatched: unknown[] = []
    const resumed = Promise.withResolvers<undefined>()
    const work = new HeightWork({
      position: {
        tip: {
          federation,
          cid: federation,
          manifest: { exchange: { codec: { name: 'fp32' }, blockSizeBytes: 1024 } }
        },
        weights: new Float32Array(8)
      },
      height: { height: 4, roster: [peerIdFromPrivateKey(key).toString()] } as unknown as Height,
      components: { key, votes: { get: async () => await resumed.promise } },
      options: { inlineBytes: 0 },
      dispatch: (event: unknown) => dispatched.push(event)
    } as unknown as HeightInit)
    const begun = work.begin()
    work.end()
    resumed.resolve(undefined)
    await begun
    expect(dispatched).to.deep.equal([])
  })
})
