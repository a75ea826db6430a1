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

/** Further votes of one member for one step that are counted: what a liar says beyond them is noise. */
const MAX_SECOND_VOTES = 8

const FIELD = { prevote: 'prevotes', precommit: 'precommits' } as const

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

/**
 * Count a vote. A second, different one of a member for the same step is evidence against it, and counts as well: a
 * quorum that others have seen must be one here too, whichever of a liar's votes came first.
 */
export function addVote(draft: Draft, vote: CastVote): void {
  const { state } = draft
  const { from, view, kind, body } = vote
  if (!state.height.roster.includes(from) || !isNear(state, view)) return
  const field = FIELD[kind]
  const known = state[field].get(view)?.get(from)
  if (known === undefined) state[field] = withVote(state[field], vote)
  else if (known !== body) addSecondVote(draft, vote)
}

/** Does a quorum of `view` vote for `body`? `undefined`: does a quorum vote at all? */
export function hasQuorum(state: RoundState, kind: VoteKind, view: number, body?: string | null): boolean {
  const inView = state[FIELD[kind]].get(view)
  if (inView == null) return false
  const needed = quorumSize(state.height.roster.length, state.config.faultModel)
  if (body === undefined) return inView.size >= needed
  let count = state.secondVotes.get(secondKey({ kind, view, body }))?.size ?? 0
  for (const vote of inView.values()) if (vote === body) count++
  return count >= needed
}

/** Who voted so in a step, those included that voted otherwise as well. */
export function votersFor(state: RoundState, vote: Omit<CastVote, 'from'>): string[] {
  const first = [...(state[FIELD[vote.kind]].get(vote.view) ?? [])].filter(([, body]) => body === vote.body)
  return [...first.map(([peer]) => peer), ...(state.secondVotes.get(secondKey(vote)) ?? [])]
}

/**
 * Can no body get a quorum of this view any more, whatever those vote that have not? Of those that contradict themselves
 * the first vote counts.
 */
export function isSplit(state: RoundState, kind: VoteKind, view: number): boolean {
  const inView = state[FIELD[kind]].get(view)
  if (inView == null) return false
  const { length } = state.height.roster
  const needed = quorumSize(length, state.config.faultModel) - (length - inView.size)
  const counts = new Map<string, number>()
  for (const body of inView.values()) if (body != null) counts.set(body, (counts.get(body) ?? 0) + 1)
  return Math.max(0, ...counts.values()) < needed
}

/** The body that a quorum precommits in `view`, if any. */
export function decidedBody(state: RoundState, view: number): string | null {
  const inView = state.precommits.get(view)
  if (inView == null || inView.size < quorumSize(state.height.roster.length, state.config.faultModel))
    return null
  const bodies = new Set(inView.values())
  for (const body of bodies) if (body != null && hasQuorum(state, 'precommit', view, body)) return body
  return null
}

/** The latest view that anybody voted in; −1 before. */
export function latestView(state: RoundState): number {
  let latest = -1
  for (const view of state.prevotes.keys()) if (view > latest) latest = view
  for (const view of state.precommits.keys()) if (view > latest) latest = view
  return latest
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

/** Members known to have voted in the current step, or to be further: if they are no quorum, nothing moves on. */
export function voters(state: RoundState): string[] {
  const { view, step } = state
  const isFar = (of: number, kind: VoteKind): boolean =>
    of > view || (of === view && (kind === 'precommit' || step !== 'precommit'))
  const far = (votes: VotesByView, kind: VoteKind): string[] =>
    [...votes].flatMap(([of, cast]) => (isFar(of, kind) ? [...cast.keys()] : []))
  return [...new Set([...far(state.prevotes, 'prevote'), ...far(state.precommits, 'precommit')])]
}

function addSecondVote(draft: Draft, vote: CastVote): void {
  const { state } = draft
  const { from, view, kind } = vote
  if (firstTime(draft, `evidence:${kind}:${view}:${from}`))
    emit(draft, { type: 'evidence', from, view, kind })
  const key = secondKey(vote)
  const voters = state.secondVotes.get(key)
  if (voters?.has(from) === true || !hasRoom(draft, vote)) return
  state.secondVotes = new Map(state.secondVotes).set(key, new Set(voters).add(from))
}

function hasRoom(draft: Draft, { from, view, kind }: CastVote): boolean {
  for (let i = 0; i < MAX_SECOND_VOTES; i++) {
    if (firstTime(draft, `second:${kind}:${view}:${from}:${i}`)) return true
  }
  return false
}

function secondKey({ kind, view, body }: Omit<CastVote, 'from'>): string {
  return `${kind}:${view}:${body ?? 'nil'}`
}

function withVote(votes: VotesByView, vote: CastVote): VotesByView {
  const inView = new Map(votes.get(vote.view)).set(vote.from, vote.body)
  return new Map(votes).set(vote.view, inView)
}
