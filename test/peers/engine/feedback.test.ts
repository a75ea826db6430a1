import { defaultLogger } from '@libp2p/logger'
import { expect } from 'chai'
import { ErrorFeedback } from '../../../peers/engine/feedback.ts'
import { bytesReader, codecOf, codecsFor } from '../../../src/codecs/index.ts'
import { cidOf, decode, encode, rawCidOf } from '../../../src/federation/cbor.ts'
import { commitType, updateType } from '../../../src/federation/records.ts'
import { open } from '../../../src/federation/signed.ts'
import { genesisTip } from '../../../src/rounds/index.ts'
import { Ledger, memoryStore, ResidualLog } from '../../../src/state/index.ts'
import { floatsFromBytes } from '../../../src/vectors.ts'
import { randomDelta } from '../../aggregation/helpers.ts'
import { someCid, someManifest, somePeer } from '../../rounds/ledger.ts'
import { LENGTH, Swarm } from './swarm.ts'
import type { BlockExchange } from '../../../peers/engine/components.ts'
import type { Codec } from '../../../src/codecs/index.ts'
import type { Contribution } from '../../../src/federation/records.ts'
import type { StateStore } from '../../../src/state/index.ts'
import type { CID } from 'multiformats/cid'
import type { SwarmPeer } from './swarm.ts'

const CODEC = { name: 'topk', fraction: 0.25, values: 'fp32' } as const
const codec = codecOf(CODEC, new Uint8Array(32))

/** A peer's disk: state, blocks, and the commits that are told to have happened. */
class Disk {
  readonly state: StateStore = memoryStore()
  readonly blocks = new Map<string, Uint8Array>()
  readonly ledger = new Ledger(this.state)
  #previous = someCid(1)

  /** The peer as it is after a start. */
  async start(): Promise<ErrorFeedback> {
    const blocks = {
      putPayload: async (bytes: Uint8Array) => {
        const cid = await rawCidOf(bytes)
        this.blocks.set(cid.toString(), bytes.slice())
        return cid
      },
      getPayload: async (root: CID, size: number) => {
        const bytes = this.blocks.get(root.toString())
        if (bytes?.byteLength !== size) throw new Error(`no ${root}`)
        return bytesReader(bytes)
      }
    } as unknown as BlockExchange
    const log = defaultLogger().forComponent('murmur:test')
    const feedback = new ErrorFeedback({ state: this.state, blocks, log })
    await feedback.load()
    return feedback
  }

  /** A commit of the next height. */
  async commit(counted: Partial<Contribution>[]): Promise<void> {
    const height = (await this.ledger.height()) + 1
    const contributions = counted.map((one) => ({
      author: somePeer(1),
      update: someCid(9),
      weight: 1,
      samples: 1,
      ...one
    }))
    const { body } = genesisTip(someCid(1), someManifest(), someCid(2))
    const next = { ...body, height, previous: this.#previous, contributions }
    const cid = await cidOf(encode(next))
    this.#previous = cid
    await this.ledger.append({ height, cid, bytes: encode({ body: next, votes: [] }) })
  }
}

/** What is sent of a delta, and the update it is in. */
async function send(
  feedback: ErrorFeedback,
  trained: Float32Array,
  { height, update = someCid(100 + height) }: { height: number; update?: CID }
): Promise<{ update: CID; wanted: Float32Array; sent: Float32Array }> {
  const delta = await feedback.carry(trained, height)
  const wanted = delta.slice()
  const payload = codec.encode(delta)
  await feedback.keep({ height, update, codec, delta, payload })
  return { update, wanted, sent: await decoded(codec, payload, trained.length) }
}

async function decoded(by: Codec, payload: Uint8Array, length: number): Promise<Float32Array> {
  return (await by.decode(bytesReader(payload), length)(0, length)).slice()
}

const minus = (a: Float32Array, b: Float32Array): Float32Array => a.map((value, i) => value - b[i])
const plus = (a: Float32Array, b: Float32Array): Float32Array => a.map((value, i) => value + b[i])
const trained = (height: number): Float32Array => randomDelta(200, height)

describe('error feedback', () => {
  it('adds what a counted update left out to the next one', async () => {
    const disk = new Disk()
    const feedback = await disk.start()
    const first = await send(feedback, trained(1), { height: 1 })
    expect(first.wanted).to.deep.equal(trained(1))
    await disk.commit([{ update: first.update }])
    const second = await send(feedback, trained(2), { height: 2 })
    expect(second.wanted).to.deep.equal(plus(trained(2), minus(first.wanted, first.sent)))
    await disk.commit([{ update: second.update }])
    const third = await feedback.carry(trained(3), 3)
    expect(third).to.deep.equal(plus(trained(3), minus(second.wanted, second.sent)))
  })

  it('leaves what was trained as it was', async () => {
    const disk = new Disk()
    const delta = trained(1)
    await send(await disk.start(), delta, { height: 1 })
    expect(delta).to.deep.equal(trained(1))
  })

  it('keeps what was left out before when an update was not counted, or was refused', async () => {
    for (const fate of [[], [{ refused: 'norm' as const }], [{ update: someCid(77) }]]) {
      const disk = new Disk()
      const feedback = await disk.start()
      const first = await send(feedback, trained(1), { height: 1 })
      await disk.commit([{ update: first.update }])
      const second = await send(feedback, trained(2), { height: 2 })
      await disk.commit(fate.map((one) => ({ update: second.update, ...one })))
      const third = await feedback.carry(trained(3), 3)
      expect(third).to.deep.equal(plus(trained(3), minus(first.wanted, first.sent)))
    }
  })

  it('survives a restart at any point, and knows then what was counted meanwhile', async () => {
    const disk = new Disk()
    const first = await send(await disk.start(), trained(1), { height: 1 })
    await disk.commit([{ update: first.update }])
    const left = minus(first.wanted, first.sent)
    // Twice in one round: another update of the same delta, the first of which is the one that is counted.
    const before = await send(await disk.start(), trained(2), { height: 2 })
    const again = await send(await disk.start(), trained(2), { height: 2, update: someCid(3) })
    expect(again.wanted).to.deep.equal(before.wanted)
    expect(again.wanted).to.deep.equal(plus(trained(2), left))
    await disk.commit([{ update: before.update }])
    await disk.commit([])
    const late = await (await disk.start()).carry(trained(4), 4)
    expect(late).to.deep.equal(plus(trained(4), minus(before.wanted, before.sent)))
  })

  it('names all vectors that may still be wanted, and no others', async () => {
    const disk = new Disk()
    const feedback = await disk.start()
    expect(feedback.roots).to.deep.equal([])
    const first = await send(feedback, trained(1), { height: 1 })
    await disk.commit([{ update: first.update }])
    await send(feedback, trained(2), { height: 2 })
    expect(feedback.roots).to.have.length(2)
    expect((await disk.start()).roots.map(String)).to.deep.equal(feedback.roots.map(String))
    await disk.commit([])
    await feedback.carry(trained(3), 3)
    expect(feedback.roots).to.have.length(1)
    const kept = floatsFromBytes(disk.blocks.get(feedback.roots[0].toString()) as Uint8Array)
    expect(kept).to.deep.equal(minus(first.wanted, first.sent))
  })

  it('goes on without what is lost from disk', async () => {
    const disk = new Disk()
    const first = await send(await disk.start(), trained(1), { height: 1 })
    await disk.commit([{ update: first.update }])
    disk.blocks.clear()
    const feedback = await disk.start()
    const second = await send(feedback, trained(2), { height: 2 })
    expect(second.wanted).to.deep.equal(trained(2))
    await disk.commit([{ update: second.update }])
    const third = await feedback.carry(trained(3), 3)
    expect(third).to.deep.equal(plus(trained(3), minus(second.wanted, second.sent)))
  })

  it('keeps nothing of a delta that is not finite, and adds nothing to it', async () => {
    const disk = new Disk()
    const feedback = await disk.start()
    const first = await send(feedback, trained(1), { height: 1 })
    await disk.commit([{ update: first.update }])
    const bad = trained(2)
    bad[7] = Number.NaN
    const second = await send(feedback, bad, { height: 2 })
    expect(second.wanted).to.deep.equal(bad)
    await disk.commit([{ update: second.update }])
    const third = await feedback.carry(trained(3), 3)
    expect(third).to.deep.equal(plus(trained(3), minus(first.wanted, first.sent)))
  })

  it('remembers a bounded number of updates', async () => {
    const disk = new Disk()
    const feedback = await disk.start()
    for (let i = 0; i < 40; i++) await send(feedback, trained(i), { height: 1, update: someCid(i) })
    expect(feedback.roots.length).to.be.at.most(16)
    expect((await disk.start()).roots).to.have.length(feedback.roots.length)
  })
})

describe('a federation with error feedback', function () {
  this.timeout(20_000)
  const ROUNDS = 12
  const rounds = { startMembers: 4, minContributors: 2, stop: { rounds: ROUNDS } }
  const manifest = { exchange: { codec: CODEC }, rounds }

  /** All that a member trained and that was counted, less all that was sent: what it must have left. */
  async function owed(swarm: Swarm, of: SwarmPeer, names = new Set<string>()): Promise<Float32Array> {
    const witness = swarm.peers[0]
    const ledger = new Ledger(witness.store)
    const rest = new Float32Array(LENGTH)
    const member = swarm.peers.indexOf(of)
    let seed = swarm.federation.multihash.digest
    for await (const { height, cid, bytes } of ledger.range(1)) {
      const { round } = decode(commitType, bytes).body
      for (const envelope of (await ledger.updates(height)) ?? []) {
        const { value, author } = await open(updateType, envelope)
        if (author !== of.id) continue
        const { payload } = value
        const found = payload instanceof Uint8Array ? payload : of.blocks.get(payload.toString())
        const sentBy = codecsFor(swarm.manifest, seed).find(({ name }) => name === value.codec) as Codec
        names.add(`${member} ${value.codec}`)
        const sent = await decoded(sentBy, found as Uint8Array, LENGTH)
        sent.forEach((value, i) => (rest[i] += trainedBy(member, round) - value))
      }
      seed = cid.multihash.digest
    }
    return rest
  }

  const trainedBy = (member: number, round: number): number => (member + 1) * round

  async function residualOf(peer: SwarmPeer): Promise<Float32Array> {
    const feedback = new ErrorFeedback({
      state: peer.store,
      blocks: {
        getPayload: async (root: CID) => bytesReader(peer.blocks.get(root.toString()) as Uint8Array)
      } as unknown as BlockExchange,
      log: defaultLogger().forComponent('murmur:test')
    })
    await feedback.load()
    return await feedback.carry(new Float32Array(LENGTH), Number.MAX_SAFE_INTEGER)
  }

  it('loses nothing: what was trained was sent, or is left with who trained it, over a restart too', async () => {
    const swarm = await new Swarm({ manifest }).start()
    await swarm.reached(swarm.peers[0], 3)
    swarm.kill(swarm.peers[2])
    await swarm.reached(swarm.peers[0], 5)
    await swarm.revive(swarm.peers[2])
    await Promise.all(swarm.peers.map((peer) => swarm.reached(peer, ROUNDS)))
    swarm.stop()
    for (const peer of swarm.peers) {
      const left = await residualOf(peer)
      const expected = await owed(swarm, peer)
      expect(left.some((value) => value !== 0)).to.equal(true)
      left.forEach((value, i) => expect(value).to.be.closeTo(expected[i], 1e-3 * Math.abs(expected[i])))
    }
  })

  it('loses nothing when each member has the codec that its link carries', async () => {
    let asked = 0
    const rates = [null, 1, 1e9]
    // The last one's link is now one way, now the other.
    const uplink = (member: number): number | null => (member < 3 ? rates[member] : rates[1 + (asked++ % 2)])
    const options = { manifest: { exchange: { codec: 'auto' }, rounds }, uplink }
    const swarm = await new Swarm(options).start()
    await Promise.all(swarm.peers.map((peer) => swarm.reached(peer, ROUNDS)))
    swarm.stop()
    const names = new Set<string>()
    for (const peer of swarm.peers) {
      const [left, expected] = [await residualOf(peer), await owed(swarm, peer, names)]
      left.forEach((value, i) =>
        expect(value).to.be.closeTo(expected[i], 1e-3 * Math.abs(expected[i]) + 1e-3)
      )
    }
    expect([...names].sort()).to.deep.equal(['0 int8', '1 topk', '2 fp32', '3 fp32', '3 topk'])
  })

  it('moves every value although it sends a quarter of them a round', async () => {
    const swarm = await new Swarm({ manifest }).start()
    const [peer] = swarm.peers
    await swarm.reached(peer, ROUNDS)
    await swarm.until(peer, ({ settled }) => settled)
    swarm.stop()
    expect(peer.engine.weights?.every((value) => value > 0)).to.equal(true)
  })

  it('keeps its residuals out of what is deleted', async () => {
    const swarm = await new Swarm({ manifest: { exchange: { codec: CODEC } } }).start()
    await swarm.reached(swarm.peers[0], 4)
    swarm.stop()
    const { settled } = await new ResidualLog(swarm.peers[0].store).get()
    expect(swarm.kept.get(swarm.peers[0].id)?.at(-1)).to.include(String(settled))
  })

  it('keeps none with a codec that needs none', async () => {
    const swarm = await new Swarm({ manifest: { exchange: { codec: 'int8' } } }).start()
    await swarm.reached(swarm.peers[0], 3)
    swarm.stop()
    expect(await new ResidualLog(swarm.peers[0].store).get()).to.deep.equal({ settled: null, sent: [] })
  })
})
