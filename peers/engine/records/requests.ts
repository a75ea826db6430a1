/**
 * Wishes to change who is a member, until a commit carries them: joins (own and others'), which also say whether a
 * member trains, and revocations.
 */
import { joinType } from '../../../src/federation/records.ts'
import { participationType } from '../../../src/federation/participation.ts'
import { seal } from '../../../src/federation/signed.ts'
import { admissible, isBanned, observerRounds } from '../../../src/rounds/index.ts'
import { changesAnything } from '../membership.ts'
import { wire } from './records.ts'
import type { EngineComponents, WireRecord } from '../components.ts'
import type { OpenRecord } from './records.ts'
import type { Join, RosterEntry } from '../../../src/federation/records.ts'
import type { LedgerTip } from '../../../src/rounds/index.ts'
import type { CID } from 'multiformats/cid'

/** The most wishes held at once. */
const MAX_REQUESTS = 1024
/** A peer that is not in the roster asks no more often than this. */
const ASK_INTERVAL_MS = 2_000

export type RequestRecord = Extract<OpenRecord, { kind: 'join' | 'revocation' }>

export class Requests {
  readonly #components: EngineComponents
  readonly #trains: boolean
  readonly #records = new Map<string, WireRecord>()
  #askedAt = -Infinity
  #askedOf: CID | null = null
  /** This peer's own wish, whatever its own ledger says: that may be behind the others'. */
  #own: WireRecord | null = null

  /** @param trains - does this peer train? */
  constructor(components: EngineComponents, trains: boolean) {
    this.#components = components
    this.#trains = trains
  }

  all(): WireRecord[] {
    const { self } = this.#components
    const others = [...this.#records].filter(([key]) => key !== self).map(([, record]) => record)
    return this.#own == null ? others : [this.#own, ...others]
  }

  /** Hold a wish if the ledger's rules allow it. Who is banned may ask again when that is over. */
  async add(record: RequestRecord, tip: LedgerTip): Promise<void> {
    const { author, cid } = record.signed
    if (record.kind === 'join' && isBanned(tip.body, author)) return
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
    const { membership, clock } = this.#components
    const roster = tip.body.roster.map((entry) => entry.peer)
    const wanted = changesAnything(admissible(tip, await membership.proposeChange(roster, clock.now())))
    if (!wanted) this.#records.clear()
    return wanted
  }

  /**
   * This peer's own wish to be in the roster as what it is, unless it is, or has just asked those that are at this
   * commit. One that observes says so again before the others must think that it is gone.
   */
  async own(tip: LedgerTip): Promise<RequestRecord | undefined> {
    const { self, clock, key } = this.#components
    const entry = tip.body.roster.find(({ peer }) => peer === self)
    const isContent = entry != null && this.#isRight(entry, tip)
    if (isContent) this.#own = null
    const askedJustNow =
      clock.elapsedMs() - this.#askedAt < ASK_INTERVAL_MS && this.#askedOf?.equals(tip.cid) === true
    if (isContent || askedJustNow || isBanned(tip.body, self)) return undefined
    this.#askedAt = clock.elapsedMs()
    this.#askedOf = tip.cid
    const join = await this.#join(tip, !this.#trains || entry?.observes === true)
    const record: RequestRecord = { kind: 'join', signed: await seal(joinType, join, key) }
    this.#own = wire(record)
    return record
  }

  #isRight({ observes, missed }: RosterEntry, { manifest }: LedgerTip): boolean {
    if ((observes === true) === this.#trains) return false
    return this.#trains || missed < observerRounds(manifest) / 2
  }

  async #join(tip: LedgerTip, mustDeclare: boolean): Promise<Join> {
    const { self, clock, certificate, addresses } = this.#components
    const { federation, body } = tip
    const join = {
      federation,
      member: self,
      certificate,
      addresses: addresses().slice(0, 16),
      time: clock.now(),
      ledgerHeight: body.height
    }
    return mustDeclare ? { ...join, participation: await this.#participation(tip) } : join
  }

  async #participation({ federation, body }: LedgerTip): Promise<Uint8Array> {
    const { self: member, key } = this.#components
    const said = { federation, member, trains: this.#trains, height: body.height + 1 }
    return (await seal(participationType, said, key)).bytes
  }
}
