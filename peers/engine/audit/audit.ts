/**
 * Checks a whole ledger, offline: the chain of hashes, every vote, every change of who is a member, everything that
 * follows from the updates, and the model at its end. One commit at a time is in memory. It trusts the manifest alone.
 */
import { checkDag } from '../../../src/blocks/index.ts'
import { genesisMembership } from '../../../src/federation/membership.ts'
import { openRecovery } from '../../../src/federation/recovery.ts'
import { rootsOf } from '../tip.ts'
import { InvalidCommitError } from '../verify.ts'
import { believe, DiscrepancyError, follow } from './follow.ts'
import { recompute } from './recompute.ts'
import { emptyReport, MAX_DEFECTS } from './report.ts'
import type { AuditBlocks } from './recompute.ts'
import type { AuditReport, Defect } from './report.ts'
import type { Followed, Place } from './follow.ts'
import type { BlockSource } from '../../../src/blocks/index.ts'
import type { Manifest } from '../../../src/federation/manifest/schema.ts'
import type { Signed } from '../../../src/federation/signed.ts'
import type { LedgerTip } from '../../../src/rounds/index.ts'
import type { Ledger, LedgerEntry, VoteLog } from '../../../src/state/index.ts'

export interface AuditInit {
  manifest: Signed<Manifest>
  ledger: Ledger
  votes: Pick<VoteLog, 'latest'>
  /** The tip of an empty ledger. */
  genesis: LedgerTip
  /** Every block that is here, as its bytes are. */
  store: BlockSource
  here: AuditBlocks
  signal?: AbortSignal
  onProgress?(height: number, of: number): void
}

/** Check a ledger. Never rejects because of what is in it: that is in the report. */
export async function auditLedger(init: AuditInit): Promise<AuditReport> {
  return await new Audit(init).run()
}

class Audit {
  readonly #init: AuditInit
  readonly #report: AuditReport
  /** Null after a commit that could not be read: nothing can be checked against it. */
  #place: Place | null
  /** Of the last commit that is as it must be, with all before it. */
  #sound: Place

  constructor(init: AuditInit) {
    this.#init = init
    this.#report = emptyReport(init.manifest.cid.toString())
    this.#sound = { tip: init.genesis, membership: genesisMembership(init.manifest) }
    this.#place = this.#sound
  }

  async run(): Promise<AuditReport> {
    const { ledger, signal, onProgress } = this.#init
    const last = await ledger.height()
    for (let height = 1; height <= last; height++) {
      signal?.throwIfAborted()
      await this.#checkHeight(height)
      onProgress?.(height, last)
    }
    await this.#checkEnd(last)
    await this.#checkModel()
    const { body, cid } = this.#sound.tip
    return Object.assign(this.#report, { height: body.height, commit: cid.toString() })
  }

  async #checkHeight(height: number): Promise<void> {
    const entry = await this.#read(height)
    const place = this.#place
    if (place == null) return void this.#report.unchecked++
    this.#place = null
    if (entry == null) return
    this.#report.commits++
    try {
      const followed = await follow(place, entry.bytes, await this.#init.ledger.updates(height))
      this.#count(followed)
      await this.#countAggregate(place, followed)
      this.#place = followed.next
      if (this.#report.defectCount === 0) this.#sound = followed.next
      await this.#checkEntry(entry, followed)
    } catch (error) {
      this.#defect(height, defectOf(error))
      this.#place = await believe(place, entry.bytes).catch(() => null)
    }
  }

  /** The entry, or null when there is none that can be read. */
  async #read(height: number): Promise<LedgerEntry | null> {
    try {
      const entry = await this.#init.ledger.get(height)
      if (entry != null) return entry
      this.#defect(height, { what: 'a commit is missing', expected: 'a commit', found: 'nothing' })
    } catch (error) {
      this.#defect(height, {
        what: (error as Error).message,
        expected: 'a commit',
        found: 'what cannot be read'
      })
    }
    return null
  }

  /** What the store says of a commit must be what the commit is. */
  async #checkEntry({ height, cid }: LedgerEntry, { verified }: Followed): Promise<void> {
    const computed = verified.cid.toString()
    if (cid.toString() !== computed)
      this.#defect(height, {
        what: 'it is filed under another CID',
        expected: computed,
        found: cid.toString()
      })
    const indexed = await this.#init.ledger.heightOf(verified.cid)
    if (indexed !== height)
      this.#defect(height, {
        what: 'the index does not lead to it',
        expected: `${height}`,
        found: `${indexed}`
      })
  }

  #count({ verified, updates }: Followed): void {
    const { body } = verified.commit
    const report = this.#report
    report.votes += verified.voters
    report.admissions += body.admissions.length
    report.revocations += body.revocations.length
    report.updates += updates?.length ?? 0
  }

  async #countAggregate(place: Place, followed: Followed): Promise<void> {
    const { aggregates, branches } = this.#report
    const { body } = followed.verified.commit
    if (body.recovery != null) {
      const { admin, reason, members, time } = (await openRecovery(body.recovery)).value
      branches.push({ height: body.height, admin, reason, members, time })
    }
    if (body.contributions.length === 0) aggregates.unchanged++
    else if (await recompute(place, followed, this.#init.here)) aggregates.recomputed++
    else aggregates.pruned++
  }

  /** A ledger that was cut off looks whole by itself; what else the store holds tells of what is gone. */
  async #checkEnd(last: number): Promise<void> {
    let entries = 0
    let highest = 0
    try {
      for await (const { height } of this.#init.ledger.index()) {
        entries++
        highest = Math.max(highest, height)
      }
    } catch (error) {
      this.#defect(last, {
        what: (error as Error).message,
        expected: 'an index',
        found: 'what cannot be read'
      })
    }
    const voted = (await this.#init.votes.latest())?.height ?? 0
    const reached = Math.max(highest, voted - 1)
    const found = `the last is of height ${last}`
    if (reached > last)
      this.#defect(last, {
        what: 'commits at the end are missing',
        expected: `one of height ${reached}`,
        found
      })
    else if (entries !== last)
      this.#defect(last, { what: 'the index is not whole', expected: `${last} entries`, found: `${entries}` })
  }

  /** The model that the last sound commit names, and its optimizer's state. */
  async #checkModel(): Promise<void> {
    const { tip } = this.#sound
    const { signal, store } = this.#init
    if (tip.body.round === 0) return
    const checked = await Promise.all(rootsOf(tip.body).map((root) => checkDag(store, root, { signal })))
    this.#report.modelBlocks = checked.reduce((sum, { blocks }) => sum + blocks, 0)
    for (const { cid, reason } of checked.flatMap(({ bad }) => bad)) {
      const what = 'a block of the model is damaged: murmur start fetches it again from other members'
      this.#defect(tip.body.height, { what, expected: cid.toString(), found: reason })
    }
  }

  #defect(height: number, defect: Omit<Defect, 'height'>): void {
    this.#report.defectCount++
    if (this.#report.defects.length < MAX_DEFECTS) this.#report.defects.push({ height, ...defect })
  }
}

function defectOf(error: unknown): Omit<Defect, 'height'> {
  if (error instanceof InvalidCommitError) return error.mismatch
  const { message } = error as Error
  if (error instanceof DiscrepancyError)
    return { what: message, expected: error.expected, found: error.found }
  return { what: message, expected: 'what holds', found: (error as Error).name }
}
