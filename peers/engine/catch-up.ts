/** Finding out what this peer lacks: when somebody appears, when others are ahead, when nothing moves. */
import { openRecord } from './records/records.ts'
import { InvalidCommitError, verifyCommit } from './verify.ts'
import type { CatchUpClient, Clock, WireRecord } from './components.ts'
import type { OpenRecord } from './records/records.ts'
import type { NextCommit } from './tip.ts'
import type { LedgerTip } from '../../src/rounds/index.ts'
import type { Logger } from '@libp2p/interface'
import type { CID } from 'multiformats/cid'

/** Gossip and a commit cross all the time: being behind by a moment is no reason to ask. */
const PATIENCE_MS = 200
/** One peer is asked at a time; when it is silent for so long, another one as well. */
const SILENCE_MS = 2_000
/** So many times nothing had moved since the time before: worth telling a person. */
const QUIET_TICKS = 4
/** Peers asked at the same time, at most. */
const MAX_ASKED = 4

export interface CatchUpInit {
  client: CatchUpClient
  clock: Clock
  log: Logger
  /** Without progress for so long, ask. */
  stalledMs: number
  tip(): LedgerTip | null
  /** Records of the current height that are here. */
  have(): WireRecord[]
  connected(): string[]
  /** Changes whenever the height makes progress. */
  progress(): string
  /** Resolves to the new tip, or null when the commit no longer follows. */
  onCommit(commit: NextCommit): Promise<boolean>
  /** A peer tells its last commit. */
  onHead(peer: string, head: { height: number; cid: CID }): void
  /** What a peer has does not follow from what is here. */
  onOtherHistory(peer: string): void
  /** A series of commits was applied. */
  onCaughtUp(): void
  onRecord(record: OpenRecord): Promise<void>
  /** Regularly, whether or not anything is lacking. */
  onTick(): void
  /** `isQuiet` changed. */
  onQuiet(): void
}

export class CatchUp {
  readonly #init: CatchUpInit
  readonly #abort = new AbortController()
  readonly #soon = new Map<string, () => void>()
  #cancelTick: () => void = () => {}
  readonly #asked = new Set<string>()
  #heardAt = 0
  #lastProgress = ''
  #stalledTicks = 0
  #turn = 0

  constructor(init: CatchUpInit) {
    this.#init = init
  }

  start(): void {
    this.#cancelTick = this.#init.clock.setTimer(this.#init.stalledMs, () => this.#tick())
  }

  stop(): void {
    this.#abort.abort(new Error('The peer stops'))
    this.#cancelTick()
    for (const cancel of this.#soon.values()) cancel()
    this.#soon.clear()
  }

  /** Nothing has moved for several times the time after which others are asked. */
  get isQuiet(): boolean {
    return this.#stalledTicks >= QUIET_TICKS && this.#init.progress() === this.#lastProgress
  }

  /** Ask this peer in a moment, unless what is lacking has come by then. */
  askSoon(peer: string): void {
    if (this.#soon.has(peer) || this.#abort.signal.aborted) return
    const before = this.#height()
    const cancel = this.#init.clock.setTimer(PATIENCE_MS, () => {
      this.#soon.delete(peer)
      if (this.#height() === before) void this.ask(peer)
    })
    this.#soon.set(peer, cancel)
  }

  /** Ask one peer for everything that it has and this one lacks. Never rejects: another peer will be asked. */
  async ask(peer: string): Promise<void> {
    if (this.#init.tip() == null || !this.#mayAsk(peer)) return
    this.#asked.add(peer)
    this.#heardAt = this.#init.clock.elapsedMs()
    try {
      while (await this.#askOnce(peer, { have: this.#init.have(), signal: this.#abort.signal }));
    } catch (error) {
      if (this.#abort.signal.aborted) return
      this.#init.log('could not catch up from %s: %s', peer, (error as Error).message)
      if (error instanceof InvalidCommitError) this.#init.onOtherHistory(peer)
    } finally {
      this.#asked.delete(peer)
    }
  }

  /**
   * Ask one peer until it has nothing more, whoever else is asked meanwhile. It need not be a member, so it is not told
   * what is here.
   *
   * @throws what the client throws, or that a commit does not hold
   */
  async exhaust(peer: string, given: AbortSignal): Promise<void> {
    const signal = AbortSignal.any([given, this.#abort.signal])
    for (;;) {
      signal.throwIfAborted()
      const before = this.#height()
      try {
        if (!(await this.#askOnce(peer, { have: [], signal })) && this.#height() === before) return
      } catch (error) {
        // Another peer may have brought the same commits first: go on after those.
        if (this.#height() === before) throw error
      }
    }
  }

  /** A peer that hangs must not keep this one from asking the others. */
  #mayAsk(peer: string): boolean {
    if (this.#asked.size === 0) return true
    const silentMs = this.#init.clock.elapsedMs() - this.#heardAt
    return silentMs >= SILENCE_MS && this.#asked.size < MAX_ASKED && !this.#asked.has(peer)
  }

  /** True when there is more to be had. */
  async #askOnce(peer: string, about: { have: WireRecord[]; signal: AbortSignal }): Promise<boolean> {
    const { have, signal } = about
    const question = { height: this.#height(), have }
    let applied = 0
    let more = false
    try {
      for await (const frame of this.#init.client.ask(peer, question, { signal })) {
        this.#heardAt = this.#init.clock.elapsedMs()
        if (frame.type === 'head') this.#init.onHead(peer, frame)
        else if (frame.type === 'commit') applied += (await this.#onCommit(frame.bytes)) ? 1 : 0
        else if (frame.type === 'record') await this.#init.onRecord(await openRecord(frame.record))
        else if (frame.type === 'end') more = frame.more
      }
    } finally {
      if (applied > 0) this.#init.onCaughtUp()
    }
    return more && applied > 0
  }

  async #onCommit(bytes: Uint8Array): Promise<boolean> {
    const tip = this.#init.tip()
    if (tip == null) return false
    const { commit, cid } = await verifyCommit(tip, bytes)
    return await this.#init.onCommit({ cid, body: commit.body, bytes })
  }

  #tick(): void {
    if (this.#abort.signal.aborted) return
    this.start()
    this.#init.onTick()
    const stalled = this.#isStalled()
    const peers = this.#init.connected()
    if (stalled && peers.length > 0) void this.ask(peers[this.#turn++ % peers.length])
  }

  #isStalled(): boolean {
    const progress = this.#init.progress()
    const stalled = progress === this.#lastProgress
    this.#lastProgress = progress
    const wasQuiet = this.#stalledTicks >= QUIET_TICKS
    this.#stalledTicks = stalled ? this.#stalledTicks + 1 : 0
    if (this.isQuiet !== wasQuiet) this.#init.onQuiet()
    return stalled
  }

  #height(): number {
    return this.#init.tip()?.body.height ?? 0
  }
}
