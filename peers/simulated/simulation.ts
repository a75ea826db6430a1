/** A history being played: peers, network, disks and liars in one virtual time, moved on event by event. */
import { integerBelow, seededRandom, uniform } from '../../src/random.ts'
import { addressOf } from './address.ts'
import { Checker } from './checker.ts'
import { VirtualDisk } from './disk.ts'
import { simulatedFederation } from './federation.ts'
import { Liar } from './liars.ts'
import { VirtualNetwork } from './network.ts'
import { SimPeer } from './peer.ts'
import { VirtualTime } from './time.ts'
import { Trained } from './trained.ts'
import type { Victim } from './faults.ts'
import type { SimFederation } from './federation.ts'
import type { History } from './history.ts'
import type { Answer, Question } from './inquiry.ts'
import type { Plot } from './liars.ts'
import type { Weather } from './network.ts'
import type { SimRecord, SimUpdate, Stored } from './records.ts'
import type { PeerWorld, Task, TrainedUpdate } from './world.ts'
import type { Random } from '../../src/random.ts'
import type { Update } from '../../src/federation/records.ts'

/** What work takes at most, in virtual milliseconds. */
const WORK_MS = { fetch: 30, check: 40, build: 40 }
const CODEC = 'fp32'
const NOTHING = new Uint8Array(0)

export class Simulation implements PeerWorld, Victim {
  readonly history: History
  readonly federation: SimFederation
  readonly observer: Checker
  readonly peers: SimPeer[]
  readonly time = new VirtualTime()
  readonly network: VirtualNetwork
  readonly #random: Random
  readonly #liars: ReadonlyMap<string, Liar>
  readonly #disks: VirtualDisk<Stored>[]
  readonly #trained = new Trained()
  readonly #diskFactor: number[]
  readonly #peerFactor: number[]
  /** How many faults keep a peer down. */
  readonly #down: number[]
  /** Events that have happened. */
  events = 0

  constructor(history: History) {
    this.history = history
    this.#random = seededRandom(history.seed, 2)
    this.federation = simulatedFederation(history.federation)
    const { ids } = this.federation
    const { time } = this
    const size = ids.length
    this.#down = Array<number>(size).fill(0)
    this.#diskFactor = Array<number>(size).fill(1)
    this.#peerFactor = Array<number>(size).fill(1)
    this.network = new VirtualNetwork({ size, weather: history.weather, time, random: this.#random })
    this.#disks = ids.map(
      (_, i) => new VirtualDisk({ time, random: this.#random, syncMs: () => this.#syncMs(i) })
    )
    const plot: Plot = new Map()
    this.#liars = new Map(
      history.liars.map(({ peer, strategies }) => [
        ids[peer],
        new Liar(ids[peer], { strategies, random: this.#random, plot })
      ])
    )
    this.observer = new Checker({
      federation: this.federation,
      liars: new Set(this.#liars.keys()),
      trained: this.#trained,
      now: () => time.now
    })
    this.peers = ids.map((_, i) => new SimPeer(i, this))
  }

  get size(): number {
    return this.peers.length
  }

  /** Start all peers at about the same time. */
  start(): this {
    for (const peer of this.peers) {
      this.time.after(20 * uniform(this.#random), () => {
        if (this.#down[peer.index] > 0 || peer.up) return
        this.#raise(peer)
        this.#notice()
      })
    }
    return this
  }

  /** Let the next event happen. False when there is none. */
  next(): boolean {
    this.events++
    return this.time.next()
  }

  isLiar(peer: SimPeer): boolean {
    return this.#liars.has(peer.id)
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

  disk(index: number): VirtualDisk<Stored> {
    return this.#disks[index]
  }

  takes(task: Task, { index }: SimPeer): number {
    const factor = this.#peerFactor[index]
    if (task === 'late') return this.history.timerLateMs * uniform(this.#random)
    if (task !== 'train') return factor * WORK_MS[task] * uniform(this.#random)
    const { leastMs, spreadMs } = this.history.training[index]
    return factor * (leastMs + spreadMs * uniform(this.#random))
  }

  train(peer: SimPeer): TrainedUpdate {
    const { tip, height, weights } = peer.position
    const random = seededRandom(this.history.seed, 3, peer.index, height.height)
    const honest = weights.map(() => uniform(random) - 0.5)
    const samples = 1 + integerBelow(random, 200)
    const metrics = { loss: uniform(random), samples }
    const value: Update = {
      federation: tip.federation,
      author: peer.id,
      height: height.height,
      base: tip.cid,
      samples,
      metricsBefore: metrics,
      metricsAfter: metrics,
      codec: CODEC,
      payload: addressOf(honest),
      sizeBytes: honest.byteLength,
      trainingMs: 0
    }
    const { update: said, delta } = this.#liars.get(peer.id)?.train(value, honest) ?? {
      update: value,
      delta: honest
    }
    const cid = addressOf([peer.id, said.height, said.base, said.payload, said.samples])
    const signed = { value: said, author: peer.id, cid, bytes: NOTHING }
    const update = { signed, address: cid.toString(), payload: said.payload.toString() }
    this.#trained.add({ update, delta })
    return { update, delta }
  }

  tell(from: SimPeer, record: SimRecord): void {
    const liar = this.#liars.get(from.id)
    for (const to of this.peers) {
      if (to === from) continue
      for (const told of liar?.tell(record, to.index) ?? [record]) {
        if (liar != null) this.observer.told(told)
        this.#send(from, to, () => to.receive(told))
      }
    }
  }

  ask(from: SimPeer, other: string, question: Question, onAnswer: (answer: Answer) => void): void {
    const to = this.peers[this.federation.ids.indexOf(other)]
    const { life } = from
    this.#send(from, to, () => {
      const honest = to.answer(question)
      const answer = this.#liars.get(to.id)?.answer(honest) ?? honest
      this.#send(to, from, () => {
        if (from.life === life) onAnswer(answer)
      })
    })
  }

  payload(peer: SimPeer, { signed, payload }: SimUpdate, attempt: number): Float32Array | undefined {
    const isAuthorHere = attempt === 0 && peer.state.connected.has(signed.author)
    for (const holder of this.peers) {
      if (holder === peer || !holder.up || (isAuthorHere && holder.id !== signed.author)) continue
      if (!this.#talk(peer.index, holder.index)) continue
      if (this.#liars.get(holder.id)?.serves(peer.index) === false) continue
      const delta = holder.desk.payloads.get(payload)
      if (delta != null) return delta
    }
    return undefined
  }

  crash(index: number): void {
    const peer = this.peers[index]
    this.#down[index]++
    if (!peer.up) return
    peer.crash()
    this.#notice()
  }

  restart(index: number): void {
    const peer = this.peers[index]
    this.#down[index] = Math.max(0, this.#down[index] - 1)
    if (peer.up || this.#down[index] > 0) return
    this.#raise(peer)
    this.#notice()
  }

  cut(from: readonly number[], to: readonly number[]): void {
    this.network.cut(from, to)
    this.#notice()
  }

  mend(from: readonly number[], to: readonly number[]): void {
    this.network.mend(from, to)
    this.#notice()
  }

  slowDisk(index: number, factor: number): void {
    this.#diskFactor[index] *= factor
  }

  slowPeer(index: number, factor: number): void {
    this.#peerFactor[index] *= factor
    this.network.slow(index, factor)
  }

  setWeather(weather: Weather | null): void {
    this.network.weather = weather ?? this.history.weather
  }

  /** For people: how it stands, a line a peer. */
  describe(): string[] {
    return this.peers.map((peer) => {
      const { step, view, locked, valid, updates } = peer.state
      const role = this.isLiar(peer) ? 'liar' : peer.up ? 'up' : 'down'
      const short = (at: typeof locked): string => (at == null ? '-' : `${at.body.slice(-6)}@${at.view}`)
      return `${peer.id} (${role}) height ${peer.height}, view ${view}, ${step}, locked ${short(locked)}, valid ${short(valid)}, ${updates.size} updates, connected to ${[...peer.state.connected].join(' ')}`
    })
  }

  #raise(peer: SimPeer): void {
    peer.start(this.#connected(peer))
    this.observer.restarted(peer)
  }

  #send(from: SimPeer, to: SimPeer, deliver: () => void): void {
    this.network.send(from.index, to.index, () => {
      if (to.up) deliver()
    })
  }

  #syncMs(index: number): number {
    return this.#diskFactor[index] * this.history.syncMs * uniform(this.#random)
  }

  #connected(peer: SimPeer): ReadonlySet<string> {
    const others = this.peers.filter(
      (other) => other !== peer && other.up && this.#talk(peer.index, other.index)
    )
    return new Set(others.map((other) => other.id))
  }

  /** A connection needs both directions. */
  #talk(a: number, b: number): boolean {
    return this.network.reaches(a, b) && this.network.reaches(b, a)
  }

  /** Everybody notices after a while who came and who went. */
  #notice(): void {
    for (const peer of this.peers) {
      this.after(peer, this.history.noticeMs * uniform(this.#random), () =>
        peer.setConnected(this.#connected(peer))
      )
    }
  }
}
