/** Counting votes. */
import { emit, firstTime } from './draft.ts'
import { quorumSize } from './quorum.ts'
import type { Draft } from './draft.ts'
import type { RoundState, VoteKind, VotesByView } from './types.ts'

/**
 * How far ahead of this peer a vote or proposal may be, beside one view a member: bounds what a liar can make it
 * remember. Time-outs grow with the view, so that honest peers need days to get so far apart.
 */
const MAX_VIEWS_AHEAD = 256

interface CastVote {
  from: string
  view: number
  kind: VoteKind
  body: string | null
}

/** False for a view so far ahead that no honest peer can be in it. */
export function isNear(state: RoundState, view: number): boolean {
  return view <= state.view + state.height.roster.length + MAX_VIEWS_AHEAD
}

/** Count a vote. The first of a member for a step stands; a different second one is evidence against it. */
export function addVote(draft: Draft, vote: CastVote): void {
  const { state } = draft
  const { from, view, kind, body } = vote
  if (!state.height.roster.includes(from) || !isNear(state, view)) return
  const field = kind === 'prevote' ? 'prevotes' : 'precommits'
  const known = state[field].get(view)?.get(from)
  if (known === undefined) state[field] = withVote(state[field], vote)
  else if (known !== body && firstTime(draft, `evidence:${kind}:${view}:${from}`)) {
    emit(draft, { type: 'evidence', from, view, kind })
  }
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

/** The latest view that each member is known to have voted in, the latest of all first. */
export function latestViews(state: RoundState): number[] {
  const latest = new Map<string, number>()
  for (const votes of [state.prevotes, state.precommits]) {
    for (const [view, inView] of votes) {
      for (const from of inView.keys()) latest.set(from, Math.max(view, latest.get(from) ?? 0))
    }
  }
  return [...latest.values()].sort((a, b) => b - a)
}

/** The body that most of these votes are for; null when there is none. */
export function mostVoted(votes: ReadonlyMap<string, string | null>): string | null {
  const counts = new Map<string, number>()
  for (const body of votes.values()) if (body != null) counts.set(body, (counts.get(body) ?? 0) + 1)
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? null
}

function withVote(votes: VotesByView, vote: CastVote): VotesByView {
  const inView = new Map(votes.get(vote.view)).set(vote.from, vote.body)
  return new Map(votes).set(vote.view, inView)
}
