/**
 * One simulated peer: the real round machine and the real commit bodies, around them a thin engine without signatures
 * or promises, so that a round takes microseconds. What the machine wants done takes virtual time.
 */
import {
  admissible,
  initialState,
  isLapse,
  isOnCommittee,
  nextHeight,
  step
} from '../../../src/rounds/index.ts'
import { Accused } from './accused.ts'
import { changesAnything } from '../../engine/membership.ts'
import { changeOf, Desk } from './desk.ts'
import { Inquiry } from './inquiry.ts'
import { Store } from './store.ts'
import { evidenceRecord, joinRecord, proposalRecord, updateRecord, voteRecord } from './records.ts'
import type { Answer, Question } from './inquiry.ts'
import type {
  EvidenceRecord,
  HeightRecord,
  ProposalRecord,
  SimCommit,
  SimRecord,
  VoteRecord
} from './records.ts'
import type { Actor } from '../stage/stage.ts'
import type { SimPosition } from './work.ts'
import type { PeerWorld, Task } from '../world.ts'
import type {
  BodyInView,
  MembershipChange,
  RoundEffect,
  RoundEvent,
  RoundState
} from '../../../src/rounds/index.ts'

type WithoutNow<E> = E extends unknown ? Omit<E, 'now'> : never
type Effect<T extends RoundEffect['type']> = Extract<RoundEffect, { type: T }>

export class SimPeer implements Actor {
  readonly index: number
  readonly id: string
  readonly world: PeerWorld
  readonly store: Store
  readonly inquiry: Inquiry
  up = false
  /** How many times it has crashed. */
  life = 0
  state: RoundState
  position: SimPosition
  /** The current height's: records by key, and the work on them. */
  log = new Map<string, HeightRecord>()
  desk: Desk
  /** Does it fetch the payloads of this height's updates? */
  isGathering = true
  #early = new Map<string, HeightRecord>()
  readonly joins = new Set<string>()
  readonly accused: Accused
  /** The height whose commit is being written. */
  #appending = 0

  constructor(index: number, world: PeerWorld) {
    this.index = index
    this.id = world.federation.ids[index]
    this.world = world
    this.store = new Store(world.disk(index))
    this.inquiry = new Inquiry(this)
    this.accused = new Accused(world)
    this.state = initialState(this.id, world.federation.config)
    this.position = this.#genesis()
    this.desk = new Desk(this)
  }

  /** The height being worked on. */
  get height(): number {
    return this.position.height.height
  }

  /** The height of the latest commit. */
  get committed(): number {
    return this.position.tip.body.height
  }

  /** All is lost but the disk. */
  crash(): void {
    this.up = false
    this.life++
    this.store.crash()
    this.state = initialState(this.id, this.world.federation.config)
    this.position = this.#genesis()
    this.#forget()
    this.#early.clear()
    this.joins.clear()
    this.accused.clear()
    this.#appending = 0
  }

  start(connected: ReadonlySet<string>): void {
    this.up = true
    this.store.recover()
    const head = this.store.head
    if (head != null) this.position = this.#after(head)
    this.dispatch({ type: 'connected', peers: connected })
    this.#begin()
    this.inquiry.start()
  }

  setConnected(peers: ReadonlySet<string>): void {
    const appeared = [...peers].filter((peer) => !this.state.connected.has(peer))
    this.dispatch({ type: 'connected', peers })
    for (const peer of appeared) this.inquiry.askSoon(peer)
  }

  dispatch(untimed: WithoutNow<RoundEvent>): void {
    const { state, effects } = step(this.state, { ...untimed, now: this.world.now() } as RoundEvent)
    this.state = state
    for (const effect of effects) this.#perform(effect)
  }

  /** Take in what another peer, or this one, said. */
  receive(record: SimRecord): void {
    if (record.kind === 'join') return this.#onJoin(record.from)
    if (record.kind === 'evidence') return this.#onEvidence(record)
    if (record.height < this.height || this.log.has(record.key)) return
    if (record.height > this.height) return this.#keepForLater(record)
    this.log.set(record.key, record)
    if (record.kind === 'update') this.desk.hold(record.update)
    else if (record.kind === 'proposal') this.#onProposal(record)
    else this.dispatch({ ...record, type: 'vote', kind: record.vote })
  }

  answer(question: Question): Answer {
    const commits = this.store.commitsFrom(question.height + 1)
    const records: SimRecord[] = [...this.accused.all(), ...[...this.joins].map(joinRecord)]
    for (const record of this.log.values()) if (!question.have.has(record.key)) records.push(record)
    return { commits, records: question.height > this.committed ? [] : records }
  }

  /** Keep a commit that follows, then go on from it. */
  append(commit: SimCommit, then: () => void = () => {}): void {
    const { height } = this
    if (commit.body.height !== height || !commit.body.previous.equals(this.position.tip.cid)) return
    if (this.#appending === height) return
    this.#appending = height
    this.store.append(commit, () => {
      if (commit.body.height === this.height) {
        this.position = this.#after(commit)
        this.world.observer.committed(this, commit)
        this.accused.prune(this.position.tip)
        this.#begin()
      }
      then()
    })
  }

  /** Tell everybody, ourselves first. */
  announce(record: SimRecord): void {
    this.world.tell(this, record)
    this.receive(record)
  }

  isMember(): boolean {
    return this.position.height.roster.includes(this.id)
  }

  /** Differs whenever the current height got any further. */
  progress(): string {
    const { step, view, updates } = this.state
    return [this.height, step, view, updates.size, this.log.size].join()
  }

  #genesis(): SimPosition {
    const { genesis, initialWeights } = this.world.federation
    return { tip: genesis, weights: initialWeights, height: nextHeight(genesis) }
  }

  #after({ cid, body, weights }: SimCommit): SimPosition {
    const tip = { ...this.position.tip, cid, body }
    return { tip, weights, height: nextHeight(tip) }
  }

  #forget(): void {
    this.log = new Map()
    this.desk = new Desk(this)
  }

  #begin(): void {
    this.#forget()
    const said = this.store.said(this.height)
    const { height } = this.position
    this.isGathering = isOnCommittee(height, this.id, 0)
    for (const [address, delta] of said?.payloads ?? []) this.desk.payloads.set(address, delta)
    this.dispatch({ type: 'height', height, ...(said == null ? {} : { resume: said.resume }) })
    for (const record of said?.proof ?? []) this.receive(record)
    for (const vote of said?.resume.votes ?? []) this.#announceVote(vote)
    this.#tellPending()
    const early = this.#early
    this.#early = new Map()
    for (const record of early.values()) this.receive(record)
    this.inquiry.askToJoin()
  }

  #keepForLater(record: HeightRecord): void {
    this.#early.set(record.key, record)
    this.inquiry.askSoon(record.from)
  }

  #onJoin(from: string): void {
    this.joins.add(from)
    this.#tellPending()
  }

  #onEvidence(record: EvidenceRecord): void {
    if (this.accused.add(record, this.position.tip)) this.#tellPending()
  }

  /** It has seen both votes itself. */
  #accuse(effect: Effect<'evidence'>): void {
    this.world.observer.evidence(this, effect)
    const { from, view, kind } = effect
    const [first, ...others] = [...this.log.values()].filter(
      (record): record is VoteRecord =>
        record.kind === 'vote' && record.from === from && record.view === view && record.vote === kind
    )
    const other = others.find(({ body }) => body !== first.body)
    if (other != null) this.announce(evidenceRecord(this.id, [first, other]))
  }

  #tellPending(): void {
    this.dispatch({ type: 'pending', pending: changesAnything(this.change()) })
  }

  /** What a commit made here now would change. */
  change(): MembershipChange {
    const { tip, height } = this.position
    for (const peer of this.joins) if (height.roster.includes(peer)) this.joins.delete(peer)
    return admissible(tip, changeOf([...this.joins].sort(), this.accused.offences(tip)))
  }

  #perform(effect: RoundEffect): void {
    switch (effect.type) {
      case 'train':
        return this.later('train', () => this.#train())
      case 'build':
        return this.later('build', () => this.desk.build(effect))
      case 'propose':
        return this.#propose(effect)
      case 'check':
        return this.later('check', () => this.desk.check(effect))
      case 'vote':
        return this.#vote(effect)
      case 'timer':
        return this.#timer(effect)
      case 'commit':
        return this.#commit(effect)
      case 'evidence':
        return this.#accuse(effect)
      case 'view':
        return this.#enter(effect.view)
      case 'prepare':
        return
    }
  }

  /** Who comes on the committee fetches what it has only heard of. */
  #enter(view: number): void {
    if (this.isGathering || !isOnCommittee(this.position.height, this.id, view)) return
    this.isGathering = true
    for (const record of this.log.values()) if (record.kind === 'update') this.desk.hold(record.update)
  }

  /** Its payload is on disk before the update is announced. */
  #train(): void {
    const { height } = this
    const { update, delta } = this.world.train(this)
    this.store.keepPayload(height, delta, () => {
      if (height !== this.height) return
      this.desk.payloads.set(update.payload, delta)
      this.announce(updateRecord(height, update))
    })
  }

  /** Does the work after the time it takes, or after `afterMs`, if this height still lasts. */
  later(task: Task | number, run: () => void): void {
    const { height } = this
    const afterMs = typeof task === 'number' ? task : this.world.takes(task, this)
    this.world.after(this, afterMs, () => {
      if (this.height === height) run()
    })
  }

  #propose({ view, body: address, validView }: Effect<'propose'>): void {
    const made = this.desk.made(address)
    if (made == null) throw new Error(`${this.id} is to propose ${address}, which it does not know`)
    const { body, updates, evidence } = made
    const { height } = this
    this.announce(proposalRecord(this.id, { height, view, validView, address, body, updates, evidence }))
  }

  #onProposal(record: ProposalRecord): void {
    const { address, validView, view, from } = record
    const lapses = isLapse(this.position.height, record.body)
    this.dispatch({ type: 'proposal', from, view, proposal: { body: address, validView, lapses } })
  }

  /** On disk first, with what it takes to argue for the lock after a restart; sent once it is there. */
  #vote({ view, kind, body, locked, valid }: Effect<'vote'>): void {
    const { height } = this
    const before = this.store.latestSaid(height)
    const votes = [...(before?.resume.votes ?? []), { view, kind, body }]
    const rests = [locked, valid].filter((at) => at != null)
    const proof = rests.flatMap((at) => this.#proofOf(at))
    const said = {
      resume: { view, locked, valid, votes },
      proof: rests.length === 0 ? [] : [...new Set([...(before?.proof ?? []), ...proof])],
      payloads: rests.length === 0 ? new Map<string, Float32Array>() : this.desk.payloads
    }
    this.store.say(height, said, () => {
      if (height === this.height) this.#announceVote({ view, kind, body })
    })
  }

  #proofOf({ view, body }: BodyInView): HeightRecord[] {
    return [...this.log.values()].filter(
      (record) =>
        (record.kind === 'proposal' && record.address === body) ||
        (record.kind === 'vote' && record.vote === 'prevote' && record.view === view && record.body === body)
    )
  }

  #announceVote({ view, kind, body }: { view: number; kind: VoteRecord['vote']; body: string | null }): void {
    const record = voteRecord(this.id, { height: this.height, view, vote: kind, body })
    this.world.observer.voted(this, record)
    this.announce(record)
  }

  /** Timers of a height end with it, as the engine cancels them. */
  #timer({ id, afterMs }: Effect<'timer'>): void {
    this.later(afterMs + this.world.takes('late', this), () => this.dispatch({ type: 'timer', id }))
  }

  #commit({ body: address, view }: Effect<'commit'>): void {
    const made = this.desk.made(address)
    if (made == null) throw new Error(`${this.id} decided ${address}, which it does not know`)
    const votes = [...this.log.values()].filter(
      (record): record is VoteRecord =>
        record.kind === 'vote' &&
        record.vote === 'precommit' &&
        record.view === view &&
        record.body === address
    )
    this.append({ ...this.world.observer.shared(made), votes })
  }
}
