/** The slow stage: real engines. Everything that takes time does so in virtual time; promises are drained in between. */
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { offenceFault } from '../../../src/rounds/index.ts'
import { evidenceType } from '../../../src/federation/records.ts'
import { reopen } from '../../../src/federation/signed.ts'
import { openRecord } from '../../engine/records/records.ts'
import { toBlock } from '../../../src/federation/cbor.ts'
import { Ledger } from '../../../src/state/index.ts'
import { uniform } from '../../../src/random.ts'
import { simulatedFederation } from '../federation.ts'
import { Stage } from '../stage/stage.ts'
import { EngineActor } from './actor.ts'
import { EngineLiar } from './liar.ts'
import { virtualStore } from './store.ts'
import { SERVER_OPTIMIZER } from './training.ts'
import { EngineWatch, provenVote } from './watch.ts'
import type { History } from '../history.ts'
import type { ByteSpan } from '../../../src/codecs/index.ts'
import type { CatchUpFrame, FetchOptions, WireRecord } from '../../engine/components.ts'
import type { Manifest } from '../../../src/federation/manifest/schema.ts'
import type { PrivateKey } from '@libp2p/interface'
import type { CID } from 'multiformats/cid'

/** A request that is not answered by then never will be. */
const ANSWER_MS = 3000
/** How long a fetch takes when nobody gives. */
const REFUSAL_MS = 50

interface Asked {
  peer: string
  height: number
  have: readonly WireRecord[]
  signal: AbortSignal
}

export class EngineStage extends Stage<EngineActor> {
  readonly federation: CID
  readonly manifest: Manifest
  readonly peers: EngineActor[]
  readonly watch: EngineWatch
  readonly #liars: ReadonlyMap<string, EngineLiar>
  /** The first thing that went wrong where nobody waits. */
  #failure: Error | null = null

  private constructor(history: History, { keys, federation, manifest }: Founding) {
    super(history)
    this.federation = federation
    this.manifest = manifest
    this.watch = new EngineWatch(this)
    this.peers = keys.map((key, index) => {
      const id = peerIdFromPrivateKey(key).toString()
      return new EngineActor({ index, id, key, disk: this.createDisk(index), stage: this })
    })
    this.#liars = new Map(
      history.liars.map(({ peer, strategies }) => {
        const { id, key } = this.peers[peer]
        return [id, new EngineLiar(key, strategies, this.random)]
      })
    )
  }

  /** The first peer founds, the others ask to join. */
  static async create(history: History): Promise<EngineStage> {
    const keys = await Promise.all(
      Array.from({ length: history.federation.peers }, (_, index) => {
        const seed = new Uint8Array(32).fill(index + 1)
        new DataView(seed.buffer).setUint32(0, history.seed)
        return generateKeyPairFromSeed('Ed25519', seed)
      })
    )
    const { manifest } = simulatedFederation(history.federation)
    const rounds = { ...manifest.rounds, startMembers: history.federation.peers }
    const founder = peerIdFromPrivateKey(keys[0]).toString()
    const aggregation = { ...manifest.aggregation, serverOptimizer: SERVER_OPTIMIZER }
    const founded = { ...manifest, founder, rounds, aggregation }
    return new EngineStage(history, { keys, manifest: founded, federation: (await toBlock(founded)).cid })
  }

  /** Work that nobody waits for: what it throws ends the history. */
  background(work: Promise<unknown>): void {
    work.catch((error: unknown) => (this.#failure ??= error as Error))
  }

  /** @throws what went wrong where nobody waited */
  rethrow(): void {
    if (this.#failure != null) throw this.#failure
  }

  async pause(peer: EngineActor, ms: number): Promise<void> {
    await new Promise<void>((resolve) => this.after(peer, ms, resolve))
  }

  async publish(from: EngineActor, record: WireRecord): Promise<void> {
    const liar = this.#isEverybodyIn ? this.#liars.get(from.id) : undefined
    this.watch.heard(from, record)
    if (!this.isLiar(from)) this.watch.published(from, record)
    for (const to of this.peers) {
      if (to === from) continue
      for (const told of (await liar?.tell(record, to.index, from.engine?.records() ?? [])) ?? [record]) {
        if (told !== record) this.watch.heard(from, told)
        this.send(from, to, () => this.background(this.#receive(to, told)))
      }
    }
  }

  /** Liars are a bounded share of the whole roster, and behave until it is whole. */
  get #isEverybodyIn(): boolean {
    return this.watch.decided.at(-1)?.height.roster.length === this.size
  }

  /** One question, one answer, either of which may be lost. */
  async *ask(from: EngineActor, { peer, height, have, signal }: Asked): AsyncGenerator<CatchUpFrame> {
    const to = this.peers.find(({ id }) => id === peer)
    if (to == null) throw new Error(`${peer} is not known`)
    const { promise, resolve, reject } = Promise.withResolvers<CatchUpFrame[]>()
    const cancel = this.after(from, ANSWER_MS, () => reject(new Error(`${peer} does not answer`)))
    const answer = async (): Promise<void> => {
      const frames = await this.#answer(to, { height, have })
      this.send(to, from, () => resolve(frames))
    }
    this.send(from, to, () => this.background(answer()))
    const frames = await promise
    cancel()
    signal.throwIfAborted()
    yield* frames
  }

  /** Bytes from a holder, if one that is asked and can be reached has and gives them. */
  async fetch(
    self: EngineActor,
    { root, span }: { root: string; span: ByteSpan },
    { holders }: FetchOptions
  ): Promise<Uint8Array | undefined> {
    const { delayMs } = this.network.weather
    await this.pause(self, REFUSAL_MS + 2 * delayMs[0] * this.slowness(self))
    const asked = holders()
    const holder = this.peers.find(
      (peer) =>
        asked.includes(peer.id) &&
        peer.up &&
        this.talk(self, peer) &&
        (!this.#isEverybodyIn || this.#liars.get(peer.id)?.serves(self.index) !== false) &&
        peer.bytesOf(root, span) != null
    )
    return holder?.bytesOf(root, span)
  }

  isOutstanding({ engine }: EngineActor): boolean {
    const tip = engine?.tip
    const reports = engine?.records().filter(({ kind }) => kind === 'evidence') ?? []
    return reports.some(({ bytes }) => {
      const { author: offender, height } = provenVote(reopen(evidenceType, bytes).votes[0])
      return tip != null && offenceFault(tip, { offender, height }) == null
    })
  }

  describe(): string[] {
    return this.peers.map(({ index, up, engine }) => {
      const { tip, step, view, mode, updated, settled } = engine?.snapshot() ?? {}
      return `${index} (${up ? 'up' : 'down'}) height ${tip?.body.height}, ${mode}, view ${view}, ${step}, settled ${settled}, ${updated?.length} updates`
    })
  }

  protected onRaised(): void {}

  async #receive(to: EngineActor, record: WireRecord): Promise<void> {
    const { engine } = to
    const opened = await openRecord(record)
    if (to.engine === engine) await engine?.receive(opened)
  }

  async #answer(to: EngineActor, asked: Pick<Asked, 'height' | 'have'>): Promise<CatchUpFrame[]> {
    const frames: CatchUpFrame[] = []
    for await (const { bytes } of new Ledger(virtualStore(to.disk)).range(asked.height + 1))
      frames.push({ type: 'commit', bytes })
    // By envelope: the votes of all members for one body have the same payload.
    const known = new Set(asked.have.map(({ bytes }) => String(bytes)))
    for (const record of to.engine?.records() ?? []) {
      if (asked.height <= to.committed && !known.has(String(record.bytes)))
        frames.push({ type: 'record', record })
    }
    return [...frames, { type: 'end', more: false }]
  }

  /** Ids of those that lie. */
  get liars(): ReadonlySet<string> {
    return new Set(this.#liars.keys())
  }

  /** For strategies that draw. */
  chance(probability: number): boolean {
    return uniform(this.random) < probability
  }
}

interface Founding {
  keys: PrivateKey[]
  federation: CID
  manifest: Manifest
}
