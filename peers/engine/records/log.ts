/** The signed records of the current height, ours and others': what a peer that missed some is given. */
import type { WireRecord } from '../components.ts'
import type { Vote } from '../../../src/federation/records.ts'
import type { Signed } from '../../../src/federation/signed.ts'
import type { VoteKind } from '../../../src/rounds/index.ts'
import type { CID } from 'multiformats/cid'

/**
 * The most records of one member that are kept for one height, so that none can take the others' room, or have this
 * peer fetch payload after payload. An honest one announces a second update only after a restart; its votes and
 * proposals reach these numbers after days of failing views.
 */
const MAX_OF_AUTHOR: Partial<Record<WireRecord['kind'], number>> = {
  update: 4,
  shard: 32,
  proposal: 256,
  vote: 2048
}
/** And their bytes: 16 of the largest proposals. */
const MAX_AUTHOR_BYTES = 32 * 1024 * 1024

interface Step {
  author: string
  view: number
  kind: VoteKind
}

export class RecordLog {
  readonly #records = new Map<string, WireRecord>()
  /** Author, or kind and author → what is kept of it. */
  readonly #taken = new Map<string, number>()
  readonly #votes: Signed<Vote>[] = []

  /** False when it was here already, or when its author has no room left. */
  add(record: WireRecord, author: string): boolean {
    const key = `${record.kind}/${author}/${record.cid}`
    if (this.#records.has(key) || !this.#take(record, author)) return false
    this.#records.set(key, record)
    return true
  }

  #take({ kind, bytes }: WireRecord, author: string): boolean {
    const ofKind = `${kind}/${author}`
    const count = (this.#taken.get(ofKind) ?? 0) + 1
    const sizeBytes = (this.#taken.get(author) ?? 0) + bytes.byteLength
    if (count > (MAX_OF_AUTHOR[kind] ?? 0) || sizeBytes > MAX_AUTHOR_BYTES) return false
    this.#taken.set(ofKind, count).set(author, sizeBytes)
    return true
  }

  all(): WireRecord[] {
    return [...this.#records.values()]
  }

  addVote(vote: Signed<Vote>): void {
    this.#votes.push(vote)
  }

  /** The first two votes of one member in one step that differ, if they are here. */
  contradiction({ author, view, kind }: Step): [Uint8Array, Uint8Array] | undefined {
    const [first, ...others] = this.#votes.filter(
      (vote) => vote.author === author && vote.value.view === view && vote.value.kind === kind
    )
    const other = others.find(({ cid }) => !cid.equals(first.cid))
    return other == null ? undefined : [first.bytes, other.bytes]
  }

  /** Envelopes of the votes for a body in one view: precommits prove a commit, prevotes a lock. */
  votesFor(kind: VoteKind, body: CID, view: number): Uint8Array[] {
    const matching = this.#votes.filter(
      ({ value }) => value.kind === kind && value.view === view && value.body?.equals(body) === true
    )
    return matching.map((vote) => vote.bytes)
  }
}
