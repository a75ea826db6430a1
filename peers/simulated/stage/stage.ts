/** What is the same whatever stands on it: one virtual time, a network, disks, and what may happen to peers. */
import { seededRandom, uniform } from '../../../src/random.ts'
import { VirtualDisk } from './disk.ts'
import { VirtualNetwork } from './network.ts'
import { VirtualTime } from './time.ts'
import type { Victim } from './faults.ts'
import type { History } from '../history.ts'
import type { Weather } from './network.ts'
import type { Random } from '../../../src/random.ts'

/** A peer on the stage. */
export interface Actor {
  readonly index: number
  readonly id: string
  readonly up: boolean
  /** How many times it has crashed: what belongs to an earlier life never happens. */
  readonly life: number
  /** The height of its latest commit. */
  readonly committed: number
  /** All is lost but the disk. */
  crash(): void
  start(connected: ReadonlySet<string>): void
  setConnected(peers: ReadonlySet<string>): void
}

export abstract class Stage<P extends Actor> implements Victim {
  readonly history: History
  readonly time = new VirtualTime()
  readonly network: VirtualNetwork
  readonly random: Random
  readonly size: number
  abstract readonly peers: readonly P[]
  readonly #diskFactor: number[]
  readonly #peerFactor: number[]
  /** How many faults keep a peer down. */
  readonly #down: number[]
  /** Events that have happened. */
  events = 0

  constructor(history: History) {
    const { seed, weather, federation } = history
    this.history = history
    this.size = federation.peers
    this.random = seededRandom(seed, 2)
    this.network = new VirtualNetwork({ size: this.size, weather, time: this.time, random: this.random })
    this.#down = Array<number>(this.size).fill(0)
    this.#diskFactor = Array<number>(this.size).fill(1)
    this.#peerFactor = Array<number>(this.size).fill(1)
  }

  /** For people: how it stands, a line a peer. */
  abstract describe(): string[]
  /** Does this peer hold evidence that the next commit could carry? */
  abstract isOutstanding(peer: P): boolean
  /** After a peer came up. */
  protected abstract onRaised(peer: P): void

  /** Start all peers at about the same time. */
  start(): this {
    for (const peer of this.peers) {
      this.time.after(20 * uniform(this.random), () => {
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

  isLiar(peer: P): boolean {
    return this.history.liars.some((liar) => liar.peer === peer.index)
  }

  now(): number {
    return this.time.now
  }

  /** Runs later, unless the peer has crashed by then. Returns how to cancel that. */
  after(peer: P, delayMs: number, run: () => void): () => void {
    const { life } = peer
    return this.time.after(delayMs, () => {
      if (peer.up && peer.life === life) run()
    })
  }

  /** `deliver` happens when the message arrives, if it does and finds somebody. */
  send(from: P, to: P, deliver: () => void): void {
    this.network.send(from.index, to.index, () => {
      if (to.up) deliver()
    })
  }

  /** Those that a peer could talk to now. A connection needs both directions. */
  connected(peer: P): ReadonlySet<string> {
    const others = this.peers.filter((other) => other !== peer && other.up && this.talk(peer, other))
    return new Set(others.map((other) => other.id))
  }

  talk(a: P, b: P): boolean {
    return this.network.reaches(a.index, b.index) && this.network.reaches(b.index, a.index)
  }

  /** How many times slower than usual a peer is now. */
  slowness(peer: P): number {
    return this.#peerFactor[peer.index]
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

  protected createDisk<V>(index: number): VirtualDisk<V> {
    const { time, random } = this
    return new VirtualDisk({
      time,
      random,
      syncMs: () => this.#diskFactor[index] * this.history.syncMs * uniform(random)
    })
  }

  #raise(peer: P): void {
    peer.start(this.connected(peer))
    this.onRaised(peer)
  }

  /** Everybody notices after a while who came and who went. */
  #notice(): void {
    for (const peer of this.peers) {
      this.after(peer, this.history.noticeMs * uniform(this.random), () =>
        peer.setConnected(this.connected(peer))
      )
    }
  }
}
