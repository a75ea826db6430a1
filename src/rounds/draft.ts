/** The state of one step while it is being worked out: top-level fields are replaced, nested values never mutated. */
import { quorumSize } from './quorum.ts'
import type { RoundEffect, RoundState, VoteKind, VotesByView } from './types.ts'

export interface Draft {
  state: { -readonly [K in keyof RoundState]: RoundState[K] }
  effects: RoundEffect[]
  now: number
}

export function emit(draft: Draft, effect: RoundEffect): void {
  draft.effects.push(effect)
}

/** True the first time it is asked with this key at this height. */
export function firstTime(draft: Draft, key: string): boolean {
  if (draft.state.once.has(key)) return false
  draft.state.once = new Set(draft.state.once).add(key)
  return true
}

/** Count a vote. The first of a member for a step stands; a different second one is evidence against it. */
export function addVote(
  draft: Draft,
  vote: { from: string; view: number; kind: VoteKind; body: string | null }
): void {
  const { state } = draft
  if (!state.height.roster.includes(vote.from)) return
  const field = vote.kind === 'prevote' ? 'prevotes' : 'precommits'
  const known = state[field].get(vote.view)?.get(vote.from)
  if (known === undefined) state[field] = withVote(state[field], vote)
  else if (known !== vote.body)
    emit(draft, { type: 'evidence', from: vote.from, view: vote.view, kind: vote.kind })
}

/** Does a quorum of `view` vote for `body`? `undefined`: does a quorum vote at all? */
export function hasQuorum(
  state: RoundState,
  votes: VotesByView,
  view: number,
  body?: string | null
): boolean {
  const inView = votes.get(view)
  if (inView == null) return false
  const needed = quorumSize(state.height.roster.length, state.config.faultModel)
  if (body === undefined) return inView.size >= needed
  let count = 0
  for (const vote of inView.values()) if (vote === body) count++
  return count >= needed
}

function withVote(
  votes: VotesByView,
  vote: { from: string; view: number; body: string | null }
): VotesByView {
  const inView = new Map(votes.get(vote.view)).set(vote.from, vote.body)
  return new Map(votes).set(vote.view, inView)
}
