/** Proofs of equivocation that a simulated peer holds, as peers/engine/records/evidence.ts does. */
import { contradiction, isOver, offenceFault, selectOffences } from '../../../src/rounds/index.ts'
import type { EvidenceRecord, VoteRecord } from './records.ts'
import type { ProvenVote } from '../checker/bans.ts'
import type { PeerWorld } from '../world.ts'
import type { Evidence } from '../../../src/federation/records.ts'
import type { LedgerTip, Offence, SaidVote } from '../../../src/rounds/index.ts'

export class Accused {
  readonly #world: PeerWorld
  /** By offender: one proof is enough. */
  readonly #held = new Map<string, EvidenceRecord>()

  constructor(world: PeerWorld) {
    this.#world = world
  }

  all(): EvidenceRecord[] {
    return [...this.#held.values()]
  }

  clear(): void {
    this.#held.clear()
  }

  /** True when it is new, and may be carried by the next commit. */
  add(record: EvidenceRecord, tip: LedgerTip): boolean {
    const [offence] = this.proven([record])
    if (offence == null || offenceFault(tip, offence) != null) return false
    const known = this.#held.get(offence.offender)
    if (known != null && known.votes[0].height >= offence.height) return false
    this.#held.set(offence.offender, record)
    return true
  }

  /** What the commit after `tip` would carry. */
  offences(tip: LedgerTip): Offence[] {
    return selectOffences(tip, this.proven(this.all()))
  }

  /** The records behind these offences. */
  carried(offences: readonly Offence[] = []): EvidenceRecord[] {
    return offences.flatMap(({ offender }) => this.#held.get(offender) ?? [])
  }

  prune({ body }: LedgerTip): void {
    for (const [offender, { votes }] of this.#held)
      if (isOver(body, { offender, height: votes[0].height })) this.#held.delete(offender)
  }

  /** Those records that prove something. */
  proven(records: readonly EvidenceRecord[]): Offence[] {
    return records.flatMap((record) => this.#prove(record) ?? [])
  }

  #prove({ votes: [a, b] }: EvidenceRecord): Offence | null {
    const isSigned = this.#world.isGenuine(a) && this.#world.isGenuine(b)
    if (!isSigned || contradiction(saidBy(a), saidBy(b)) != null) return null
    return { offender: a.from, height: a.height, view: a.view, kind: a.vote, votes: bytesOf([a, b]) }
  }
}

/** As a commit carries it: votes are their keys. */
export function bytesOf([a, b]: EvidenceRecord['votes']): Evidence {
  return [new TextEncoder().encode(a.key), new TextEncoder().encode(b.key)]
}

/** What a vote in a commit's evidence says. */
export function provenVote(bytes: Uint8Array): ProvenVote {
  const [, author, height, view, vote, body] = new TextDecoder().decode(bytes).split('/')
  return { author, height: Number(height), step: `${view}/${vote}`, body: body === 'null' ? null : body }
}

function saidBy({ from: author, height, view, vote: kind, body }: VoteRecord): SaidVote {
  return { author, height, view, kind, body }
}
