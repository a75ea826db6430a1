/** Which blocks are on their way into a store, so that two fetches of one block transfer it once. */
import type { CID } from 'multiformats/cid'

interface Claim {
  /** True when the block was stored, false when its fetch gave up. Never rejects. */
  stored: Promise<boolean>
  settle(stored: boolean): void
}

/** A block that another fetch already brings. */
export interface ForeignClaim {
  cid: CID
  stored: Promise<boolean>
}

export interface Split {
  /** Now claimed by the caller, who must `release()` them. */
  mine: CID[]
  others: ForeignClaim[]
}

/** The claims on one store. */
export class Claims {
  readonly #claims = new Map<string, Claim>()

  /** Claim what nobody else has claimed. */
  split(cids: CID[]): Split {
    const split: Split = { mine: [], others: [] }
    for (const cid of cids) {
      const claim = this.#claims.get(cid.toString())
      if (claim != null) split.others.push({ cid, stored: claim.stored })
      else split.mine.push(this.#claim(cid))
    }
    return split
  }

  /** The block is in the store. */
  settle(cid: CID): void {
    this.#finish(cid, true)
  }

  /** Give up what was not settled. */
  release(cids: CID[]): void {
    for (const cid of cids) this.#finish(cid, false)
  }

  #claim(cid: CID): CID {
    const { promise, resolve } = Promise.withResolvers<boolean>()
    this.#claims.set(cid.toString(), { stored: promise, settle: resolve })
    return cid
  }

  #finish(cid: CID, stored: boolean): void {
    const key = cid.toString()
    this.#claims.get(key)?.settle(stored)
    this.#claims.delete(key)
  }
}
