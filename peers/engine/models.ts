/**
 * The model of the tip: in memory, or being fetched. Commits that leave the model as it is (members come and go) neither
 * take it away nor disturb its fetching; of one that is overtaken by another the blocks are kept until the new one is whole,
 * for the two may share some.
 */
import { BlocksUnavailableError } from '../../protocols/blocks/index.ts'
import { insist } from './insist.ts'
import { SupersededError } from './superseded.ts'
import type { Clock } from './components.ts'
import type { LedgerTip } from '../../src/rounds/index.ts'
import type { Logger } from '@libp2p/interface'
import type { CID } from 'multiformats/cid'

export interface ModelsInit {
  clock: Clock
  log: Logger
  /** From disk, else from members. @throws nobody has it now */
  get(tip: LedgerTip, signal: AbortSignal): Promise<Float32Array>
  /** Nobody gives it, for the first time; `error` unless that is all. */
  onLacking(error?: Error): void
}

interface Fetch {
  model: CID
  abort: AbortController
  weights: Promise<Float32Array>
}

export class Models {
  readonly #init: ModelsInit
  #held: { model: CID; weights: Float32Array } | null = null
  #fetch: Fetch | null = null
  #lacks = false

  constructor(init: ModelsInit) {
    this.#init = init
  }

  /** It was asked for and not had: it is asked for again all the time. */
  get lacks(): boolean {
    return this.#lacks
  }

  /** What is being fetched: none of it may be deleted. */
  get coming(): CID[] {
    return this.#fetch == null ? [] : [this.#fetch.model]
  }

  /** @throws {SupersededError} another one is wanted now */
  async of(tip: LedgerTip): Promise<Float32Array> {
    const { model } = tip.body
    if (this.#held?.model.equals(model) === true) return this.#held.weights
    if (this.#fetch?.model.equals(model) !== true) this.#begin(tip)
    const fetch = this.#fetch as Fetch
    const weights = await fetch.weights
    if (this.#fetch === fetch) this.hold(model, weights)
    return weights
  }

  /** It is here: worked out, or fetched. */
  hold(model: CID, weights: Float32Array): void {
    this.#held = { model, weights }
    this.#lacks = false
    this.#stopFetch()
  }

  /** The ledger has this model now: no other is held in memory any longer. */
  moved(model: CID): void {
    if (this.#held?.model.equals(model) === false) this.#held = null
  }

  stop(): void {
    this.#stopFetch()
  }

  #begin(tip: LedgerTip): void {
    this.#stopFetch()
    const abort = new AbortController()
    const weights = this.#insist(tip, abort.signal)
    // Whoever waits for it is told; nobody may be.
    weights.catch(() => {})
    this.#fetch = { model: tip.body.model, abort, weights }
  }

  #stopFetch(): void {
    this.#fetch?.abort.abort(new SupersededError())
    this.#fetch = null
  }

  /** The model may be with nobody who is connected now; and nobody tells when it is. */
  async #insist(tip: LedgerTip, signal: AbortSignal): Promise<Float32Array> {
    const { clock, log, get, onLacking } = this.#init
    return await insist(() => get(tip, signal), {
      clock,
      signal,
      onFailure: (error) => {
        log('will try again to get the model of height %d: %s', tip.body.height, error.message)
        if (this.#lacks) return
        this.#lacks = true
        onLacking(error instanceof BlocksUnavailableError ? undefined : error)
      }
    })
  }
}
