/** Wishes to change who is a member, until a commit carries them: joins (own and others') and revocations. */
import { joinType } from '../../src/federation/records.ts'
import { seal } from '../../src/federation/signed.ts'
import { changesAnything } from './membership.ts'
import { wire } from './records.ts'
import type { EngineComponents, WireRecord } from './components.ts'
import type { OpenRecord } from './records.ts'
import type { LedgerTip } from '../../src/rounds/index.ts'
import type { CID } from 'multiformats/cid'

/** The most wishes held at once. */
const MAX_REQUESTS = 1024
/** A peer that is not in the roster asks no more often than this. */
const ASK_INTERVAL_MS = 2_000

export type RequestRecord = Extract<OpenRecord, { kind: 'join' | 'revocation' }>

export class Requests {
  readonly #components: EngineComponents
  readonly #records = new Map<string, WireRecord>()
  #askedAt = -Infinity
  #askedOf: CID | null = null
  /** This peer's own wish, whatever its own ledger says: that may be behind the others'. */
  #own: WireRecord | null = null

  constructor(components: EngineComponents) {
    this.#components = components
  }

  all(): WireRecord[] {
    const { self } = this.#components
    const others = [...this.#records].filter(([key]) => key !== self).map(([, record]) => record)
    return this.#own == null ? others : [this.#own, ...others]
  }

  /** Hold a wish if the ledger's rules allow it. */
  async add(record: RequestRecord): Promise<void> {
    const { author, cid } = record.signed
    const key = record.kind === 'join' ? author : cid.toString()
    if (this.#records.size >= MAX_REQUESTS && !this.#records.has(key)) return
    const { membership } = this.#components
    const allowed =
      record.kind === 'join'
        ? await membership.request(record.signed)
        : await membership.revoke(record.signed.bytes)
    if (allowed) this.#records.set(key, wire(record))
  }

  /** Is there anything that a commit now would change? Forgets what commits have carried. */
  async pending(tip: LedgerTip): Promise<boolean> {
    const roster = tip.body.roster.map((entry) => entry.peer)
    const change = await this.#components.membership.proposeChange(roster, this.#components.clock.now())
    const wanted = changesAnything(change)
    if (!wanted) this.#records.clear()
    return wanted
  }

  /** This peer's own wish to be in the roster, if it is not, and has not just asked those that are at this commit. */
  async own(tip: LedgerTip): Promise<RequestRecord | undefined> {
    const { self, clock, key, certificate, addresses } = this.#components
    const inRoster = tip.body.roster.some((entry) => entry.peer === self)
    if (inRoster) this.#own = null
    const askedJustNow =
      clock.now() - this.#askedAt < ASK_INTERVAL_MS && this.#askedOf?.equals(tip.cid) === true
    if (inRoster || askedJustNow) return undefined
    this.#askedAt = clock.now()
    this.#askedOf = tip.cid
    const join = {
      federation: tip.federation,
      member: self,
      certificate,
      addresses: addresses().slice(0, 16),
      time: clock.now()
    }
    const record: RequestRecord = { kind: 'join', signed: await seal(joinType, join, key) }
    this.#own = wire(record)
    return record
  }
}
