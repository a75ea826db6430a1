/**
 * The model of the tip, and what the server optimizer remembers: in memory, or being fetched. Commits that leave both as
 * they are (members come and go) neither take them away nor disturb their fetching; of those that are overtaken by others
 * the blocks are kept until the new ones are whole, for they may share some.
 */
import { BlocksUnavailableError } from '../../protocols/blocks/index.ts'
import { insist } from './insist.ts'
import { SupersededError } from './superseded.ts'
import { rootsOf } from './tip.ts'
import type { Checkpoint, Clock } from './components.ts'
import type { CommitBody } from '../../src/federation/records.ts'
import type { LedgerTip } from '../../src/rounds/index.ts'
import type { Logger } from '@libp2p/interface'
import type { CID } from 'multiformats/cid'

export interface ModelsInit {
  clock: Clock
  log: Logger
  /** From disk, else from members. @throws nobody has it now */
  get(tip: LedgerTip, signal: AbortSignal): Promise<Checkpoint>
  /** Nobody gives it, for the first time; `error` unless that is all. */
  onLacking(error?: Error): void
}

type Named = Pick<CommitBody, 'model' | 'optimizerState'>

interface Fetch {
  of: Named
  abort: AbortController
  checkpoint: Promise<Checkpoint>
}

export class Models {
  readonly #init: ModelsInit
  #held: { of: Named; checkpoint: Checkpoint } | null = null
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
    return this.#fetch == null ? [] : rootsOf(this.#fetch.of)
  }

  /** @throws {SupersededError} another one is wanted now */
  async of(tip: LedgerTip): Promise<Checkpoint> {
    const { body } = tip
    if (this.#held != null && isSame(this.#held.of, body)) return this.#held.checkpoint
    if (this.#fetch == null || !isSame(this.#fetch.of, body)) this.#begin(tip)
    const fetch = this.#fetch as Fetch
    const checkpoint = await fetch.checkpoint
    if (this.#fetch === fetch) this.hold(body, checkpoint)
    return checkpoint
  }

  /** It is here: worked out, or fetched. */
  hold(of: Named, checkpoint: Checkpoint): void {
    this.#held = { of, checkpoint }
    this.#lacks = false
    this.#stopFetch()
  }

  /** The ledger names this one now: no other is held in memory any longer. */
  moved(to: Named): void {
    if (this.#held != null && !isSame(this.#held.of, to)) this.#held = null
  }

  stop(): void {
    this.#stopFetch()
  }

  #begin(tip: LedgerTip): void {
    this.#stopFetch()
    const abort = new AbortController()
    const checkpoint = this.#insist(tip, abort.signal)
    // Whoever waits for it is told; nobody may be.
    checkpoint.catch(() => {})
    this.#fetch = { of: tip.body, abort, checkpoint }
  }

  #stopFetch(): void {
    this.#fetch?.abort.abort(new SupersededError())
    this.#fetch = null
  }

  /** The model may be with nobody who is connected now; and nobody tells when it is. */
  async #insist(tip: LedgerTip, signal: AbortSignal): Promise<Checkpoint> {
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

function isSame(a: Named, b: Named): boolean {
  return String(rootsOf(a)) === String(rootsOf(b))
}
