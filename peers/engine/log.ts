/** The signed records of the current height, ours and others': what a peer that missed some is given. */
import type { WireRecord } from './components.ts'
import type { Vote } from '../../src/federation/records.ts'
import type { Signed } from '../../src/federation/signed.ts'
import type { CID } from 'multiformats/cid'

/** The most records kept for one height. */
const MAX_RECORDS = 8192

export class RecordLog {
  readonly #records = new Map<string, WireRecord>()
  readonly #precommits: Signed<Vote>[] = []

  /** False when it was here already, or when there is no room. */
  add(record: WireRecord, author: string): boolean {
    const key = `${record.kind}/${author}/${record.cid}`
    if (this.#records.has(key) || this.#records.size >= MAX_RECORDS) return false
    this.#records.set(key, record)
    return true
  }

  all(): WireRecord[] {
    return [...this.#records.values()]
  }

  addVote(vote: Signed<Vote>): void {
    if (vote.value.kind === 'precommit') this.#precommits.push(vote)
  }

  /** Envelopes of the precommits for a body in one view, the proof of a commit. */
  precommits(body: CID, view: number): Uint8Array[] {
    const matching = this.#precommits.filter(
      ({ value }) => value.view === view && value.body?.equals(body) === true
    )
    return matching.map((vote) => vote.bytes)
  }
}
