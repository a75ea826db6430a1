/**
 * Committees (`rounds.committee`): in a large roster only some members fetch the updates and recompute what is proposed.
 * The others take from them what follows from the updates, and vote like everybody.
 *
 * The committee of a view is its proposer and those that come next in the order of proposers, in a circle. So it moves on by
 * one member a view, and whenever more than half (two thirds) of the roster are there, some view has a proposer that is
 * there and a committee of which more than half (two thirds) are: docs/agreement.md.
 */
import { oneCorrect, quorumSize } from './quorum.ts'
import { votersFor } from './votes.ts'
import type { Height, RoundState } from './types.ts'

type Order = Pick<Height, 'proposers' | 'committee'>

/** Is this peer to fetch updates, and to recompute what is proposed in a view? Where there are no committees all are. */
export function isOnCommittee({ proposers, committee }: Order, peer: string, view: number): boolean {
  if (committee == null) return true
  const place = proposers.indexOf(peer)
  const { length } = proposers
  return place >= 0 && (place - (view % length) + length) % length < committee
}

/** The same of the peer itself, in the view that it is in. */
export function gathers(state: RoundState, view = state.view): boolean {
  return isOnCommittee(state.height, state.self, view)
}

/**
 * Can this peer believe that the body recomputes? Yes if more of a view's committee have prevoted it than may lie, up to
 * a quorum of it, or so many of the roster that one of them tells the truth: that one has made sure.
 */
export function isAttested(state: RoundState, body: string): boolean {
  const { committee, roster } = state.height
  const { faultModel } = state.config
  if (committee == null) return false
  for (const view of state.prevotes.keys()) {
    const voters = votersFor(state, { kind: 'prevote', view, body })
    const whose = voters.filter((peer) => isOnCommittee(state.height, peer, view))
    if (whose.length >= quorumSize(committee, faultModel)) return true
    if (voters.length >= oneCorrect(roster.length, faultModel)) return true
  }
  return false
}

/** Has the first committee closed its collection, as the votes of those say that are enough for one to be right? */
export function hasCommitteeBegun(state: RoundState): boolean {
  const { committee, proposers } = state.height
  if (committee == null) return false
  const votes = [...state.prevotes.values(), ...state.precommits.values()]
  const begun = proposers.slice(0, committee).filter((peer) => votes.some((inView) => inView.has(peer)))
  return begun.length >= oneCorrect(committee, state.config.faultModel)
}
