/**
 * Are locks kept? Seen from outside, from the votes alone (arXiv 1807.04938, Algorithm 1, lines 22–43; its Lemmas 3
 * and 5 rest on it): who precommitted a body prevotes no other in a later view, unless a quorum has prevoted that other
 * one since; and nobody precommits what no quorum has prevoted.
 */
import { quorumSize } from '../../../src/rounds/index.ts'
import type { SimFederation } from '../federation.ts'
import type { VoteRecord } from '../peer/records.ts'

/** A vote as the watch takes it. */
export type CastVote = Pick<VoteRecord, 'from' | 'height' | 'view' | 'vote' | 'body'>

/** Heights that are remembered. */
const HEIGHTS = 64

interface AtHeight {
  /** View and body → who prevoted it, liars included. */
  prevotes: Map<string, Set<string>>
  /** Peer → what it precommitted last. */
  locks: Map<string, { body: string; view: number }>
}

export class LockWatch {
  readonly #faultModel: SimFederation['config']['faultModel']
  readonly #heights = new Map<number, AtHeight>()

  constructor(faultModel: SimFederation['config']['faultModel']) {
    this.#faultModel = faultModel
  }

  /** Anybody's vote, as it was sent to somebody. */
  heard({ height, view, vote, body, from }: CastVote): void {
    if (vote !== 'prevote' || body == null) return
    const { prevotes } = this.#at(height)
    const key = `${view}/${body}`
    prevotes.set(key, (prevotes.get(key) ?? new Set()).add(from))
  }

  /** A correct peer's vote. What is wrong with it, or null. */
  judge(vote: CastVote, roster: readonly string[]): string | null {
    if (vote.body == null) return null
    return vote.vote === 'precommit' ? this.#judgePrecommit(vote, roster) : this.#judgePrevote(vote, roster)
  }

  #judgePrecommit({ from, height, view, body }: CastVote, roster: readonly string[]): string | null {
    if (body == null) return null
    this.#at(height).locks.set(from, { body, view })
    return this.#isPrevoted({ height, view, body }, roster)
      ? null
      : 'a precommit without a quorum of prevotes'
  }

  #judgePrevote({ from, height, view, body }: CastVote, roster: readonly string[]): string | null {
    const lock = this.#at(height).locks.get(from)
    if (body == null || lock == null || lock.body === body) return null
    for (let since = lock.view; since < view; since++) {
      if (this.#isPrevoted({ height, view: since, body }, roster)) return null
    }
    return `a prevote against the lock of view ${lock.view}`
  }

  #isPrevoted(of: { height: number; view: number; body: string }, roster: readonly string[]): boolean {
    const voters = this.#at(of.height).prevotes.get(`${of.view}/${of.body}`) ?? new Set()
    const counted = roster.filter((peer) => voters.has(peer)).length
    return counted >= quorumSize(roster.length, this.#faultModel)
  }

  #at(height: number): AtHeight {
    const known = this.#heights.get(height) ?? { prevotes: new Map(), locks: new Map() }
    this.#heights.set(height, known)
    this.#heights.delete(height - HEIGHTS)
    return known
  }
}
