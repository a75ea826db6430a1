/** peers/engine: one of four members signs what is well formed and absurd; the rounds of the other three go on. */
import { expect } from 'chai'
import fc from 'fast-check'
import { openRecord } from '../../../peers/engine/records/records.ts'
import { encode, rawCidOf } from '../../../src/federation/cbor.ts'
import {
  joinType,
  MAX_INLINE_BYTES,
  proposalType,
  shardType,
  updateType,
  voteType
} from '../../../src/federation/records.ts'
import { floatsToBytes } from '../../../src/vectors.ts'
import { VirtualClock } from '../../helpers/virtual-clock.ts'
import { engineClock, LENGTH, Swarm } from '../../peers/engine/swarm.ts'
import { BOUNDARIES } from '../mutate.ts'
import { fuzzed } from '../property.ts'
import { signed } from '../samples.ts'
import { tally } from '../runs.ts'
import type { CommitBody, Proposal, ShardRecord, Update, Vote } from '../../../src/federation/records.ts'
import type { SignedType } from '../../../src/federation/signed.ts'
import type { SwarmPeer } from '../../peers/engine/swarm.ts'
import type { FuzzArea } from '../property.ts'

const clock = new VirtualClock()
/** Far beyond the deadline of a round, and three views of a liar's turns. */
const MAX_ROUND_MS = 60_000
const deadline = { floorMs: 100, ceilingMs: 1_000, factor: 6 }
const rounds = { startMembers: 4, minContributors: 2, maxMissed: 1000, stop: { rounds: 1_000_000 }, deadline }

let swarm: Swarm
let hostile: SwarmPeer
let honest: SwarmPeer[]
const failures: Error[] = []

/** What a lie is made of, as numbers that pick among the possible. */
const pick = fc.nat(0xffff)
const lie = fc.record({
  kind: fc.constantFrom<('update' | 'shard' | 'proposal' | 'vote' | 'join')[]>(
    'update',
    'shard',
    'proposal',
    'proposal',
    'vote',
    'join'
  ),
  ahead: fc.constantFrom(0, 0, 0, 0, 1, 2, 3, -1, 1_000, Number.MAX_SAFE_INTEGER),
  view: fc.constantFrom(0, 0, 1, 2, 3, 4, 5, 255, 259, 260, 10_000, Number.MAX_SAFE_INTEGER),
  a: pick,
  b: pick,
  c: pick,
  /** Who gets it: a liar tells some this and others that. */
  to: fc.constantFrom(7, 7, 1, 2, 5, 6)
})
type Lie = typeof lie extends fc.Arbitrary<infer T> ? T : never

const numbers = [...BOUNDARIES.filter(Number.isSafeInteger), 10, 0.5]
const reals = [0, 1, -1, -0, 1e30, -1e30, 1e308, -1e308, 5e-324, 0.1, 1e-3]
const vectors: Uint8Array[] = [
  ...[NaN, Infinity, -Infinity, 1e30, 3.4e38, 1e7, 0, -0, 1e-45, 1].map((value) =>
    floatsToBytes(new Float32Array(LENGTH).fill(value))
  ),
  floatsToBytes(Float32Array.of(...new Array<number>(LENGTH - 1).fill(0), NaN)),
  floatsToBytes(new Float32Array(LENGTH + 1)),
  floatsToBytes(new Float32Array(LENGTH - 1)),
  new Uint8Array(0),
  new Uint8Array(7),
  new Uint8Array(100_000)
]
const metrics = (a: number, b: number): Update['metricsBefore'] =>
  [
    {},
    { loss: reals[b % reals.length], samples: reals[a % reals.length] },
    { loss: 1, accuracy: reals[b % reals.length], samples: 5 },
    { toString: 1, valueOf: 2, constructor: 3, samples: 1 },
    Object.fromEntries(Array.from({ length: 16 }, (_, i) => [`m${i}`, reals[(i + b) % reals.length]]))
  ][a % 5]

const tipOf = (peer: SwarmPeer): { height: number; cid: CommitBody['model']; body: CommitBody } => {
  const { tip } = peer.engine.snapshot()
  if (tip == null) throw new Error('no tip')
  return { height: tip.body.height, cid: tip.cid, body: tip.body }
}

async function updateOf({ ahead, a, b, c }: Lie): Promise<Update> {
  const { height, cid } = tipOf(honest[0])
  const bytes = vectors[a % vectors.length]
  const payload = await rawCidOf(bytes)
  // Now and then nobody has the payload.
  if (c % 5 !== 0) hostile.blocks.set(payload.toString(), bytes)
  return {
    federation: swarm.federation,
    author: hostile.id,
    height: Math.max(0, Math.min(height + 1 + ahead, Number.MAX_SAFE_INTEGER)),
    base: b % 4 === 0 ? payload : cid,
    samples: Math.max(1, Math.floor(numbers[b % numbers.length])),
    metricsBefore: metrics(b, c),
    metricsAfter: metrics(c, a),
    codec: c % 7 === 0 ? '\u2028odd' : 'fp32',
    // Of any length and content also where it travels inside the update.
    payload: a % 3 === 0 && bytes.byteLength <= MAX_INLINE_BYTES ? bytes : payload,
    sizeBytes: b % 3 === 0 ? Math.floor(numbers[c % numbers.length]) : 4 * LENGTH,
    trainingMs: Math.abs(reals[a % reals.length])
  }
}

async function proposalOf(of: Lie): Promise<Proposal> {
  const { height, cid, body } = tipOf(honest[0])
  const { a, b, c, view } = of
  const update = await updateOf({ ...of, ahead: 0 })
  const envelope = await signed(updateType as unknown as SignedType<unknown>, encode(update), hostile.key)
  const { signed: opened } = await openRecord({ kind: 'update', bytes: envelope })
  const contribution = { author: hostile.id, update: opened.cid, weight: (a % 3) / 2, samples: 1 }
  const others = honest.flatMap((peer) => peer.engine.records()).filter(({ kind }) => kind === 'update')
  const changed: Partial<CommitBody>[] = [
    {},
    { contributions: [contribution] },
    { contributions: others.slice(0, b % 4).map(({ cid: each }) => ({ ...contribution, update: each })) },
    { contributions: new Array<typeof contribution>(1024).fill(contribution) },
    { roster: [] },
    { roster: [{ peer: hostile.id, missed: 0 }] },
    { time: Number.MAX_SAFE_INTEGER > 8.64e15 ? 8.64e15 : 0 },
    { time: 0, round: Number.MAX_SAFE_INTEGER },
    { admissions: new Array<Uint8Array>(64).fill(new Uint8Array(100)) },
    { revocations: [new Uint8Array(8192)] },
    { evaluation: metrics(b, c), epsilon: 1e308 },
    { height: 0, previous: update.base, optimizerState: update.base }
  ]
  const updates = [
    [envelope],
    [],
    [new Uint8Array(100)],
    new Array<Uint8Array>(200).fill(envelope),
    others.map(({ bytes }) => bytes)
  ]
  return {
    federation: swarm.federation,
    height: height + 1,
    view,
    validView: [-1, 0, 1, view][b % 4],
    body: {
      ...{ ...body, height: height + 1, round: body.round + 1, previous: cid },
      ...changed[a % changed.length],
      ...changed[c % changed.length]
    },
    updates: updates[b % updates.length]
  }
}

function shardOf({ ahead, a, b }: Lie): ShardRecord {
  const { height, cid } = tipOf(honest[0])
  return {
    federation: swarm.federation,
    height: Math.max(0, Math.min(height + 1 + ahead, Number.MAX_SAFE_INTEGER)),
    index: Math.abs(Math.floor(numbers[a % numbers.length])),
    updates: cid,
    root: b % 2 === 0 ? cid : swarm.federation
  }
}

function voteOf({ ahead, view, a, b }: Lie): Vote {
  const { height, cid } = tipOf(honest[0])
  return {
    federation: swarm.federation,
    height: Math.max(0, Math.min(height + 1 + ahead, Number.MAX_SAFE_INTEGER)),
    view,
    kind: a % 2 === 0 ? 'prevote' : 'precommit',
    body: b % 3 === 0 ? null : cid
  }
}

/** Say it; what no validator would let pass is not said at all. */
async function tell(of: Lie): Promise<void> {
  const made = {
    update: async () => [updateType, await updateOf(of)] as const,
    proposal: async () => [proposalType, await proposalOf(of)] as const,
    shard: async () => [shardType, shardOf(of)] as const,
    vote: async () => [voteType, voteOf(of)] as const,
    join: async () => {
      const certificate = new Uint8Array(of.a % 8192)
      const join = {
        federation: swarm.federation,
        member: hostile.id,
        certificate,
        addresses: ['/x'],
        time: of.b,
        ledgerHeight: of.a
      }
      return [joinType, join] as const
    }
  }
  const [type, value] = await made[of.kind]()
  const bytes = await signed(type as unknown as SignedType<unknown>, encode(value), hostile.key)
  const record = await openRecord({ kind: of.kind, bytes }).catch(() => undefined)
  if (record == null) return
  tally.accepted++
  for (const [i, peer] of honest.entries()) if ((of.to & (1 << i)) !== 0) await peer.engine.receive(record)
}

async function pass(ms: number): Promise<void> {
  clock.advance(ms)
  for (let i = 0; i < 8; i++) await new Promise((resolve) => setImmediate(resolve))
}

const lies = fuzzed(
  'a member that lies',
  fc.array(fc.array(lie, { maxLength: 4 }), { minLength: 1, maxLength: 4 }),
  {
    shares: 0.6,
    judge: async (moments) => {
      const before = Math.max(...honest.map((peer) => tipOf(peer).height))
      const isOver = (): boolean => honest.every((peer) => tipOf(peer).height > before)
      for (const moment of moments) {
        for (const each of moment) await tell(each)
        await pass(40)
      }
      const startMs = clock.nowMs()
      while (!isOver() && clock.nowMs() - startMs < MAX_ROUND_MS) await pass(20)
      expect(isOver(), `height ${before + 1} is decided within ${MAX_ROUND_MS} ms`).to.equal(true)
      expect(failures.map(String)).to.deep.equal([])
      for (const { engine } of honest) {
        expect(engine.weights?.every(Number.isFinite) ?? true, 'the model is finite').to.equal(true)
      }
    }
  }
)

export const engine: FuzzArea = {
  name: 'engine',
  properties: [lies],
  before: async () => {
    const membership = { faultModel: 'byzantine' }
    swarm = await new Swarm({
      clock: engineClock(clock),
      members: 4,
      manifest: { rounds, membership }
    }).start()
    const isReady = (): boolean =>
      swarm.peers.every((peer) => (peer.engine.snapshot().tip?.body.round ?? 0) >= 1)
    while (!isReady()) await pass(20)
    hostile = swarm.peers[3]
    honest = swarm.peers.slice(0, 3)
    hostile.engine.stop()
    for (const peer of honest)
      peer.engine.addEventListener('error', ({ detail }) => failures.push(detail.error))
  },
  after: async () => swarm.stop()
}
