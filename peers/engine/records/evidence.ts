/** Proofs of equivocation, own and others', until a commit carries them or it is too late for that. */
import { compare } from 'uint8arrays/compare'
import { evidenceType } from '../../../src/federation/records.ts'
import { seal } from '../../../src/federation/signed.ts'
import {
  InvalidEvidenceError,
  isOver,
  offenceFault,
  openEvidence,
  selectOffences
} from '../../../src/rounds/index.ts'
import { wire } from './records.ts'
import type { EngineComponents, WireRecord } from '../components.ts'
import type { OpenRecord } from './records.ts'
import type { Evidence as Proof, EvidenceReport } from '../../../src/federation/records.ts'
import type { Signed } from '../../../src/federation/signed.ts'
import type { LedgerTip, Offence } from '../../../src/rounds/index.ts'

/** The most members against whom something is held; each must be in the roster for it. */
const MAX_HELD = 256
/** Others may be a moment ahead. */
const HEIGHTS_AHEAD = 2

/** A report that travels. */
export type EvidenceRecord = Extract<OpenRecord, { kind: 'evidence' }>

export class Evidence {
  readonly #components: Pick<EngineComponents, 'key' | 'log'>
  readonly #onFalse: (author: string, reason: string) => void
  /** By offender: one proof is enough, the latest. */
  readonly #held = new Map<string, { offence: Offence; record: WireRecord }>()

  /** @param onFalse - told of a report that proves nothing, and who signed it */
  constructor(
    components: Pick<EngineComponents, 'key' | 'log'>,
    onFalse: (author: string, reason: string) => void
  ) {
    this.#onFalse = onFalse
    this.#components = components
  }

  /** What the others may lack. */
  all(): WireRecord[] {
    return [...this.#held.values()].map(({ record }) => record)
  }

  /** What the commit after `tip` would carry. */
  offences(tip: LedgerTip): Offence[] {
    return selectOffences(
      tip,
      [...this.#held.values()].map(({ offence }) => offence)
    )
  }

  /** Hold somebody's report if it proves what could still be carried. True when it is new. */
  async add({ signed }: { signed: Signed<EvidenceReport> }, tip: LedgerTip): Promise<boolean> {
    const { federation, votes } = signed.value
    let offence: Offence
    try {
      offence = await openEvidence(federation, votes)
    } catch (error) {
      if (!(error instanceof InvalidEvidenceError)) throw error
      this.#components.log('declined what %s reports: %s', signed.author, error.message)
      this.#onFalse(signed.author, error.message)
      return false
    }
    const { offender, height } = offence
    if (this.holds(offender, height) || !this.#hasRoom(offender) || !mayBeCarried(tip, offence)) return false
    this.#held.set(offender, { offence, record: wire({ kind: 'evidence', signed }) })
    return true
  }

  /** Is as much held against it already? */
  holds(offender: string, height: number): boolean {
    return (this.#held.get(offender)?.offence.height ?? -1) >= height
  }

  #hasRoom(offender: string): boolean {
    return this.#held.has(offender) || this.#held.size < MAX_HELD
  }

  /** A report of two votes that reached this peer. */
  async report(tip: LedgerTip, votes: Proof): Promise<EvidenceRecord> {
    const [first, second] = [...votes].sort(compare)
    const report = { federation: tip.federation, votes: [first, second] as Proof }
    return { kind: 'evidence', signed: await seal(evidenceType, report, this.#components.key) }
  }

  /** Forget what commits have carried, and what is too old. Who left the roster may come back. */
  prune({ body }: LedgerTip): void {
    for (const [offender, { offence }] of this.#held) if (isOver(body, offence)) this.#held.delete(offender)
  }
}

function mayBeCarried(tip: LedgerTip, { offender, height }: Offence): boolean {
  const next = tip.body.height + 1
  if (height > next + HEIGHTS_AHEAD) return false
  return offenceFault(tip, { offender, height: Math.min(height, next) }) == null
}
