/**
 * The round engine: keeps the ledger's tip and the model it commits, runs one height after the other, catches up when
 * it is behind. Platform-neutral: disk, network, training and time are handed in.
 */
import { TypedEventEmitter } from 'main-event'
import { orAborted } from '../../src/turns.ts'
import { initialState, isFinished, nextHeight, proposerOf, step, voters } from '../../src/rounds/index.ts'
import { BranchControl } from './branches/index.ts'
import { CatchUp } from './catch-up.ts'
import { Clocks } from './clocks.ts'
import { DiskError } from './disk.ts'
import { Evidence } from './records/evidence.ts'
import { EarlyRecords } from './records/early.ts'
import { HeightWork } from './height/height.ts'
import { insist } from './insist.ts'
import { heightListener } from './listener.ts'
import { Models } from './models.ts'
import { SupersededError } from './superseded.ts'
import { wire } from './records/records.ts'
import { progressOf } from './progress.ts'
import { Requests } from './records/requests.ts'
import { roundConfig } from './config.ts'
import { rootsOf, TipKeeper } from './tip.ts'
import type { KnownBody } from './height/bodies.ts'
import type { EngineComponents, EngineOptions, Position, WireRecord } from './components.ts'
import type { EngineEvents, EngineSnapshot } from './events.ts'
import type { HeightListener, UntimedEvent } from './height/height.ts'
import type { OpenRecord, RoundRecord } from './records/records.ts'
import type { EvidenceRecord } from './records/evidence.ts'
import type { RequestRecord } from './records/requests.ts'
import type { NextCommit } from './tip.ts'
import type { Manifest } from '../../src/federation/manifest/schema.ts'
import type { Height, LedgerTip, RoundState } from '../../src/rounds/index.ts'
import type { CID } from 'multiformats/cid'

export interface RoundEngineInit {
  federation: CID
  manifest: Manifest
  components: EngineComponents
  options: EngineOptions
}

export class RoundEngine extends TypedEventEmitter<EngineEvents> {
  readonly #init: RoundEngineInit
  readonly #components: EngineComponents
  readonly #tip: TipKeeper
  readonly #requests: Requests
  readonly #evidence: Evidence
  readonly #clocks: Clocks
  readonly #catchUp: CatchUp
  /** Recoveries, and members on another branch of the ledger. */
  readonly branches: BranchControl
  #machine: RoundState
  /** Null while the model of the tip is not here. */
  #position: Position | null = null
  /** Vectors to keep until those of the tip are here: the last complete ones, at first whatever a start found. */
  #fallback: readonly CID[] = []
  #work: HeightWork | null = null
  readonly #models: Models
  /** Until a commit is on the disk again. */
  #disk: DiskError | null = null
  #connected: string[] = []
  readonly #early = new EarlyRecords()
  #training = false
  #appliedAt = 0
  /** Aborted when the tip moves while its model is being fetched, and at the end. */
  #settling = new AbortController()
  #isFinishTold = false
  readonly #starting = Promise.withResolvers<void>()
  #stopped = false
  readonly #stopping = new AbortController()

  constructor(init: RoundEngineInit) {
    super()
    this.#init = init
    this.#components = init.components
    this.#tip = new TipKeeper(init)
    this.#requests = new Requests(init.components, init.options.train)
    this.#machine = initialState(init.components.self, roundConfig(init))
    this.#evidence = new Evidence(init.components, (author, reason) =>
      this.#emit('evidence:refused', { author, reason })
    )
    this.#clocks = new Clocks(init.components.clock)
    this.#catchUp = this.#createCatchUp()
    this.branches = this.#createBranches()
    this.#models = this.#createModels()
  }

  /** Read the ledger from disk, so that membership is known before anybody is let in. Comes before `start()`. */
  async load(): Promise<void> {
    const tip = await this.#tip.read()
    await Promise.all([this.branches.load(tip), this.#evidence.load(tip)])
    const { feedback, controls, locals, momentum } = this.#components
    await Promise.all([feedback, controls, locals, momentum].map(async (own) => await own.load()))
    this.#fallback = this.#tip.recentRoots
  }

  /** Go on where the ledger ends; the model may still have to be fetched. */
  start(): void {
    this.#appliedAt = this.#components.clock.elapsedMs()
    this.#catchUp.start()
    this.#starting.resolve()
    this.#background(this.#settle())
  }

  stop(): void {
    this.#stopped = true
    this.#stopping.abort(new Error('The peer stops'))
    this.#catchUp.stop()
    this.#settling.abort(new Error('The peer stops'))
    this.#models.stop()
    this.#work?.end()
  }

  /** The members that are connected, admitted and answer right now. */
  setConnected(peers: string[]): void {
    const appeared = peers.filter((peer) => !this.#connected.includes(peer))
    this.#connected = peers
    this.#dispatch({ type: 'connected', peers: new Set(peers) })
    this.#work?.connectedChanged()
    for (const peer of appeared) this.#catchUp.askSoon(peer)
    if (appeared.length > 0) this.#background(this.#askToJoin())
  }

  /** A member speaks of heights that are not here yet: find out what is lacking. */
  fallenBehind(peer: string): void {
    this.#catchUp.askSoon(peer)
  }

  /** Bring the ledger as far as one peer's, whoever it is: only what a quorum signed counts. Waits for `start()`. */
  async catchUpFrom(peer: string, { signal }: { signal: AbortSignal }): Promise<void> {
    await orAborted(this.#starting.promise, signal)
    await this.#catchUp.exhaust(peer, signal)
  }

  /** Take in a record, from gossip or from catching up. */
  async receive(record: OpenRecord): Promise<void> {
    if (!record.signed.value.federation.equals(this.#init.federation)) return
    if (record.kind === 'join' || record.kind === 'revocation') return await this.#onRequest(record)
    if (record.kind === 'evidence') return await this.#onEvidence(record)
    const { height } = record.signed.value
    if (this.#work?.isBegun === true && height === this.#work.height.height) this.#hear(record, this.#work)
    else if (height > (this.#tip.current?.body.height ?? 0)) this.#keepForLater(record)
  }

  #hear(record: RoundRecord, work: HeightWork): void {
    this.#clocks.heard(record, { height: work.height, tip: this.#tip.current })
    work.receive(record)
  }

  /** What a peer at the same height may lack. */
  records(): WireRecord[] {
    return [...this.#evidence.all(), ...this.#requests.all(), ...(this.#work?.log.all() ?? [])]
  }

  /** Ask for a change of membership: held here, told to the others, carried by the next commit. */
  async request(record: RequestRecord): Promise<void> {
    await this.#onRequest(record)
    await this.#components.gossip.publish(wire(record))
  }

  /** The latest commit; null until the ledger was read. Asked for with every message. */
  get tip(): LedgerTip | null {
    return this.#tip.current
  }

  /** The latest committed weights; null while they are being fetched. Not to be changed. */
  get weights(): Float32Array | null {
    return this.#position?.weights ?? null
  }

  /** The same as this peer uses them: with its own values where layers stay with each member. */
  async ownWeights(): Promise<Float32Array | null> {
    return this.#position && (await this.#components.locals.model(this.#position))
  }

  /** All vectors that are here and in the ledger: others may ask for them. */
  get vectors(): readonly Float32Array[] {
    if (this.#position == null) return []
    const { weights, moments, tip } = this.#position
    return tip.body.optimizerState == null ? [weights] : [weights, moments]
  }

  /** Whose proposal this peer waits for now; null: nobody's. */
  get proposing(): string | null {
    return this.#machine.step === 'propose' ? proposerOf(this.#machine, this.#machine.view) : null
  }

  snapshot(): EngineSnapshot {
    const { height, step, view, updates, deadlinePassed } = this.#machine
    const tip = this.#tip.current
    return {
      tip,
      settled: this.#position != null,
      lacksModel: this.#models.lacks,
      step,
      view,
      mode: height.mode,
      round: height.round,
      training: this.#training,
      updated: [...updates].filter(([, known]) => known.accepted).map(([author]) => author),
      awaited: height.cohort.filter((peer) => !updates.has(peer)),
      deadlinePassed,
      voted: voters(this.#machine),
      disk: this.#disk?.reason ?? null,
      clocks: this.#clocks.wrong(height),
      quiet: this.#catchUp.isQuiet && !this.#training,
      ...this.branches.state(tip, this.#connected),
      finished: tip != null && isFinished(tip)
    }
  }

  /** Votes no more at this height. */
  #pause(): void {
    this.#work?.end()
    this.#work = null
    this.#training = false
  }

  async #resume(): Promise<void> {
    if (this.#work == null && this.#position != null) await this.#open(this.#position)
  }

  /** Get the tip's model, then open the height after it. A move of the tip starts this anew. */
  async #settle(known?: KnownBody): Promise<void> {
    const tip = this.#tip.current
    // Two that were asked at once may both have brought the latest commit: what has begun goes on.
    if (tip == null || this.#stopped || this.#position?.tip.cid.equals(tip.cid) === true) return
    this.#settling.abort(new SupersededError())
    this.#settling = new AbortController()
    const { signal } = this.#settling
    const isKnown = known?.cid.equals(tip.cid) === true
    const { weights, moments } = isKnown ? known.results : await this.#models.of(tip)
    if (signal.aborted) return
    this.#models.hold(tip.body, { weights, moments })
    this.#position = { tip, weights, moments }
    this.#fallback = rootsOf(tip.body)
    this.#emit('change', this.snapshot())
    await this.#open(this.#position)
  }

  async #open(position: Position): Promise<void> {
    const { components, options } = this.#init
    const height = nextHeight(position.tip)
    this.#training = false
    if (this.branches.isPaused(position.tip)) return
    const work = new HeightWork({
      components,
      options,
      position,
      height,
      offences: () => this.#evidence.offences(position.tip),
      connected: () => this.#connected,
      dispatch: (event) => this.#dispatch(event),
      listener: this.#listener(height)
    })
    this.#work = work
    if (height.mode === 'train') {
      this.#emit('round:start', { height: height.height, round: height.round, cohort: [...height.cohort] })
    }
    await work.begin()
    if (this.#work !== work) return
    for (const record of this.#early.take(height.height)) this.#hear(record, work)
    await this.#updatePending()
    this.#emit('change', this.snapshot())
    if (isFinished(position.tip)) await this.#onFinished(position)
    await this.#askToJoin()
  }

  /** Said once: commits after the last round change who is a member, not the model. */
  async #onFinished(position: Position): Promise<void> {
    const { signal } = this.#settling
    if (this.#isFinishTold) return
    const { trainer, locals } = this.#components
    const evaluation = await trainer.evaluate(await locals.model(position), { signal })
    if (signal.aborted || this.#isFinishTold) return
    this.#isFinishTold = true
    this.#emit('finished', { tip: position.tip, evaluation })
  }

  #keepForLater(record: RoundRecord): void {
    this.#early.add(record, this.#tip.current?.body.height ?? 0)
    this.#catchUp.askSoon(record.signed.author)
  }

  #dispatch(event: UntimedEvent): void {
    if (this.#stopped) return
    const before = this.#machine
    const { state, effects } = step(this.#machine, { ...event, now: this.#components.clock.elapsedMs() })
    this.#machine = state
    // Between the begin of a height's work and that of the height the machine is still at the one before: what it wants
    // for that one must not be done for this one, or a vote would be cast that the machine knows nothing of.
    const work = this.#work?.height.height === state.height.height ? this.#work : null
    for (const effect of effects) {
      if (effect.type === 'train') this.#training = this.#init.options.train
      work?.perform(effect)
    }
    const isLess = state.updates.size < before.updates.size
    if (isLess || state.step !== before.step || state.deadlinePassed !== before.deadlinePassed)
      this.#emit('change', this.snapshot())
  }

  #listener(height: Height): HeightListener {
    return heightListener(height, {
      log: this.#components.log,
      emit: (type, detail) => this.#emit(type, detail),
      trained: () => (this.#training = false),
      spared: () => {
        this.#training = false
        this.#emit('change', this.snapshot())
      },
      decided: (body, commit) => this.#background(this.#decide(body, commit)),
      accuse: (...accusation) => this.#background(this.#accuse(...accusation)),
      failed: (error) => this.#fail(error)
    })
  }

  /** A height was decided here: keep the commit and its model, go on from it. */
  async #decide(known: KnownBody, bytes: Uint8Array): Promise<void> {
    const { cid, body } = known
    const updates = known.updates.map(({ signed }) => signed.bytes)
    const keep = async (): Promise<boolean> => {
      await known.results.stored()
      return await this.#apply({ cid, body, bytes, updates })
    }
    const applied = await insist(keep, {
      clock: this.#components.clock,
      signal: this.#settling.signal,
      onFailure: (cause, isFirst) => {
        if (isFirst) this.#tellOfDisk(body.height, cause)
      }
    })
    if (!applied) return
    this.#clocks.decided(body.height)
    await this.#settle(known)
  }

  /** The others decided a height: they will be asked for the same again if it cannot be kept. */
  async #follow(next: NextCommit): Promise<boolean> {
    try {
      return await this.#apply(next)
    } catch (error) {
      if (error instanceof DiskError && this.#disk == null) this.#fail(error)
      throw error
    }
  }

  #tellOfDisk(height: number, cause: Error): void {
    const told = cause instanceof DiskError
    this.#fail(told ? cause : new DiskError(`the commit of height ${height} cannot be written`, { cause }))
  }

  async #apply(next: NextCommit): Promise<boolean> {
    const tip = await this.#tip.apply(next)
    if (tip == null) return false
    this.#disk = null
    this.#background(this.#evidence.prune(tip))
    await this.branches.moved(tip)
    this.#work?.end()
    this.#work = null
    this.#position = null
    // Were a model still to come of a commit before, the height after that would be opened, which is over.
    this.#settling.abort(new SupersededError())
    const now = this.#components.clock.elapsedMs()
    this.#emit('commit', { tip, commit: next.bytes, durationMs: now - this.#appliedAt })
    this.#appliedAt = now
    const { blocks, feedback, controls, locals, momentum } = this.#components
    const own = [feedback, controls, locals, momentum].flatMap(({ roots }) => roots)
    const keep = [...rootsOf(next.body), ...this.#models.coming, ...this.#fallback, ...own]
    this.#models.moved(next.body)
    this.#background(blocks.prune(keep))
    return true
  }

  async #onRequest(record: RequestRecord): Promise<void> {
    const tip = this.#tip.current
    if (tip != null) await this.#requests.add(record, tip)
    await this.#updatePending()
  }

  /** This peer has seen both votes itself: keep them for the next commit, and tell the others. */
  async #accuse(offender: string, height: number, votes: [Uint8Array, Uint8Array]): Promise<void> {
    const tip = this.#tip.current
    if (tip == null || this.#evidence.holds(offender, height)) return
    const record = await this.#evidence.report(tip, votes)
    await this.#onEvidence(record)
    await this.#components.gossip.publish(wire(record))
  }

  async #onEvidence(record: EvidenceRecord): Promise<void> {
    const tip = this.#tip.current
    if (tip != null && (await this.#evidence.add(record, tip))) await this.#updatePending()
  }

  async #updatePending(): Promise<void> {
    const tip = this.#tip.current
    if (tip == null) return
    const isWished = await this.#requests.pending(tip)
    this.#dispatch({ type: 'pending', pending: isWished || this.#evidence.offences(tip).length > 0 })
  }

  async #askToJoin(): Promise<void> {
    const tip = this.#tip.current
    const own = tip == null || this.#connected.length === 0 ? undefined : await this.#requests.own(tip)
    if (own != null) await this.request(own)
  }

  #createCatchUp(): CatchUp {
    const { catchUp, clock, log } = this.#components
    return new CatchUp({
      client: catchUp,
      clock,
      log,
      stalledMs: this.#init.options.catchUpMs,
      tip: () => this.#tip.current,
      have: () => this.records(),
      connected: () => this.#connected,
      progress: () => [this.#tip.current?.body.height, progressOf(this.#machine), this.#training].join(),
      onCommit: async (next) => await this.branches.takeIn(next),
      onHead: (peer, head) => this.branches.onHead(peer, head),
      onOtherHistory: (peer) => this.branches.onOtherHistory(peer),
      onCaughtUp: () => this.#background(this.#settle()),
      onRecord: async (record) => await this.receive(record),
      onTick: () => this.#background(this.#askToJoin()),
      onQuiet: () => this.#emit('change', this.snapshot())
    })
  }

  #createModels(): Models {
    const { clock, log } = this.#components
    const holders = (): string[] => this.#connected
    return new Models({
      clock,
      log,
      get: async (tip, signal) => await this.#tip.checkpoint(tip, { holders, signal }),
      onLacking: (error) => {
        this.#emit('change', this.snapshot())
        if (error != null) this.#fail(error)
      }
    })
  }

  #createBranches(): BranchControl {
    return new BranchControl({
      components: this.#components,
      signal: this.#stopping.signal,
      tip: () => this.#tip.current,
      founding: () => this.#tip.founding,
      apply: async (next) => await this.#follow(next),
      settle: async () => await this.#settle(),
      pause: () => this.#pause(),
      resume: async () => await this.#resume(),
      background: (work) => this.#background(work),
      onChange: () => this.#emit('change', this.snapshot())
    })
  }

  #emit<K extends keyof EngineEvents>(type: K, detail: EngineEvents[K]['detail']): void {
    this.safeDispatchEvent(type, { detail })
  }

  #background(work: Promise<unknown>): void {
    work.catch((error: unknown) => this.#fail(error as Error))
  }

  /** What fails because the peer stops, or because the ledger moved on, is no failure. */
  #fail(error: Error): void {
    if (this.#stopped || error instanceof SupersededError) return
    this.#components.log.error('%s', error.stack ?? error.message)
    this.#emit('error', { error })
    if (!(error instanceof DiskError)) return
    this.#disk = error
    this.#emit('change', this.snapshot())
  }
}
