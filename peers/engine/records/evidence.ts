/** Proofs of equivocation, own and others', until a commit carries them or it is too late for that. */
import { compare } from 'uint8arrays/compare'
import { evidenceType } from '../../../src/federation/records.ts'
import { open, seal } from '../../../src/federation/signed.ts'
import {
  InvalidEvidenceError,
  isOver,
  offenceFault,
  openEvidence,
  selectOffences
} from '../../../src/rounds/index.ts'
import { LedgerCorruptError } from '../../../src/state/index.ts'
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

type Components = Pick<EngineComponents, 'key' | 'log' | 'evidence'>

/** A report that travels. */
export type EvidenceRecord = Extract<OpenRecord, { kind: 'evidence' }>

export class Evidence {
  readonly #components: Components
  readonly #onFalse: (author: string, reason: string) => void
  /** By offender: one proof is enough, the latest. */
  readonly #held = new Map<string, { offence: Offence; record: WireRecord }>()

  /** @param onFalse - told of a report that proves nothing, and who signed it */
  constructor(components: Components, onFalse: (author: string, reason: string) => void) {
    this.#onFalse = onFalse
    this.#components = components
  }

  /** Take up what was held before a restart, as far as it may still be carried. */
  async load(tip: LedgerTip): Promise<void> {
    for (const [offender, bytes] of await this.#components.evidence.all()) {
      try {
        await this.#reopen(bytes)
      } catch (cause) {
        throw new LedgerCorruptError(`evidence/${offender}`, { cause })
      }
    }
    await this.prune(tip)
  }

  async #reopen(bytes: Uint8Array): Promise<void> {
    const signed = await open(evidenceType, bytes)
    const offence = await openEvidence(signed.value.federation, signed.value.votes)
    this.#held.set(offence.offender, { offence, record: wire({ kind: 'evidence', signed }) })
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
    // It counts in any case: a disk that is full keeps it from outlasting a restart, no more.
    await this.#components.evidence
      .put(offender, signed.bytes)
      .catch((error: Error) => this.#components.log.error('evidence is not kept: %s', error.message))
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
  async prune({ body }: LedgerTip): Promise<void> {
    const over = [...this.#held]
      .filter(([, { offence }]) => isOver(body, offence))
      .map(([offender]) => offender)
    for (const offender of over) this.#held.delete(offender)
    await this.#components.evidence.forget(over)
  }
}

function mayBeCarried(tip: LedgerTip, { offender, height }: Offence): boolean {
  const next = tip.body.height + 1
  if (height > next + HEIGHTS_AHEAD) return false
  return offenceFault(tip, { offender, height: Math.min(height, next) }) == null
}
