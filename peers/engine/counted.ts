/**
 * Vectors that this peer keeps to itself from round to round, each following from one of its updates: the one that holds is
 * that of the latest update which a commit counted. Which that is the ledger alone decides, whenever it is asked. Nothing is
 * lost or counted twice by a crash: a vector is on disk before its update is announced.
 */
import { decode } from '../../src/federation/cbor.ts'
import { commitType } from '../../src/federation/records.ts'
import { CountedLog, Ledger } from '../../src/state/index.ts'
import type { BlockExchange } from './components.ts'
import type { MadeVector, StateStore } from '../../src/state/index.ts'
import type { Logger } from '@libp2p/interface'
import type { CID } from 'multiformats/cid'

export interface CountedInit {
  /** Has the ledger, and where the vectors are. */
  state: StateStore
  blocks: Pick<BlockExchange, 'putModel' | 'getModel'>
  log: Logger
}

/** An update that is about to be announced, and what follows from it. */
export interface KeptVector {
  height: number
  update: CID
  vector: Float32Array
}

/** Did the commit of its height count this update? False while there is none. */
export async function isCounted(
  ledger: Pick<Ledger, 'get'>,
  { height, update }: Pick<KeptVector, 'height' | 'update'>
): Promise<boolean> {
  const entry = await ledger.get(height)
  if (entry == null) return false
  const { contributions } = decode(commitType, entry.bytes).body
  return contributions.some((one) => one.update.equals(update) && one.refused == null)
}

export abstract class CountedVectors {
  readonly #init: CountedInit
  readonly #kind: string
  readonly #ledger: Ledger
  readonly #log: CountedLog
  #made: MadeVector[] = []

  /** @param kind - of vectors, e.g. 'controls': the key of the record that lists them */
  constructor(init: CountedInit, kind: string) {
    this.#init = init
    this.#kind = kind
    this.#ledger = new Ledger(init.state)
    this.#log = new CountedLog(init.state, kind)
  }

  /** Read what there was before a restart. */
  async load(): Promise<void> {
    this.#made = await this.#log.get()
  }

  /** Vectors that may still be wanted: none of their blocks may be deleted. */
  get roots(): CID[] {
    return this.#made.map(({ vector }) => vector)
  }

  /** Keep what holds if an update counts. On disk when it resolves: only then may others see the update. */
  async keep({ vector, ...of }: KeptVector): Promise<void> {
    const root = await this.#init.blocks.putModel(vector)
    this.#made = await this.#log.put([...this.#made, { ...of, vector: root }])
  }

  /**
   * The vector that holds when a height begins; null: there is none, or it is of a height before `since`, or the disk has
   * lost it.
   */
  protected async counted(
    height: number,
    { length, since = 0 }: { length: number; since?: number }
  ): Promise<Float32Array | null> {
    const counted = await this.#settle(height)
    return counted == null || counted.height < since ? null : await this.#read(counted, length)
  }

  /** The latest update before `height` that was counted; what is older, or was not, is forgotten. */
  async #settle(height: number): Promise<MadeVector | null> {
    const before = this.#made.filter((one) => one.height < height)
    const areCounted = await Promise.all(before.map(async (one) => await isCounted(this.#ledger, one)))
    const counted = before.findLast((_, i) => areCounted[i]) ?? null
    const later = this.#made.filter((one) => one.height >= height)
    this.#made = [...(counted == null ? [] : [counted]), ...later]
    return counted
  }

  async #read({ vector }: MadeVector, length: number): Promise<Float32Array | null> {
    // Nobody else has it.
    const { signal } = new AbortController()
    try {
      return await this.#init.blocks.getModel(vector, length, { holders: () => [], signal })
    } catch (error) {
      this.#init.log.error("this peer's own %s are lost: %s", this.#kind, (error as Error).message)
      return null
    }
  }
}
