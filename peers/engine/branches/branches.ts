/**
 * Recoveries that others opened at this peer's tip. A peer that counts there does not vote on any more, and does not
 * follow either, until a person has decided: either could fork the federation. One that does not count there follows.
 */
import { openRecovery } from '../../../src/federation/recovery.ts'
import { verifyCommit } from '../verify.ts'
import type { NextCommit } from '../tip.ts'
import type { Recovery } from '../../../src/federation/recovery.ts'
import type { LedgerTip } from '../../../src/rounds/index.ts'
import type { RecoveryLog } from '../../../src/state/index.ts'

/** Only admins that the manifest names can make one; more than so many at one height are not listened to. */
const MAX_HEARD = 16

/** A recovery, and the commit that it is. */
export interface HeardRecovery extends Recovery {
  next: NextCommit
  /** CID of the commit, as text. */
  commit: string
  /** Height of the commit. */
  height: number
  /** The operator said no. */
  refused: boolean
}

/** This peer does not follow a recovery by itself; what another member has after it cannot be taken either. */
export class UndecidedRecoveryError extends Error {
  static override name = 'UndecidedRecoveryError'

  constructor({ height, admin, reason }: { height: number; admin: string; reason: string }) {
    super(
      `${admin} opened a branch at height ${height} without a quorum (${reason}): whether this peer follows it is for its operator to decide, with "murmur recover --follow" or "murmur recover --refuse"`
    )
    this.name = 'UndecidedRecoveryError'
  }
}

/** There is no such recovery to decide about. */
export class NoRecoveryError extends Error {
  static override name = 'NoRecoveryError'

  constructor(known: readonly string[]) {
    super(
      known.length === 0
        ? 'This peer has heard of no recovery that follows its last commit: there is nothing to decide'
        : `Which one? Several recoveries follow the last commit here, and they exclude each other: name one of ${known.join(', ')}`
    )
    this.name = 'NoRecoveryError'
  }
}

export class Branches {
  readonly #self: string
  readonly #log: RecoveryLog
  /** By commit; all follow the tip. */
  readonly #heard = new Map<string, HeardRecovery>()

  constructor({ self, recoveries }: { self: string; recoveries: RecoveryLog }) {
    this.#self = self
    this.#log = recoveries
  }

  /** Those that follow the tip, the refused among them. */
  all(): HeardRecovery[] {
    return [...this.#heard.values()]
  }

  /** Waiting for a decision: this peer neither votes nor follows. */
  isPaused(tip: LedgerTip): boolean {
    return counts(tip, this.#self) && this.all().some(({ refused }) => !refused)
  }

  /** What was heard before a restart and follows the tip still. */
  async load(tip: LedgerTip): Promise<void> {
    for (const [commit, { bytes, refused }] of await this.#log.all()) {
      const heard = await this.#open(tip, bytes, refused).catch(() => null)
      if (heard == null) await this.#log.forget([commit])
      else this.#heard.set(commit, heard)
    }
  }

  /**
   * A verified commit that follows the tip.
   *
   * @throws {UndecidedRecoveryError} a person must decide first
   */
  async mustFollow(tip: LedgerTip, next: NextCommit): Promise<void> {
    if (next.body.recovery == null || !counts(tip, this.#self)) return
    const heard = await this.hear(tip, next.bytes)
    throw new UndecidedRecoveryError(heard)
  }

  /** Take note of a recovery. @throws what `verifyCommit` throws: it does not follow the tip */
  async hear(tip: LedgerTip, bytes: Uint8Array): Promise<HeardRecovery> {
    const heard = await this.#open(tip, bytes, false)
    const known = this.#heard.get(heard.commit)
    if (known != null) return known
    if (this.#heard.size >= MAX_HEARD) return heard
    await this.#log.put(heard.commit, { bytes, refused: false })
    this.#heard.set(heard.commit, heard)
    return heard
  }

  /** The one that is meant. @throws {NoRecoveryError} none, or not clear which */
  find(commit?: string): HeardRecovery {
    const known = this.all()
    const found = commit == null ? known : known.filter((heard) => heard.commit === commit)
    if (found.length !== 1) throw new NoRecoveryError(known.map((heard) => heard.commit))
    return found[0]
  }

  /** The operator says no. @throws as `find` */
  async refuse(commit?: string): Promise<void> {
    const heard = this.find(commit)
    await this.#log.put(heard.commit, { bytes: heard.next.bytes, refused: true })
    this.#heard.set(heard.commit, { ...heard, refused: true })
  }

  /** The tip has moved: what followed the one before follows no more. */
  async moved(tip: LedgerTip): Promise<void> {
    const past = this.all().filter(({ base }) => !base.commit.equals(tip.cid))
    for (const { commit } of past) this.#heard.delete(commit)
    await this.#log.forget(past.map(({ commit }) => commit))
  }

  async #open(tip: LedgerTip, bytes: Uint8Array, refused: boolean): Promise<HeardRecovery> {
    const { commit, cid } = await verifyCommit(tip, bytes)
    const { body } = commit
    const { value } = await openRecovery(body.recovery ?? new Uint8Array())
    return { ...value, next: { cid, body, bytes }, commit: cid.toString(), height: body.height, refused }
  }
}

/** Does the peer's vote decide about the height after the tip? */
function counts(tip: LedgerTip, peer: string): boolean {
  return tip.body.roster.some((entry) => entry.peer === peer)
}
