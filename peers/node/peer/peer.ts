/** A running member of a federation, over real disk, network and training. */
import { TypedEventEmitter } from 'main-event'
import { pEvent } from 'p-event'
import { MembershipError, RevokedError } from '../../../src/federation/errors.ts'
import { activeMembers, checkRevocation } from '../../../src/federation/membership.ts'
import { hostClock } from '../clock.ts'
import { makeInvite, makeRevocation } from '../invites.ts'
import { keepAlive } from '../keep-alive.ts'
import { Contacts } from '../network/contacts.ts'
import { tcpPortOf } from '../network/port.ts'
import { Bookkeeping } from './bookkeeping.ts'
import { closeAll } from '../close.ts'
import { openParts } from './parts.ts'
import { isFinished, lackedRoot } from '../../../src/rounds/index.ts'
import { patienceMs } from './patience.ts'
import { makeRecovery } from './recovery.ts'
import { peerStatus, phaseOf, waitingFor } from './status.ts'
import { summariesOf, summaryOf } from './summary.ts'
import type { Issuer } from '../invites.ts'
import type { HomeConfig } from '../home/index.ts'
import type { MetricsOptions, MetricsServer } from '../metrics/index.ts'
import type {
  CommitSummary,
  InviteOptions,
  Peer,
  PeerEvents,
  PeerInit,
  PeerStatus,
  RecoverOptions
} from '../types.ts'
import type { Parts } from './parts.ts'
import type { StatusInput } from './status.ts'
import type { EngineEvents } from '../../engine/events.ts'
import type { Manifest } from '../../../src/federation/manifest/index.ts'
import type { CID } from 'multiformats/cid'

/** Members' addresses remembered for the next start. */
const MAX_REMEMBERED = 64

/** Passed on as they are. */
const passedOn = [
  'round:start',
  'training:progress',
  'update:accepted',
  'update:refused',
  'view:change'
] as const

/** For pEvent: errors are told of, but they are no end of the waiting. */
const untilTold = { rejectionEvents: [] }

/** What a peer waits for does not come any more. */
export class PeerStoppedError extends Error {
  static override name = 'PeerStoppedError'

  constructor() {
    super('This peer was stopped: create another one to go on')
    this.name = 'PeerStoppedError'
  }
}

/** Its parts may have something to tell before there is a peer to tell it to; that is told by its state. */
interface LateListener {
  peer: {
    membership(): void
    addresses(peerId: string, addresses: string[]): void
    ban(): void
    damaged(cid: CID, reason: string): void
    error(error: Error): void
  } | null
}

/** See `Peer` in ../types.ts. */
export class NodePeer extends TypedEventEmitter<PeerEvents> implements Peer {
  readonly #parts: Parts
  readonly #init: PeerInit
  readonly #contacts: Contacts
  readonly #books = new Bookkeeping()
  readonly #stopping = new AbortController()
  #started: Promise<void> | null = null
  #stopped: Promise<void> | null = null
  #connected: string[] = []
  #metrics: MetricsServer | null = null
  #lastPhase = ''
  /** Writes to the home follow each other. */
  #remembering: Promise<unknown> = Promise.resolve()

  private constructor(init: PeerInit, parts: Parts, late: LateListener) {
    super()
    this.#init = init
    this.#parts = parts
    this.#contacts = this.#createContacts()
    late.peer = {
      membership: () => this.#onMembership(),
      addresses: (peerId, addresses) => this.#contacts.hear(peerId, addresses),
      ban: () => this.#background(this.#parts.node.services.admission.recheck()),
      damaged: (cid, reason) => this.#background(this.#onDamaged(cid, reason)),
      error: (error) => this.#fail(error)
    }
    this.#follow()
  }

  /** Open everything that a peer needs; it is neither reached nor reaches anybody before `start()`. */
  static async open(init: PeerInit): Promise<NodePeer> {
    const late: LateListener = { peer: null }
    const parts = await openParts(init, {
      onMembership: () => late.peer?.membership(),
      onAddresses: (peerId, addresses) => late.peer?.addresses(peerId, addresses),
      onBan: () => late.peer?.ban(),
      onDamaged: (cid, reason) => late.peer?.damaged(cid, reason),
      onError: (error) => late.peer?.error(error)
    })
    return new NodePeer(init, parts, late)
  }

  get peerId(): string {
    return this.#parts.self
  }

  get manifest(): Manifest {
    return this.#parts.manifest.value
  }

  get metricsUrl(): string | null {
    return this.#metrics?.url ?? null
  }

  async start(): Promise<void> {
    this.#stopping.signal.throwIfAborted()
    await (this.#started ??= this.#start())
  }

  async stop(): Promise<void> {
    await (this.#stopped ??= keepAlive(this.#stop()))
  }

  status(): PeerStatus {
    return peerStatus(this.#statusInput())
  }

  addresses(): string[] {
    return this.#parts.addresses()
  }

  ledger({ from = 1, limit }: { from?: number; limit?: number } = {}): AsyncIterable<CommitSummary> {
    return summariesOf(this.#parts.ledger.range(Math.max(1, from), limit))
  }

  async weights(): Promise<Float32Array> {
    const { engine } = this.#parts
    const { signal } = this.#stopping
    // Looked at again after each change: the next commit may take them away before this goes on.
    for (;;) {
      signal.throwIfAborted()
      if (engine.weights != null) {
        const weights = await engine.ownWeights()
        if (weights != null) return weights.slice()
      } else await pEvent(engine, 'change', { ...untilTold, signal })
    }
  }

  async invite(options: InviteOptions = {}): Promise<string> {
    return await makeInvite(this.#issuer(), { ...options, addresses: options.addresses ?? this.addresses() })
  }

  async revoke(target: { invite: string } | { peerId: string }): Promise<void> {
    const signed = await makeRevocation(this.#issuer(), target)
    await checkRevocation(this.#parts.membership.state, signed.bytes)
    await this.#parts.engine.request({ kind: 'revocation', signed })
  }

  async recover(options: RecoverOptions): Promise<Uint8Array> {
    const { engine, membership, self, key } = this.#parts
    const { tip } = engine
    if (tip == null) throw new PeerStoppedError()
    const init = { self, key, tip, membership: membership.state, connected: this.#connected }
    const recovery = await makeRecovery({ ...init, ...options, now: hostClock.now() })
    await engine.branches.recover(recovery)
    return recovery.bytes
  }

  async followRecovery({ commit, record }: { commit?: string; record?: Uint8Array } = {}): Promise<void> {
    const { branches } = this.#parts.engine
    await branches.follow(record == null ? commit : (await branches.hear(record)).commit)
  }

  async refuseRecovery(commit?: string): Promise<void> {
    await this.#parts.engine.branches.refuse(commit)
  }

  async waitForRound(round?: number, { signal }: { signal?: AbortSignal } = {}): Promise<CommitSummary> {
    const { signal: stopping } = this.#stopping
    const done = new AbortController()
    const signals = [stopping, done.signal, ...(signal == null ? [] : [signal])]
    // Listened for before the ledger is searched: the commit may come in between.
    const coming = pEvent<'commit', EngineEvents['commit']>(this.#parts.engine, 'commit', {
      ...untilTold,
      filter: ({ detail: { tip } }) => (round == null ? isFinished(tip) : tip.body.round >= round),
      signal: AbortSignal.any(signals)
    })
    coming.catch(() => {})
    const before = await this.#committed(round)
    if (before != null) {
      done.abort()
      return before
    }
    const { tip, commit } = (await coming).detail
    return summaryOf({ cid: tip.cid, bytes: commit })
  }

  async #start(): Promise<void> {
    const { node, talk, engine } = this.#parts
    await node.start()
    this.#rememberPort()
    await talk.start()
    if (this.#init.metrics != null) this.#metrics = await this.#serveMetrics(this.#init.metrics)
    engine.start()
    this.#contacts.start()
    this.#onMembership()
    this.#tellPhase()
  }

  /** What serves them is loaded where they are asked for: it is a tenth of all that a start loads. */
  async #serveMetrics(options: MetricsOptions): Promise<MetricsServer> {
    const { serveMetrics } = await import('../metrics/index.ts')
    return await serveMetrics(this, options)
  }

  async #stop(): Promise<void> {
    this.#stopping.abort(new PeerStoppedError())
    const { engine, node, talk, close } = this.#parts
    // A start under way may fail now, and its caller is told; here it only has to be over.
    await this.#started?.catch(() => {})
    this.#tellPhase()
    engine.stop()
    this.#contacts.stop()
    await closeAll([
      async () => await this.#metrics?.stop(),
      async () => await talk.stop(),
      async () => await node.stop(),
      async () => void (await this.#remembering),
      close
    ])
  }

  #issuer(): Issuer {
    const { manifest, key, certificate } = this.#parts
    return { manifest, key, certificate, now: hostClock.now() }
  }

  /** The commit that completed `round` (default: the last), if it is in the ledger already: searched from the end. */
  async #committed(wanted?: number): Promise<CommitSummary | undefined> {
    const { tip, finished } = this.#parts.engine.snapshot()
    if (wanted == null && !finished) return undefined
    const round = wanted ?? tip?.body.round ?? 0
    let found: CommitSummary | undefined
    for (let height = tip?.body.height ?? 0; height > 0; height--) {
      const entry = await this.#parts.ledger.get(height)
      if (entry == null) break
      const summary = summaryOf(entry)
      if (summary.round < round) break
      found = summary
    }
    return found
  }

  #createContacts(): Contacts {
    const { node, links, inquiry, silence, engine, bootstrap } = this.#parts
    return new Contacts({
      node,
      links,
      inquiry,
      silence,
      bootstrap,
      remember: (addresses) => this.#remember(addresses),
      patienceMs: (peerId) => patienceMs(this.#books.usualMs, engine.proposing === peerId),
      onMembers: (peers, answering) => {
        this.#connected = peers
        engine.setConnected(answering)
        this.#tellPhase()
      },
      onHead: (peerId, head) => engine.branches.onHead(peerId, head),
      onMember: (peerId, connected) =>
        this.#emit(connected ? 'member:connect' : 'member:disconnect', { peerId }),
      onRefused: (refusal) => this.#emit('member:refused', refusal)
    })
  }

  /** Pass on what the engine tells, in the terms of a peer. */
  #follow(): void {
    const { engine } = this.#parts
    for (const type of passedOn) {
      const pass = (event: Event): void => this.#emit(type, (event as PeerEvents[typeof type]).detail)
      engine.addEventListener(type, pass)
    }
    engine.addEventListener('change', () => this.#tellPhase())
    engine.addEventListener('training:end', ({ detail: { round, before, after, samples, trainingMs } }) => {
      this.#books.ownEvaluation = before
      this.#emit('training:end', { round, trainingMs, samples, before, after })
    })
    engine.addEventListener('commit', ({ detail }) => this.#onCommit(detail))
    engine.addEventListener('finished', ({ detail: { tip, evaluation } }) => {
      this.#books.ownEvaluation = evaluation
      this.#emit('finished', { round: tip.body.round, commit: tip.cid.toString(), evaluation })
    })
    engine.addEventListener('error', ({ detail }) => this.#fail(detail.error))
  }

  #onCommit({ tip, commit, durationMs }: EngineEvents['commit']['detail']): void {
    this.#books.committed(tip.body.round, durationMs)
    const summary = summaryOf({ cid: tip.cid, bytes: commit })
    const root = lackedRoot(tip)
    this.#emit('commit', { ...summary, roundMs: durationMs, ...(root == null ? {} : { lackedRoot: root }) })
  }

  /** The ledger says who is a member now: reach the new ones, part with the revoked. */
  #onMembership(): void {
    const { membership, links, node, self } = this.#parts
    if (this.#started == null || this.#stopping.signal.aborted) return
    this.#contacts.seek(activeMembers(membership.state).map(({ peerId }) => peerId))
    for (const peerId of membership.state.revokedPeers.keys()) links.drop(peerId)
    this.#background(node.services.admission.recheck())
    const revoked = membership.state.revokedPeers.get(self)
    if (revoked != null) this.#fail(new RevokedError("This peer's membership", revoked.reason))
  }

  /** What others may ask for in a moment is in memory, if it is of the latest model; else it is fetched when it is read. */
  async #onDamaged(cid: CID, reason: string): Promise<void> {
    const { logger, heal } = this.#parts
    logger.forComponent('murmur:blockstore').error('block %c on disk is damaged: %s', cid, reason)
    const healed = await heal(cid)
    this.#emit('block:damaged', { cid: cid.toString(), reason, healed })
  }

  #remember(addresses: string[]): void {
    this.#note(({ bootstrap }) => {
      const newestFirst = [...new Set([...addresses, ...bootstrap])]
      return { bootstrap: newestFirst.slice(0, MAX_REMEMBERED) }
    })
  }

  #rememberPort(): void {
    const port = tcpPortOf(this.addresses())
    this.#note((config) => (port == null || port === config.port ? {} : { port }))
  }

  /** Write into the home's configuration; a failure is no reason to stop. */
  #note(changes: (config: HomeConfig) => Partial<HomeConfig>): void {
    const { home } = this.#parts
    this.#remembering = this.#remembering
      .then(async () => await home.updateConfig(changes(await home.config())))
      .catch((error: unknown) => this.#fail(error as Error))
  }

  #statusInput(): StatusInput {
    const { self, manifest, engine, membership, conduct, links, node, trainer, traffic } = this.#parts
    return {
      self,
      manifest,
      engine: engine.snapshot(),
      membership: membership.state,
      connected: this.#connected,
      stopped: this.#stopping.signal.aborted,
      latencyMs: (peerId) =>
        node.getConnections().find(({ remotePeer }) => remotePeer.toString() === peerId)?.rtt ?? null,
      banOf: (peerId) => conduct.ban(peerId),
      now: hostClock.now(),
      addressesOf: (peerId) => links.addresses(peerId),
      addresses: () => this.addresses(),
      bytes: { bytesIn: traffic.bytesIn, bytesOut: traffic.bytesOut },
      ownEvaluation: this.#books.ownEvaluation,
      roundsMs: this.#books.roundsMs,
      trainer: trainer.info
    }
  }

  #tellPhase(): void {
    const input = this.#statusInput()
    const detail = { phase: phaseOf(input), waitingFor: waitingFor(input) }
    const said = JSON.stringify(detail)
    if (said === this.#lastPhase) return
    this.#lastPhase = said
    this.#emit('phase', detail)
  }

  #emit<K extends keyof PeerEvents>(type: K, detail: PeerEvents[K]['detail']): void {
    this.safeDispatchEvent(type, { detail })
  }

  #background(work: Promise<unknown>): void {
    work.catch((error: unknown) => this.#fail(error as Error))
  }

  /** What fails because the peer stops is no failure. */
  #fail(error: Error): void {
    if (this.#stopping.signal.aborted) return
    const log = this.#parts.logger.forComponent('murmur:peer')
    log.error('%s', error instanceof MembershipError ? error.message : (error.stack ?? error.message))
    this.#emit('error', { error })
  }
}
