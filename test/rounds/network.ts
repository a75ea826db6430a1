/**
 * A network of round machines in virtual time, repeatable by its seed: delays, loss, duplication, partitions, crashes
 * with restart from disk, slow trainers, liars. Lost messages are healed as the engine does through protocols/ledger:
 * every half second each peer sends the others what it knows.
 *
 * Checked at every event: agreement, validity, one vote a step, heights without gaps.
 */
import { normal, seededRandom, shuffle, uniform } from '../../src/random.ts'
import { quorumSize } from '../../src/rounds/index.ts'
import { SimPeer } from './peer.ts'
import { VirtualTime } from './queue.ts'
import { readBody } from './records.ts'
import type { World } from './peer.ts'
import type { SimRecord } from './records.ts'
import type { Random } from '../../src/random.ts'
import type { Height, RoundConfig, RoundEffect } from '../../src/rounds/index.ts'

export interface NetworkOptions {
  members: number
  seed?: number
  config?: Partial<RoundConfig>
  /** One-way delay of a message. */
  delayMs?: [min: number, max: number]
  /** Probabilities that a message is lost, or comes twice. */
  loss?: number
  duplication?: number
  /** How long the peer of this index trains. */
  trainMs?: (peer: number, random: Random) => number
  /** How late timers fire at most. */
  timerLateMs?: number
  /** How long it takes to notice that a peer came or went. */
  noticeMs?: number
  modes?: (height: number) => Height['mode']
  /** Indexes of peers that say different things to different peers. */
  liars?: readonly number[]
  healEveryMs?: number
}

export const DEFAULT_CONFIG: RoundConfig = {
  faultModel: 'crash',
  minContributors: 1,
  deadline: { floorMs: 1000, ceilingMs: 20_000, factor: 6 },
  proposeMs: 1000,
  voteMs: 500
}

const TAKES_AT_MOST_MS = { fetch: 30, check: 40, build: 40, disk: 3 }

/** A property of the round machine that does not hold. */
export class ViolationError extends Error {
  static override name = 'ViolationError'
  override name = 'ViolationError'
}

/** Nothing was decided for longer than it may take. */
export class StalledError extends Error {
  static override name = 'StalledError'
  override name = 'StalledError'
}

export class Network implements World {
  readonly options: NetworkOptions
  readonly config: RoundConfig
  readonly peers: SimPeer[]
  readonly time = new VirtualTime()
  readonly random: Random
  /** Decided bodies by height: of the first peer that decided it. */
  readonly decided = new Map<number, { body: string; atMs: number }>()
  readonly evidence: Extract<RoundEffect, { type: 'evidence' }>[] = []
  /** Views entered beyond the first, per height. */
  readonly views = new Map<number, number>()
  messages = 0
  events = 0
  loss: number
  readonly #voted = new Map<string, string | null>()
  #groups = new Map<string, number>()

  constructor(options: NetworkOptions) {
    this.options = options
    this.random = seededRandom(options.seed ?? 1)
    this.config = { ...DEFAULT_CONFIG, ...options.config }
    this.loss = options.loss ?? 0
    this.peers = Array.from({ length: options.members }, (_, i) => new SimPeer(`p${i}`, this))
  }

  /** Start all peers at about the same time. */
  start(): this {
    for (const peer of this.peers) {
      this.after(peer, this.between(0, 20), () => peer.start())
      this.#keepHealing(peer)
    }
    return this
  }

  now(): number {
    return this.time.now
  }

  after(peer: SimPeer, delayMs: number, run: () => void): void {
    const { life } = peer
    this.time.after(delayMs, () => {
      if (peer.up && peer.life === life) run()
    })
  }

  send(from: SimPeer, record: SimRecord): void {
    if (record.kind === 'vote') this.#checkVote(record)
    for (const to of this.peers) {
      if (to !== from) this.#deliver(from, to, () => to.receive(this.#asTold(from, record)))
    }
  }

  heightOf(ledger: readonly string[]): Height {
    const height = ledger.length + 1
    const roster = this.peers.map((peer) => peer.id)
    const mode = this.options.modes?.(height) ?? 'train'
    return {
      height,
      round: height,
      previous: ledger.at(-1) ?? '',
      roster,
      proposers: shuffle([...roster], seededRandom(height, this.options.seed ?? 1)),
      cohort: mode === 'train' ? roster : [],
      mode
    }
  }

  connected(peer: SimPeer): ReadonlySet<string> {
    const others = this.peers.filter((other) => other !== peer && other.up && this.#reaches(peer, other))
    return new Set(others.map((other) => other.id))
  }

  canFetch(peer: SimPeer, update: string): boolean {
    return this.peers.some((other) => other.up && this.#reaches(peer, other) && other.payloads.has(update))
  }

  takes(what: Parameters<World['takes']>[0], peer: SimPeer): number {
    if (what === 'late') return this.between(0, this.options.timerLateMs ?? 2)
    if (what !== 'train') return this.between(0, TAKES_AT_MOST_MS[what])
    const trainMs = this.options.trainMs ?? (() => 400 + 50 * normal(this.random))
    return trainMs(this.peers.indexOf(peer), this.random)
  }

  observe(peer: SimPeer, effect: RoundEffect): void {
    if (effect.type === 'evidence') this.evidence.push(effect)
    else if (effect.type === 'view') this.views.set(peer.height, effect.view)
  }

  committed(peer: SimPeer, body: string): void {
    const height = peer.ledger.length
    const known = this.decided.get(height)
    if (known == null) this.decided.set(height, { body, atMs: this.now() })
    else if (known.body !== body)
      this.#violated(`${peer.id} commits ${body} where ${known.body} was committed`)
    const content = readBody(body)
    if (content?.height !== height) this.#violated(`${peer.id} commits ${body} at height ${height}`)
    const authors = content?.updates.map((update) => update.split('.')[0]) ?? []
    if (new Set(authors).size !== authors.length) this.#violated(`${body} counts an author twice`)
  }

  crash(index: number): void {
    const peer = this.peers[index]
    if (!peer.up) return
    peer.crash()
    this.#notice()
  }

  restart(index: number): void {
    const peer = this.peers[index]
    if (peer.up) return
    peer.start()
    this.#keepHealing(peer)
    this.#notice()
  }

  /** Messages pass only within a group; peers that are in none form one together. */
  partition(...groups: number[][]): void {
    this.#groups = new Map(groups.flatMap((group, i) => group.map((peer) => [`p${peer}`, i + 1])))
    this.#notice()
  }

  /** A wish of peer `from` to become a member, first heard of by some. */
  join(name: string, ...heardBy: number[]): void {
    for (const index of heardBy) this.peers[index].receive({ kind: 'join', height: 0, from: name })
  }

  /** Runs until all that are up have committed `height`. */
  until(height: number, withinMs = 600_000): this {
    const endsAt = this.now() + withinMs
    while (!this.peers.every((peer) => !peer.up || peer.ledger.length >= height)) {
      if (this.now() > endsAt || !this.time.next()) this.#stalled(height, withinMs)
      this.events++
    }
    return this
  }

  /** Runs for so many virtual milliseconds. */
  run(forMs: number): this {
    let over = false
    this.time.after(forMs, () => (over = true))
    while (!over && this.time.next()) this.events++
    return this
  }

  between(min: number, max: number): number {
    return min + (max - min) * uniform(this.random)
  }

  /** How many members may be gone for good. */
  get tolerated(): number {
    return this.options.members - quorumSize(this.options.members, this.config.faultModel)
  }

  #keepHealing(peer: SimPeer): void {
    const everyMs = this.options.healEveryMs ?? 500
    this.after(peer, this.between(everyMs / 2, everyMs), () => {
      this.#heal(peer)
      this.#keepHealing(peer)
    })
  }

  #heal(from: SimPeer): void {
    const records: SimRecord[] = [...from.log.values()]
    for (const join of from.joins) records.push({ kind: 'join', height: 0, from: join })
    const { ledger } = from
    for (const to of this.peers) {
      if (to === from) continue
      this.#deliver(from, to, () => {
        to.adopt(ledger)
        for (const record of records) to.receive(record)
      })
    }
  }

  #deliver(from: SimPeer, to: SimPeer, run: () => void): void {
    this.messages++
    const copies = uniform(this.random) < (this.options.duplication ?? 0) ? 2 : 1
    for (let i = 0; i < copies; i++) {
      if (uniform(this.random) < this.loss || !this.#reaches(from, to)) continue
      this.after(to, this.between(...(this.options.delayMs ?? [5, 50])), run)
    }
  }

  #reaches(a: SimPeer, b: SimPeer): boolean {
    return (this.#groups.get(a.id) ?? 0) === (this.#groups.get(b.id) ?? 0)
  }

  #notice(): void {
    for (const peer of this.peers) {
      this.after(peer, this.between(0, this.options.noticeMs ?? 100), () => {
        peer.dispatch({ type: 'connected', peers: this.connected(peer) })
      })
    }
  }

  /** A liar votes and proposes differently towards each peer. */
  #asTold(from: SimPeer, record: SimRecord): SimRecord {
    const lies = this.options.liars?.includes(this.peers.indexOf(from)) === true
    if (!lies || uniform(this.random) < 0.4) return record
    if (record.kind === 'proposal') return { ...record, body: `${record.body}${this.random() % 3}` }
    if (record.kind !== 'vote') return record
    const bodies = [...from.state.proposals.values()].map((proposal) => proposal.body)
    return { ...record, body: [null, 'nonsense', ...bodies][this.random() % (bodies.length + 2)] }
  }

  /** Whatever happens to it, a peer votes only once in a step. */
  #checkVote({ from, height, view, vote, body }: Extract<SimRecord, { kind: 'vote' }>): void {
    const key = [from, height, view, vote].join('/')
    const said = this.#voted.get(key)
    if (said !== undefined && said !== body) this.#violated(`${key}: voted ${said}, now ${body}`)
    this.#voted.set(key, body)
  }

  #violated(what: string): never {
    throw new ViolationError(`${what}\n${this.describe()}`)
  }

  #stalled(height: number, withinMs: number): never {
    throw new StalledError(`Height ${height} was not reached within ${withinMs} ms\n${this.describe()}`)
  }

  /** For people: how it stands, and how to see it again. */
  describe(): string {
    const peers = this.peers.map(({ id, up, height, state }) => {
      const { step, view, locked, valid, updates, pending } = state
      return `${id}${up ? '' : ' (down)'}: height ${height}, view ${view}, ${step}, locked ${JSON.stringify(locked)}, valid ${JSON.stringify(valid)}, ${updates.size} updates${pending ? ', pending' : ''}`
    })
    return [`At ${Math.round(this.now())} ms, options ${JSON.stringify(this.options)}`, ...peers].join('\n')
  }
}
