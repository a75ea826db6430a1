/** The work of one height: carries out what the round machine wants, and tells it what came of it. */
import { CID } from 'multiformats/cid'
import { encode } from '../../../src/federation/cbor.ts'
import { proposalType, shardType, voteType } from '../../../src/federation/records.ts'
import { open, seal } from '../../../src/federation/signed.ts'
import { isDivided, isOnCommittee, shardsOf } from '../../../src/rounds/index.ts'
import { Announced } from './announced.ts'
import { Bodies } from './bodies.ts'
import { DiskError } from '../disk.ts'
import { IncompleteUpdateError, IncompleteUpdates } from './incomplete.ts'
import { insist } from '../insist.ts'
import { OwnUpdate } from './own.ts'
import { RecordLog } from '../records/log.ts'
import { wire } from '../records/records.ts'
import { Proposals } from './proposals.ts'
import { ResultsCache } from './results.ts'
import { Shards } from './shards.ts'
import { stretchOf, UpdatePool } from './updates.ts'
import { Voter } from './voter.ts'
import type { InvalidProposalError, KnownBody } from './bodies.ts'
import type { EngineComponents, EngineOptions, FetchOptions, HeldUpdate, Position } from '../components.ts'
import type { RoundRecord } from '../records/records.ts'
import type { Vote } from '../../../src/federation/records.ts'
import type { Signed } from '../../../src/federation/signed.ts'
import type { ReducedShard } from './shards.ts'
import type { Height, Offence, RoundEffect, RoundEvent, Shard } from '../../../src/rounds/index.ts'
import type { TrainingListener } from './own.ts'

type WithoutNow<E> = E extends unknown ? Omit<E, 'now'> : never
export type UntimedEvent = WithoutNow<RoundEvent>
type Effect<T extends RoundEffect['type']> = Extract<RoundEffect, { type: T }>

/** What the engine wants to hear of. */
export interface HeightListener extends TrainingListener {
  held(update: HeldUpdate): void
  /** Its author proposed what cannot be right. */
  refused(author: string, error: InvalidProposalError): void
  view(view: number): void
  /** A quorum precommitted this body; `commit` is the encoded commit with their votes. */
  decided(body: KnownBody, commit: Uint8Array): void
  /** Two votes that contradict each other. */
  evidence(effect: Effect<'evidence'>, votes: [Uint8Array, Uint8Array]): void
}

export interface HeightInit {
  components: EngineComponents
  options: EngineOptions
  position: Position
  height: Height
  /** What is proven against whom, for the next commit to carry. */
  offences: () => Offence[]
  connected: () => string[]
  dispatch: (event: UntimedEvent) => void
  listener: HeightListener
}

export class HeightWork {
  readonly height: Height
  readonly log = new RecordLog()
  readonly #init: HeightInit
  readonly #abort = new AbortController()
  readonly #timers = new Set<() => void>()
  readonly #updates: UpdatePool
  readonly #shards: Shards | null
  readonly #results: ResultsCache
  readonly #bodies: Bodies
  readonly #voter: Voter
  readonly #own: OwnUpdate
  readonly #announced: Announced
  readonly #proposals: Proposals
  /** Authors whose payload was asked for before. */
  readonly #asked = new Set<string>()
  #isBegun = false
  #isDiskTold = false

  constructor(init: HeightInit) {
    const { position, height, components } = init
    const { blocks, clock, membership, key, votes, self } = components
    this.#init = init
    this.height = height
    const stretch = stretchOf(position)
    const shards = shardsOf(position.tip, height, { length: position.weights.length, stretch })
    this.#updates = new UpdatePool({
      position,
      height: height.height,
      blocks,
      parts: shards.filter(({ owner }) => owner == null || owner === self),
      fetch: (author) => this.#source(author)
    })
    this.#shards = isDivided(shards) ? this.#divided(shards) : null
    const { signal } = this.#abort
    this.#results = new ResultsCache({
      position,
      blocks,
      signal,
      stretch,
      parts: shards,
      shards: this.#shards
    })
    const now = (): number => clock.now()
    this.#bodies = new Bodies({
      position,
      height,
      updates: this.#updates,
      results: this.#results,
      membership,
      offences: init.offences,
      now
    })
    this.#own = this.#ownUpdate()
    this.#announced = this.#announcements()
    this.#proposals = this.#proposed()
    this.#voter = new Voter({ federation: position.tip.federation, height: height.height, key, log: votes })
  }

  #divided(shards: readonly Shard[]): Shards {
    const { components, position, connected } = this.#init
    const { self, blocks, clock, log } = components
    const { signal } = this.#abort
    const incomplete = this.#incomplete()
    return new Shards({
      self,
      position,
      shards,
      blocks,
      clock,
      log,
      signal,
      stretch: stretchOf(position),
      isConnected: (peer) => connected().includes(peer),
      fetch: (owner) => ({ holders: () => ownerFirst(owner, connected()), signal }),
      bring: async (update, shard) => await incomplete.bring(update, shard),
      announce: async (shard) => await this.#announceShard(shard)
    })
  }

  #incomplete(): IncompleteUpdates {
    return new IncompleteUpdates({
      insist: async (attempt) => await this.#insist(attempt),
      signal: this.#abort.signal,
      background: (work) => this.#background(work),
      bring: async (update, part) => await this.#updates.bring(update, part),
      onIncomplete: ({ author, cid }) =>
        this.#dispatch({ type: 'unavailable', author, update: cid.toString() }),
      onComplete: ({ author, cid }) =>
        this.#dispatch({ type: 'update', author, update: { update: cid.toString(), accepted: true } })
    })
  }

  #ownUpdate(): OwnUpdate {
    const { components, options, position, listener } = this.#init
    const { clock, log } = components
    return new OwnUpdate({
      input: { components, position, height: this.height, inlineBytes: options.inlineBytes },
      clock,
      log,
      signal: this.#abort.signal,
      listener,
      announce: (signed) => this.#announce({ kind: 'update', signed })
    })
  }

  #announcements(): Announced {
    const { self } = this.#init.components
    return new Announced({
      self,
      height: this.height,
      updates: this.#updates,
      insist: async (attempt) => await this.#insist(attempt),
      background: (work) => this.#background(work),
      onHeld: (held) => {
        this.#init.listener.held(held)
        if (held.signed.author === self && held.refused == null) this.#own.found()
      },
      onKnown: (author, update) => this.#dispatch({ type: 'update', author, update })
    })
  }

  #proposed(): Proposals {
    const { components, position, connected, listener } = this.#init
    const { blocks, log } = components
    return new Proposals({
      position,
      height: this.height,
      blocks,
      bodies: this.#bodies,
      fetch: { holders: connected, signal: this.#abort.signal },
      log,
      insist: async (attempt) => await this.#insist(attempt),
      onProposal: (from, view, proposal) => this.#dispatch({ type: 'proposal', from, view, proposal }),
      onChecked: (body, valid) => this.#dispatch({ type: 'checked', body, valid }),
      onRefused: (author, error) => listener.refused(author, error)
    })
  }

  async #announceShard(shard: ReducedShard): Promise<void> {
    const { position, components } = this.#init
    const { federation } = position.tip
    const said = { federation, height: this.height.height, ...shard }
    this.#announce({ kind: 'shard', signed: await seal(shardType, said, components.key) })
  }

  /** Whoever has gone is not waited for. */
  connectedChanged(): void {
    this.#shards?.connectedChanged()
  }

  /** False while the machine is still at the height before: it would take a record of this one for that one's. */
  get isBegun(): boolean {
    return this.#isBegun
  }

  /** Tell the machine that the height has begun, with what this peer said in it before a restart. */
  async begin(): Promise<void> {
    try {
      await this.#begin()
    } catch (error) {
      if (!this.#abort.signal.aborted) throw error
    }
  }

  /** Without knowing what it said it must not say anything. */
  async #begin(): Promise<void> {
    const tell = (cause: Error): void => this.#tellOfDisk('what it voted before cannot be read', cause)
    const said = await this.#insist(() => this.#voter.resume(), tell)
    this.#isBegun = true
    this.#dispatch({ type: 'height', height: this.height, ...(said == null ? {} : { resume: said }) })
    for (const bytes of said?.proposals ?? [])
      this.receive({ kind: 'proposal', signed: await open(proposalType, bytes) })
    for (const bytes of said?.prevotes ?? [])
      this.receive({ kind: 'vote', signed: await open(voteType, bytes) })
    for (const signed of await this.#voter.repeat()) this.#announce({ kind: 'vote', signed })
  }

  /** Nothing of this height is wanted any more. */
  end(): void {
    this.#abort.abort(new Error('The height is decided'))
    for (const cancel of this.#timers) cancel()
    this.#timers.clear()
  }

  /** Take in a record of this height, our own included. True when it was new. */
  receive(record: RoundRecord): boolean {
    const { signed, kind } = record
    if (!this.#knows(signed.author) || !this.log.add(wire(record), signed.author)) return false
    if (kind === 'update') this.#announced.hear(signed)
    else if (kind === 'shard') this.#shards?.heard(signed.author, signed.value)
    else if (kind === 'proposal') this.#background(this.#proposals.hear(signed))
    else this.#onVote(signed)
    return true
  }

  /** Carry out an effect of the machine. */
  perform(effect: RoundEffect): void {
    switch (effect.type) {
      case 'train':
        return this.#init.options.train ? this.#background(this.#own.train(effect.round)) : undefined
      case 'prepare':
        return this.#background(this.#prepare(effect))
      case 'build':
        return this.#background(this.#build(effect))
      case 'propose':
        return this.#background(this.#propose(effect))
      case 'check':
        return this.#background(this.#proposals.check(effect))
      case 'vote':
        return this.#background(this.#vote(effect))
      case 'timer':
        return this.#timer(effect)
      case 'view':
        this.#announced.entered(effect.view)
        return this.#init.listener.view(effect.view)
      case 'evidence':
        return this.#evidence(effect)
      case 'commit':
        return this.#commit(effect)
    }
  }

  /** The result will be wanted soon by proposer and voters alike. */
  async #prepare({ updates }: Effect<'prepare'>): Promise<void> {
    const signed = this.#announced.signed(updates)
    await this.#results.of(await Promise.all(signed.map((update) => this.#updates.hold(update))))
  }

  async #build({ view, updates }: Effect<'build'>): Promise<void> {
    const known = await this.#bodies.build(this.#announced.signed(updates))
    if (known != null) this.#dispatch({ type: 'built', view, body: known.cid.toString() })
  }

  async #propose({ view, body, validView }: Effect<'propose'>): Promise<void> {
    const { key } = this.#init.components
    const known = this.#bodies.get(body)
    if (known == null) throw new Error(`The body ${body} that is to be proposed is not known here`)
    const updates = known.updates.map((update) => update.signed.bytes)
    const { federation } = known.body
    const proposal = { federation, height: this.height.height, view, body: known.body, validView, updates }
    this.#announce({ kind: 'proposal', signed: await seal(proposalType, proposal, key) })
  }

  /** Once a vote is noted the machine has moved on: until it is on disk this peer is silent, so that is tried again. */
  async #vote(effect: Effect<'vote'>): Promise<void> {
    const results = effect.body == null ? undefined : this.#bodies.get(effect.body)?.results
    // What this peer holds to be right is probably decided: its model can be on the way to the disk meanwhile.
    this.#background(results?.stored())
    this.#voter.note(effect, {
      proposalOf: (of) => this.#proposals.bytesOf(of),
      prevotesFor: ({ body: of, view }) => this.log.votesFor('prevote', CID.parse(of), view)
    })
    await this.#insist(
      () => this.#voter.write(),
      (cause) => this.#tellOfDisk('a vote cannot be written', cause)
    )
    if (results != null && this.#isServing(effect.view)) await this.#insist(() => results.stored())
    this.#announce({ kind: 'vote', signed: await this.#voter.sign(effect) })
  }

  /** Do others take this peer's results, once they hear its vote for them? */
  #isServing(view: number): boolean {
    const { height } = this
    return height.committee != null && isOnCommittee(height, this.#init.components.self, view)
  }

  #evidence(effect: Effect<'evidence'>): void {
    const { from: author, view, kind } = effect
    const votes = this.log.contradiction({ author, view, kind })
    if (votes == null) throw new Error(`The two ${kind}s of ${author} in view ${view} are not here`)
    this.#init.listener.evidence(effect, votes)
  }

  /** Said once a height: it is tried again all the time. */
  #tellOfDisk(what: string, cause: Error): void {
    if (this.#isDiskTold) return
    this.#isDiskTold = true
    const { height } = this.height
    this.#init.listener.failed(new DiskError(`this peer is silent at height ${height}: ${what}`, { cause }))
  }

  #timer({ id, afterMs }: Effect<'timer'>): void {
    const cancel = this.#init.components.clock.setTimer(afterMs, () => {
      this.#timers.delete(cancel)
      this.#dispatch({ type: 'timer', id })
    })
    this.#timers.add(cancel)
  }

  #commit({ body, view }: Effect<'commit'>): void {
    const known = this.#bodies.get(body)
    if (known == null) throw new Error(`The decided body ${body} is not known here`)
    const votes = this.log.votesFor('precommit', known.cid, view)
    this.#init.listener.decided(known, encode({ body: known.body, votes }))
  }

  #onVote(signed: Signed<Vote>): void {
    const { view, kind, body } = signed.value
    this.log.addVote(signed)
    this.#dispatch({ type: 'vote', from: signed.author, view, kind, body: body?.toString() ?? null })
  }

  /** Tell everybody, ourselves first. */
  #announce(record: RoundRecord): void {
    if (this.#abort.signal.aborted) return
    this.#background(this.#init.components.gossip.publish(wire(record)))
    this.receive(record)
  }

  /** Members may announce and vote; the roster decides which of it counts. */
  #knows(author: string): boolean {
    return this.height.roster.includes(author)
  }

  /**
   * Payloads come from their author. When it is gone, or did not give it at the first attempt, from whoever has them: an
   * author that gives its payload to some members only must not divide them.
   */
  #source(author: string): FetchOptions {
    const again = this.#asked.has(author)
    this.#asked.add(author)
    const holders = (): string[] =>
      again ? this.#init.connected() : ownerFirst(author, this.#init.connected())
    return { holders, signal: this.#abort.signal }
  }

  /** Try until it works or the height is over. */
  async #insist<T>(
    attempt: () => Promise<T>,
    tell: (error: Error, isFirst: boolean) => void = () => {}
  ): Promise<T> {
    const { clock, log } = this.#init.components
    const onFailure = (error: Error, isFirst: boolean): void => {
      log('will try again: %s', error.message)
      tell(error, isFirst)
    }
    return await insist(attempt, { clock, signal: this.#abort.signal, onFailure })
  }

  #dispatch(event: UntimedEvent): void {
    if (!this.#abort.signal.aborted) this.#init.dispatch(event)
  }

  /** What fails after the height is over is of no interest, nor what goes on without an update; all else is reported. */
  #background(work: Promise<unknown> | undefined): void {
    work?.catch((error: unknown) => {
      if (this.#abort.signal.aborted) return
      if (error instanceof IncompleteUpdateError) this.#init.components.log(error.message)
      else this.#init.listener.failed(error as Error)
    })
  }
}

/** Whoever made it, while it is there; else whoever may have got it. */
function ownerFirst(owner: string, connected: string[]): string[] {
  return connected.includes(owner) ? [owner] : connected
}
