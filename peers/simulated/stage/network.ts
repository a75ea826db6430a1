/**
 * A virtual network: one-way links between peers, named by index. A message is lost, comes twice, or comes after a
 * random delay, so that messages overtake each other; links can be cut in one direction alone.
 */
import { uniform } from '../../../src/random.ts'
import type { VirtualTime } from './time.ts'
import type { Random } from '../../../src/random.ts'

/** How the network is just now. */
export interface Weather {
  /** One-way delay of a message, uniform between the two. */
  delayMs: readonly [min: number, max: number]
  /** Probability that a message is lost. */
  loss: number
  /** Probability that it comes twice. */
  duplication: number
}

export class VirtualNetwork {
  readonly #time: VirtualTime
  readonly #random: Random
  readonly #size: number
  /** How many cuts lie on the link from a to b, at a · size + b. */
  readonly #cuts: Uint8Array
  /** What multiplies the delays of what a peer sends and receives. */
  readonly #slowness: Float64Array
  weather: Weather
  /** Messages sent so far, the lost ones included. */
  messages = 0

  constructor(init: { size: number; weather: Weather; time: VirtualTime; random: Random }) {
    this.#time = init.time
    this.#random = init.random
    this.#size = init.size
    this.#cuts = new Uint8Array(init.size * init.size)
    this.#slowness = new Float64Array(init.size).fill(1)
    this.weather = init.weather
  }

  /** `deliver` happens once, twice or never. */
  send(from: number, to: number, deliver: () => void): void {
    this.messages++
    const { duplication } = this.weather
    this.#deliver(from, to, deliver)
    if (duplication > 0 && uniform(this.#random) < duplication) this.#deliver(from, to, deliver)
  }

  /** Can a message pass from one to the other? */
  reaches(from: number, to: number): boolean {
    return this.#cuts[from * this.#size + to] === 0
  }

  /** Cut what `from` send to `to`. Cuts add up: each is to be mended. */
  cut(from: readonly number[], to: readonly number[]): void {
    this.#count(from, to, 1)
  }

  mend(from: readonly number[], to: readonly number[]): void {
    this.#count(from, to, -1)
  }

  /** Multiply the delays of everything that this peer sends and receives. */
  slow(peer: number, factor: number): void {
    this.#slowness[peer] *= factor
  }

  #deliver(from: number, to: number, deliver: () => void): void {
    const { loss, delayMs } = this.weather
    if (!this.reaches(from, to) || (loss > 0 && uniform(this.#random) < loss)) return
    const delay = delayMs[0] + (delayMs[1] - delayMs[0]) * uniform(this.#random)
    this.#time.after(delay * this.#slowness[from] * this.#slowness[to], deliver)
  }

  #count(from: readonly number[], to: readonly number[], by: number): void {
    for (const a of from) for (const b of to) if (a !== b) this.#cuts[a * this.#size + b] += by
  }
}
