/** One simulated peer: the round machine, a disk that survives crashes, and effects that take virtual time. */
import { initialState, step } from '../../src/rounds/index.ts'
import { nameBody, readBody, recordKey, REFUSED } from './records.ts'
import type { HeightRecord, SimRecord } from './records.ts'
import type {
  Height,
  Resume,
  RoundConfig,
  RoundEffect,
  RoundEvent,
  RoundState
} from '../../src/rounds/index.ts'

/** What a peer needs of the network around it. */
export interface World {
  readonly config: RoundConfig
  now(): number
  /** Runs later, unless the peer has crashed by then. */
  after(peer: SimPeer, delayMs: number, run: () => void): void
  send(from: SimPeer, record: SimRecord): void
  heightOf(ledger: readonly string[]): Height
  connected(peer: SimPeer): ReadonlySet<string>
  /** Does a reachable peer hold this update's payload? */
  canFetch(peer: SimPeer, update: string): boolean
  /** How long something takes here, in virtual milliseconds. */
  takes(what: 'train' | 'fetch' | 'check' | 'build' | 'disk' | 'late', peer: SimPeer): number
  observe(peer: SimPeer, effect: RoundEffect): void
  committed(peer: SimPeer, body: string): void
}

type WithoutNow<E> = E extends unknown ? Omit<E, 'now'> : never
type Effect<T extends RoundEffect['type']> = Extract<RoundEffect, { type: T }>

const RETRY_MS = 200

export class SimPeer {
  readonly id: string
  readonly world: World
  up = true
  /** How many times it has started. */
  life = 1
  state: RoundState
  /** On disk: the committed bodies from height 1 on, what was voted, what each lock rests on, and payloads. */
  ledger: string[] = []
  readonly proofs = new Map<number, HeightRecord[]>()
  readonly said = new Map<number, Resume>()
  readonly payloads = new Set<string>()
  /** In memory: the current height's records, early ones, and wishes to join. */
  log = new Map<string, HeightRecord>()
  early = new Map<string, HeightRecord>()
  readonly joins = new Set<string>()

  constructor(id: string, world: World) {
    this.id = id
    this.world = world
    this.state = initialState(id, world.config)
  }

  /** The height being worked on. */
  get height(): number {
    return this.ledger.length + 1
  }

  /** All is lost but the disk. */
  crash(): void {
    this.up = false
    this.life++
    this.state = initialState(this.id, this.world.config)
    this.log = new Map()
    this.early = new Map()
    this.joins.clear()
  }

  start(): void {
    this.up = true
    this.dispatch({ type: 'connected', peers: this.world.connected(this) })
    this.beginHeight()
  }

  dispatch(untimed: WithoutNow<RoundEvent>): void {
    const event = { ...untimed, now: this.world.now() } as RoundEvent
    const { state, effects } = step(this.state, event)
    this.state = state
    for (const effect of effects) {
      this.world.observe(this, effect)
      this.perform(effect)
    }
  }

  /** Take in what another peer, or this one, said. */
  receive(record: SimRecord): void {
    const key = recordKey(record)
    if (record.kind === 'join') return this.onJoin(record.from)
    if (record.height < this.height || this.log.has(key)) return
    if (record.height > this.height) return void this.early.set(key, record)
    this.log.set(key, record)
    if (record.kind === 'update') this.hold(record)
    else if (record.kind === 'vote') this.dispatch({ ...record, type: 'vote', kind: record.vote })
    else this.dispatch({ ...record, type: 'proposal', proposal: record })
  }

  /** Follow a commit that others made. */
  adopt(ledger: readonly string[]): void {
    if (ledger.length <= this.ledger.length) return
    for (const body of ledger.slice(this.ledger.length)) this.append(body)
    this.beginHeight()
  }

  private append(body: string): void {
    this.ledger = [...this.ledger, body]
    this.world.committed(this, body)
  }

  private beginHeight(): void {
    const height = this.world.heightOf(this.ledger)
    const said = this.said.get(height.height)
    this.log = new Map()
    this.dispatch({ type: 'height', height, ...(said == null ? {} : { resume: said }) })
    for (const record of this.proofs.get(height.height) ?? []) this.receive(record)
    for (const vote of said?.votes ?? []) this.announceVote(vote)
    this.tellPending()
    const due = [...this.early].filter(([, record]) => record.height <= this.height)
    for (const [key, record] of due) {
      this.early.delete(key)
      this.receive(record)
    }
  }

  private onJoin(from: string): void {
    this.joins.add(from)
    this.tellPending()
  }

  private tellPending(): void {
    this.dispatch({ type: 'pending', pending: this.openJoins().length > 0 })
  }

  private openJoins(): string[] {
    const done = new Set(this.ledger.flatMap((body) => readBody(body)?.joins ?? []))
    return [...this.joins].filter((join) => !done.has(join))
  }

  private perform(effect: RoundEffect): void {
    switch (effect.type) {
      case 'train':
        return this.later('train', () => this.announceUpdate())
      case 'build':
        return this.later('build', () => this.build(effect))
      case 'propose':
        return this.announce({ ...effect, kind: 'proposal', height: this.height, from: this.id })
      case 'check':
        return this.later('check', () => this.check(effect.body))
      case 'vote':
        return this.later('disk', () => this.vote(effect))
      case 'timer':
        return this.timer(effect)
      case 'commit':
        return this.commit(effect.body)
      case 'prepare':
      case 'view':
      case 'evidence':
        return
    }
  }

  private announceUpdate(): void {
    const update = `${this.id}.${this.height}.${this.life}`
    this.payloads.add(update)
    this.announce({ kind: 'update', height: this.height, from: this.id, update })
  }

  private hold(record: Extract<SimRecord, { kind: 'update' }>): void {
    const { update, from } = record
    this.fetch([update], () => {
      this.dispatch({ type: 'update', author: from, update: { update, accepted: !update.endsWith(REFUSED) } })
    })
  }

  private build({ view, updates }: Effect<'build'>): void {
    const joins = this.openJoins()
    if (this.state.height.mode === 'membership' && joins.length === 0) return
    const body = nameBody({ height: this.height, updates: [...updates], joins }, this.world.now())
    this.dispatch({ type: 'built', view, body })
  }

  private check(name: string): void {
    const body = readBody(name)
    const { mode } = this.state.height
    const accepted = body?.updates.filter((update) => !update.endsWith(REFUSED)).length ?? 0
    const enough =
      mode === 'train' ? accepted >= this.world.config.minContributors : (body?.joins.length ?? 0) > 0
    if (body == null || body.height !== this.height || !enough) {
      return this.dispatch({ type: 'checked', body: name, valid: false })
    }
    this.fetch(body.updates, () => this.dispatch({ type: 'checked', body: name, valid: true }))
  }

  /** Get payloads, asking again until somebody has them. */
  private fetch(updates: readonly string[], done: () => void): void {
    const missing = updates.filter((update) => !this.payloads.has(update))
    if (missing.length === 0) return done()
    const { height } = this
    this.later('fetch', () => {
      if (this.height !== height) return
      const here = missing.filter((update) => this.world.canFetch(this, update))
      for (const update of here) this.payloads.add(update)
      if (here.length === missing.length) done()
      else this.world.after(this, RETRY_MS, () => this.fetch(updates, done))
    })
  }

  /** On disk first; sent a moment later, so that a crash may come between. */
  private vote({ view, kind, body, locked, valid }: Effect<'vote'>): void {
    const votes = [...(this.said.get(this.height)?.votes ?? []), { view, kind, body }]
    this.said.set(this.height, { view, locked, valid, votes })
    if (kind === 'precommit' && body != null) this.keepProof(view, body)
    this.later('disk', () => this.announceVote({ view, kind, body }))
  }

  /**
   * What a lock rests on: the proposal and the quorum of prevotes. Without them nobody can be convinced of it again
   * after a restart, when a voter is gone for good.
   */
  private keepProof(view: number, body: string): void {
    const proof = [...this.log.values()].filter(
      (one) =>
        (one.kind === 'proposal' && one.body === body) ||
        (one.kind === 'vote' && one.vote === 'prevote' && one.view === view && one.body === body)
    )
    this.proofs.set(this.height, [...(this.proofs.get(this.height) ?? []), ...proof])
  }

  private announceVote({ view, kind, body }: Resume['votes'][number]): void {
    this.announce({ kind: 'vote', height: this.height, from: this.id, view, vote: kind, body })
  }

  private announce(record: HeightRecord): void {
    this.world.send(this, record)
    this.receive(record)
  }

  private timer({ id, afterMs }: Effect<'timer'>): void {
    const late = this.world.takes('late', this)
    this.world.after(this, afterMs + late, () => this.dispatch({ type: 'timer', id }))
  }

  private commit(body: string): void {
    const { height } = this
    this.later('disk', () => {
      if (this.height !== height) return
      this.append(body)
      this.beginHeight()
    })
  }

  /** Does the work after the time it takes, if this height still lasts; timers alone outlive it. */
  private later(what: Parameters<World['takes']>[0], run: () => void): void {
    const { height } = this
    this.world.after(this, this.world.takes(what, this), () => {
      if (this.height === height) run()
    })
  }
}
