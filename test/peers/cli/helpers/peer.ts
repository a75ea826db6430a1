/** A peer that does nothing but tell what the test says, and the control socket's end of it. */
import { TypedEventEmitter } from 'main-event'
import { commit, digitsManifest, status } from './samples.ts'
import type { ControlClient, StateSource } from '../../../../peers/cli/library/types.ts'
import type {
  CommitSummary,
  InviteOptions,
  Peer,
  PeerEvents,
  PeerStatus,
  RecoverOptions
} from '../../../../peers/node/types.ts'
import type { Manifest } from '../../../../src/federation/manifest/index.ts'

/** Emits what it is told to, and notes what is asked of it. */
export class FakePeer extends TypedEventEmitter<PeerEvents> implements Peer {
  readonly manifest: Manifest
  state: PeerStatus
  /** In the order they happened. */
  readonly calls: string[] = []
  /** Awaited by `start()`; set it to hold the start up, or to let it fail. */
  starting: Promise<void> = Promise.resolve()
  /** Awaited by `stop()`. */
  stopping: Promise<void> = Promise.resolve()
  readonly #reached = new Map<string, PromiseWithResolvers<void>>()
  readonly #rounds: { round: number; resolve: (commit: CommitSummary) => void }[] = []

  constructor(manifest: Manifest, state = status()) {
    super()
    this.manifest = manifest
    this.state = state
  }

  static async create(state?: Partial<PeerStatus>): Promise<FakePeer> {
    return new FakePeer((await digitsManifest()).value, status(state))
  }

  get peerId(): string {
    return this.state.peerId
  }

  async start(): Promise<void> {
    this.#note('start')
    await this.starting
  }

  async stop(): Promise<void> {
    this.#note('stop')
    await this.stopping
  }

  status(): PeerStatus {
    return this.state
  }

  metricsUrl: string | null = null

  addresses(): string[] {
    return this.state.addresses
  }

  async *ledger(): AsyncIterable<CommitSummary> {}

  weights(): Promise<Float32Array> {
    return Promise.resolve(Float32Array.of(1, 2, 3))
  }

  invite(): Promise<string> {
    return Promise.resolve('murmur:fromThePeer')
  }

  revoke(): Promise<void> {
    return Promise.resolve()
  }

  recover(): Promise<Uint8Array> {
    return Promise.resolve(Uint8Array.of(1, 2))
  }

  followRecovery(): Promise<void> {
    return Promise.resolve()
  }

  refuseRecovery(): Promise<void> {
    return Promise.resolve()
  }

  async waitForRound(
    round = this.state.rounds,
    { signal }: { signal?: AbortSignal } = {}
  ): Promise<CommitSummary> {
    this.#note(`waitForRound ${round}`)
    return await new Promise((resolve, reject) => {
      this.#rounds.push({ round, resolve })
      signal?.addEventListener('abort', () => reject(signal.reason as Error))
    })
  }

  /** Tell the listeners, and whoever waits for a round. */
  emit<Name extends keyof PeerEvents>(name: Name, detail: PeerEvents[Name]['detail']): void {
    this.dispatchEvent(new CustomEvent(name, { detail }))
    if (name !== 'commit') return
    const { round } = detail as PeerEvents['commit']['detail']
    for (const waiting of this.#rounds) if (waiting.round <= round) waiting.resolve(commit(round))
  }

  /** Resolves when the call was made, e.g. 'start'. */
  called(call: string): Promise<void> {
    return this.calls.includes(call) ? Promise.resolve() : this.#reachedBy(call).promise
  }

  /** Listeners that nobody took back, of all events. */
  listening(names: readonly (keyof PeerEvents)[]): number {
    return names.reduce((total, name) => total + this.listenerCount(name), 0)
  }

  #note(call: string): void {
    this.calls.push(call)
    this.#reachedBy(call).resolve()
  }

  #reachedBy(call: string): PromiseWithResolvers<void> {
    const known = this.#reached.get(call) ?? Promise.withResolvers<void>()
    this.#reached.set(call, known)
    return known
  }
}

/** State as files or a running peer tell it. */
export class FakeSource implements StateSource {
  readonly origin: 'peer' | 'disk' = 'disk'
  state = status()
  commits: CommitSummary[] = [1, 2, 3].map((round) => commit(round))
  closed = 0

  status(): Promise<PeerStatus> {
    return Promise.resolve(this.state)
  }

  async *ledger({ from, limit }: { from: number; limit: number }): AsyncIterable<CommitSummary> {
    yield* this.commits.filter(({ height }) => height >= from).slice(0, limit)
  }

  weights(): Promise<Float32Array> {
    return Promise.resolve(Float32Array.of(1, 2, 3))
  }

  close(): Promise<void> {
    this.closed++
    return Promise.resolve()
  }
}

/** What `library.connect()` gives while a peer runs. */
export class FakeControl extends FakeSource implements ControlClient {
  override readonly origin = 'peer'
  readonly asked: unknown[] = []

  invite(options: InviteOptions): Promise<string> {
    this.asked.push({ invite: options })
    return Promise.resolve('murmur:fromThePeer')
  }

  revoke(target: { invite: string } | { peerId: string }): Promise<void> {
    this.asked.push({ revoke: target })
    return Promise.resolve()
  }

  recover(options: RecoverOptions): Promise<Uint8Array> {
    this.asked.push({ recover: options })
    return Promise.resolve(Uint8Array.of(1, 2))
  }

  followRecovery(which: { commit?: string; record?: Uint8Array } = {}): Promise<void> {
    this.asked.push({ follow: which })
    return Promise.resolve()
  }

  refuseRecovery(commit?: string): Promise<void> {
    this.asked.push({ refuse: commit })
    return Promise.resolve()
  }

  stop(): Promise<void> {
    this.asked.push('stop')
    return Promise.resolve()
  }
}
