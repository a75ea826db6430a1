/** Round engines in one process: gossip, blocks and catch-up are function calls; training adds a constant. */
import { generateKeyPair } from '@libp2p/crypto/keys'
import { defaultLogger } from '@libp2p/logger'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { RoundEngine } from '../../../peers/engine/engine.ts'
import { OwnControls } from '../../../peers/engine/controls.ts'
import { OwnLocals } from '../../../peers/engine/locals.ts'
import { OwnMomentum } from '../../../peers/engine/momentum.ts'
import { ErrorFeedback } from '../../../peers/engine/feedback.ts'
import { Pieces } from '../../../peers/simulated/engine/pieces.ts'
import { BlocksUnavailableError } from '../../../protocols/blocks/index.ts'
import { Wishes } from '../../../peers/engine/wishes.ts'
import { openRecord } from '../../../peers/engine/records/records.ts'
import { manifestSchema } from '../../../src/federation/manifest/schema.ts'
import { rawCidOf, toBlock } from '../../../src/federation/cbor.ts'
import { openParticipation } from '../../../src/federation/participation.ts'
import { EvidenceLog, Ledger, memoryStore, RecoveryLog, VoteLog } from '../../../src/state/index.ts'
import { orAborted } from '../../../src/turns.ts'
import { floatsFromBytes, floatsToBytes } from '../../../src/vectors.ts'
import type {
  BlockExchange,
  CatchUpClient,
  CatchUpFrame,
  Clock,
  EngineComponents,
  WireRecord
} from '../../../peers/engine/components.ts'
import type { ByteSpan } from '../../../src/codecs/index.ts'
import type { EngineEvents, EngineSnapshot } from '../../../peers/engine/events.ts'
import type { Membership } from '../../../peers/engine/membership.ts'
import type { Manifest } from '../../../src/federation/manifest/schema.ts'
import type { Join } from '../../../src/federation/records.ts'
import type { Declaration } from '../../../src/rounds/index.ts'
import type { Participation } from '../../../src/federation/participation.ts'
import type { Signed } from '../../../src/federation/signed.ts'
import type { StateStore } from '../../../src/state/index.ts'
import type { Trainer, TrainingJob } from '../../../src/training/types.ts'
import type { VirtualClock } from '../../helpers/virtual-clock.ts'
import type { PrivateKey } from '@libp2p/interface'
import type { CID } from 'multiformats/cid'

export const LENGTH = 10

export interface SwarmOptions {
  /** Members that only observe. */
  observers?: readonly number[]
  /** Of all members, or of each. Default: real time. */
  clock?: Clock | ((member: number) => Clock)
  members?: number
  /** Of the first members; the others get new ones. */
  keys?: readonly PrivateKey[]
  manifest?: Record<string, unknown>
  /** Beyond what a manifest may say: blocks of a value or two. */
  exchange?: Partial<Manifest['exchange']>
  /** What a member adds to a weight in a round. */
  step?: (member: number, round: number, weight: number) => number
  /** What member i makes of a job, in place of that. */
  train?: (member: number, job: TrainingJob) => Float32Array
  /** Default 0: all payloads are fetched. */
  inlineBytes?: number
  /** What member i measures of its link. Default: nothing. */
  uplink?: (member: number) => number | null
  /** The first time-out for a proposal. Default 500. */
  proposeMs?: number
  /** Awaited before a member has trained for a round. */
  hold?: (round: number, member: number) => Promise<void>
  /** What member i claims to have trained on. */
  samples?: (member: number) => number
  /** Awaited before a member has stored a vector. */
  store?: () => Promise<void>
  /** Awaited before this peer has read the latest model. */
  load?: (peer: string) => Promise<void>
  /** Records that never leave their author. */
  isMuted?: (from: string, record: WireRecord) => boolean
}

export interface SwarmPeer {
  id: string
  engine: RoundEngine
  blocks: Map<string, Uint8Array>
  store: StateStore
  key: PrivateKey
}

export class Swarm {
  readonly peers: SwarmPeer[] = []
  /** Ids that neither send nor receive. */
  readonly cut = new Set<string>()
  /** Holder → whom it gives no blocks. */
  readonly withheld = new Map<string, string[]>()
  /** Peer → parts of models that it was given by others. */
  readonly given = new Map<string, number>()
  readonly #shards = new Set<string>()
  /** Peer → what it got of others' payloads. */
  readonly #pieces = new Map<string, Pieces>()
  /** Peer → bytes of others' payloads that it asked for. */
  readonly askedBytes = new Map<string, number>()
  /** Peer → bytes of models that others gave it. */
  readonly modelBytes = new Map<string, number>()
  /** Peer → the models it was told to keep, one list a pruning. Nothing is deleted. */
  readonly kept = new Map<string, string[][]>()
  manifest!: Manifest
  federation!: CID
  readonly #options: SwarmOptions

  constructor(options: SwarmOptions = {}) {
    this.#options = options
  }

  async start(): Promise<this> {
    const count = this.#options.members ?? 4
    for (let i = 0; i < count; i++) await this.add()
    return this
  }

  /** Add a member; the first one founds. */
  async add(reuse?: Pick<SwarmPeer, 'key' | 'store' | 'blocks'>): Promise<SwarmPeer> {
    const key = reuse?.key ?? this.#options.keys?.[this.peers.length] ?? (await generateKeyPair('Ed25519'))
    const id = peerIdFromPrivateKey(key).toString()
    if (this.peers.length === 0 && reuse == null) await this.#found(id)
    const index = this.peers.findIndex((peer) => peer.id === id)
    const member = index === -1 ? this.peers.length : index
    const blocks = reuse?.blocks ?? new Map<string, Uint8Array>()
    this.#pieces.delete(id)
    const store = reuse?.store ?? memoryStore()
    const components = this.#components({ key, id, blocks, store, member })
    const train = this.#options.observers?.includes(member) !== true
    const { inlineBytes = 0, proposeMs = 500 } = this.#options
    const options = { train, proposeMs, voteMs: 300, catchUpMs: 100, inlineBytes }
    const engine = new RoundEngine({
      federation: this.federation,
      manifest: this.manifest,
      components,
      options
    })
    const peer = { id, engine, blocks, store, key }
    if (index === -1) this.peers.push(peer)
    else this.peers[index] = peer
    await engine.load()
    engine.start()
    this.connect()
    return peer
  }

  /** Tell everybody who is reachable. */
  connect(): void {
    for (const { id, engine } of this.peers) {
      const others = this.peers
        .filter((peer) => peer.id !== id && !this.cut.has(peer.id))
        .map((peer) => peer.id)
      engine.setConnected(this.cut.has(id) ? [] : others)
    }
  }

  /** Kill a peer: nothing of it happens any more. */
  kill(peer: SwarmPeer): void {
    peer.engine.stop()
    this.cut.add(peer.id)
    this.connect()
  }

  /** Start a killed peer again from what it had stored. */
  async revive(peer: SwarmPeer): Promise<SwarmPeer> {
    this.cut.delete(peer.id)
    return await this.add(peer)
  }

  stop(): void {
    for (const { engine } of this.peers) engine.stop()
  }

  /** Resolves when the peer's snapshot is so. */
  async until(peer: SwarmPeer, isSo: (snapshot: EngineSnapshot) => boolean): Promise<void> {
    if (isSo(peer.engine.snapshot())) return
    await new Promise<void>((resolve) => {
      const onChange = (): void => {
        if (!isSo(peer.engine.snapshot())) return
        peer.engine.removeEventListener('change', onChange)
        peer.engine.removeEventListener('commit', onChange)
        resolve()
      }
      peer.engine.addEventListener('change', onChange)
      peer.engine.addEventListener('commit', onChange)
    })
  }

  /** Resolves when the peer has applied the commit that completes `round`. */
  async reached(peer: SwarmPeer, round: number): Promise<void> {
    if ((peer.engine.snapshot().tip?.body.round ?? 0) >= round) return
    await new Promise<void>((resolve) => {
      const onCommit = (event: EngineEvents['commit']): void => {
        if (event.detail.tip.body.round < round) return
        peer.engine.removeEventListener('commit', onCommit)
        resolve()
      }
      peer.engine.addEventListener('commit', onCommit)
    })
  }

  async #found(founder: string): Promise<void> {
    const rounds = { startMembers: this.#options.members ?? 4, minContributors: 2, stop: { rounds: 1000 } }
    const manifest = manifestSchema.parse({
      name: 'test',
      task: {
        kind: 'regression',
        input: { kind: 'tabular', columns: [{ name: 'x', type: 'number' }], target: 'y' }
      },
      model: { architecture: { preset: 'logistic' } },
      rounds,
      version: 1,
      founder,
      createdAt: 0,
      nonce: new Uint8Array(16),
      ...this.#options.manifest
    })
    this.manifest = { ...manifest, exchange: { ...manifest.exchange, ...this.#options.exchange } }
    this.federation = (await toBlock(this.manifest)).cid
  }

  #components(of: {
    key: PrivateKey
    id: string
    blocks: Map<string, Uint8Array>
    store: StateStore
    member: number
  }): EngineComponents {
    const blocks = this.#blocks(of.id, of.blocks)
    const log = defaultLogger().forComponent(`murmur:test:${of.member}`)
    return {
      key: of.key,
      self: of.id,
      certificate: new TextEncoder().encode(of.id),
      ledger: new Ledger(of.store),
      votes: new VoteLog(of.store),
      recoveries: new RecoveryLog(of.store),
      evidence: new EvidenceLog(of.store),
      feedback: new ErrorFeedback({ state: of.store, blocks, log }),
      controls: new OwnControls({ state: of.store, blocks, log }),
      locals: new OwnLocals({ state: of.store, blocks, log }),
      momentum: new OwnMomentum({ state: of.store, blocks, log }),
      blocks,
      gossip: { publish: async (record) => this.#publish(of.id, record) },
      catchUp: this.#catchUp(of.id),
      trainer: this.#trainer(of.member),
      membership: openMembership(),
      clock: this.#clockOf(of.member),
      log,
      uplink: () => this.#options.uplink?.(of.member) ?? null,
      addresses: () => []
    }
  }

  #clockOf(member: number): Clock {
    const { clock = realClock } = this.#options
    return typeof clock === 'function' ? clock(member) : clock
  }

  #publish(from: string, record: WireRecord): void {
    if (this.cut.has(from) || this.#options.isMuted?.(from, record) === true) return
    for (const peer of this.peers) {
      if (peer.id === from || this.cut.has(peer.id)) continue
      setImmediate(() => {
        if (!this.cut.has(peer.id)) void openRecord(record).then((open) => peer.engine.receive(open))
      })
    }
  }

  #catchUp(self: string): CatchUpClient {
    const peers = this.peers
    const cut = this.cut
    return {
      async *ask(id, { height, have }): AsyncIterable<CatchUpFrame> {
        const peer = peers.find((one) => one.id === id)
        if (peer == null || cut.has(id) || cut.has(self)) throw new Error(`${id} is not reachable`)
        const ledger = new Ledger(peer.store)
        const head = await ledger.head()
        if (head != null) yield { type: 'head', ...head }
        for await (const { bytes } of ledger.range(height + 1)) yield { type: 'commit', bytes }
        // By envelope: the votes of all members for one body have the same payload.
        const known = new Set(have.map((record) => String(record.bytes)))
        for (const record of height > (head?.height ?? 0) ? [] : peer.engine.records()) {
          if (!known.has(String(record.bytes))) yield { type: 'record', record }
        }
        yield { type: 'end', more: false }
      }
    }
  }

  #blocks(self: string, own: Map<string, Uint8Array>): BlockExchange {
    const put = async (bytes: Uint8Array): Promise<CID> => {
      const cid = await rawCidOf(bytes)
      own.set(cid.toString(), bytes.slice())
      return cid
    }
    /** What a peer has of it. */
    const bytesOf = (id: string, root: string, span: ByteSpan): Uint8Array | undefined => {
      const whole = id === self ? own.get(root) : this.peers.find((peer) => peer.id === id)?.blocks.get(root)
      return whole?.slice(span.offset, span.offset + span.length) ?? this.#piecesOf(id).get(root, span)
    }
    const get = async (cid: CID, span: ByteSpan, holders: () => string[]): Promise<Uint8Array> => {
      const root = cid.toString()
      const reachable = holders().filter(
        (id) => !this.cut.has(self) && !this.cut.has(id) && this.withheld.get(id)?.includes(self) !== true
      )
      const found = [self, ...reachable].map((id) => bytesOf(id, root, span))
      const bytes = found.find((one) => one != null)
      if (bytes == null) throw new BlocksUnavailableError([cid], [])
      if (found[0] == null) this.#piecesOf(self).hold(root, { at: span.offset, bytes })
      return bytes
    }
    return {
      putModel: async (weights) => {
        await this.#options.store?.()
        return await put(floatsToBytes(weights))
      },
      hashModel: async (weights) => await rawCidOf(floatsToBytes(weights)),
      getModel: async (root, values, { holders }) => {
        const length = values * Float32Array.BYTES_PER_ELEMENT
        await this.#options.load?.(self)
        const isHere = bytesOf(self, root.toString(), { offset: 0, length }) != null
        const bytes = await get(root, { offset: 0, length }, holders)
        if (!isHere) this.modelBytes.set(self, (this.modelBytes.get(self) ?? 0) + length)
        return floatsFromBytes(bytes)
      },
      putPayload: put,
      getPayload: async (root, size, { holders, spans = [{ offset: 0, length: size }] }) => {
        const isShard = this.#shards.has(root.toString())
        const lacking = spans.filter((span) => bytesOf(self, root.toString(), span) == null)
        const bytes = lacking.reduce((sum, { length }) => sum + length, 0)
        if (isShard) this.given.set(self, (this.given.get(self) ?? 0) + 1)
        else this.askedBytes.set(self, (this.askedBytes.get(self) ?? 0) + bytes)
        for (const span of spans) await get(root, span, holders)
        return async (offset, length) => await get(root, { offset, length }, holders)
      },
      putShard: async (payload) => {
        const root = await put(payload)
        this.#shards.add(root.toString())
        return root
      },
      prune: async (keep) => void this.kept.set(self, [...(this.kept.get(self) ?? []), keep.map(String)])
    }
  }

  #piecesOf(id: string): Pieces {
    const pieces = this.#pieces.get(id) ?? new Pieces()
    this.#pieces.set(id, pieces)
    return pieces
  }

  async #held(round: number, { member, signal }: { member: number; signal?: AbortSignal }): Promise<void> {
    const held = this.#options.hold?.(round, member) ?? Promise.resolve()
    await (signal == null ? held : orAborted(held, signal))
  }

  #trainer(member: number): Trainer {
    const { train, samples = (i: number): number => 10 * (i + 1) } = this.#options
    const step = this.#options.step ?? ((i: number, round: number): number => (i + 1) * round)
    return {
      info: { backend: 'none', parameters: LENGTH, trainSamples: 10, testSamples: 5 },
      initialWeights: async () => new Float32Array(LENGTH),
      train: async (job, { signal } = {}) => {
        const { round } = job
        await this.#held(round, { member, signal })
        const added = (): Float32Array =>
          Float32Array.from({ length: LENGTH }, (_, i) => step(member, round, i))
        return {
          delta: train?.(member, job) ?? added(),
          samples: samples(member),
          before: { loss: 1, samples: 5 },
          after: { loss: 0.5, samples: 5 },
          trainingMs: 1
        }
      },
      evaluate: async () => ({ loss: 1, samples: 5 }),
      stop: async () => {}
    }
  }
}

/** Virtual time as engines take it; the host's idea of what time it is may be another. */
export function engineClock(clock: VirtualClock, now: () => number = () => clock.nowMs()): Clock {
  return {
    now,
    elapsedMs: () => clock.nowMs(),
    setTimer: (ms, callback) => clock.after(ms, callback)
  }
}

const realClock = {
  now: () => Date.now(),
  elapsedMs: () => performance.now(),
  setTimer(ms: number, callback: () => void): () => void {
    const timer = setTimeout(callback, ms)
    return () => clearTimeout(timer)
  }
}

/** Lets everybody in who asks. A certificate is its member's id. */
function openMembership(): Membership {
  const wishes = new Wishes<Join & { said?: Signed<Participation> }>()
  const { held } = wishes
  const declared = new Map<string, number>()
  const declarations = async (envelopes: readonly Uint8Array[]): Promise<Declaration[]> =>
    await Promise.all(
      envelopes.map(async (envelope) => {
        const { value } = await openParticipation(envelope)
        return { member: value.member, trains: value.trains, envelope }
      })
    )
  const change = (admissions: Uint8Array[]): Awaited<ReturnType<Membership['proposeChange']>> => ({
    admissions,
    admitted: admissions.map((bytes) => new TextDecoder().decode(bytes)),
    revocations: [],
    removed: []
  })
  return {
    prepare: async (body) => {
      const { roster, participation = [] } = body
      const said = await Promise.all(participation.map(openParticipation))
      return () => {
        for (const { author, value } of said) declared.set(author, value.height)
        for (const { peer } of roster) {
          if ((held.get(peer)?.said?.value.height ?? 0) <= (declared.get(peer) ?? 0)) held.delete(peer)
        }
        wishes.follow(body)
      }
    },
    request: async ({ author, value }) => {
      const { certificate, participation } = value
      if (new TextDecoder().decode(certificate) !== author) return false
      const said = participation == null ? undefined : await openParticipation(participation)
      return wishes.hold(author, { ...value, said })
    },
    revoke: async () => false,
    proposeChange: async (roster) => {
      const wanted = [...held]
        .filter(([author]) => !roster.includes(author))
        .sort(([a], [b]) => (a < b ? -1 : 1))
      const admitted = wanted.map(([author]) => author)
      const fresh = [...held].flatMap(([author, { said }]) => {
        const mayCount = said != null && said.value.height > (declared.get(author) ?? 0)
        return mayCount && [...roster, ...admitted].includes(author) ? [said.bytes] : []
      })
      return {
        ...change(wanted.map(([, { certificate }]) => certificate)),
        declared: await declarations(fresh)
      }
    },
    checkChange: async ({ admissions, participation = [] }) => ({
      ...change(admissions),
      declared: await declarations(participation)
    })
  }
}
