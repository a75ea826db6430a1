/**
 * Agreement on one commit body: Tendermint (arXiv 1807.04938, Algorithm 1). Line numbers below are the paper's; its
 * "round" is our view, its value our commit body.
 */
import { emit, firstTime, hasQuorum } from './draft.ts'
import { oneCorrect } from './quorum.ts'
import { acceptedCount, knownUpdates } from './updates.ts'
import type { Draft } from './draft.ts'
import type { KnownProposal, RoundState, VoteKind } from './types.ts'

/** How long to wait for a proposer that is known to be unreachable. */
const ABSENT_PROPOSER_MS = 100

/** Lines 11–21: enter a view; its proposer proposes, everybody waits for that only so long. */
export function startView(draft: Draft, view: number): void {
  const { state } = draft
  state.view = view
  state.step = resumedStep(state, view)
  if (view > 0) emit(draft, { type: 'view', view })
  if (state.step !== 'propose') return
  const proposer = proposerOf(state, view)
  const absent = proposer !== state.self && !state.connected.has(proposer)
  emit(draft, {
    type: 'timer',
    id: `propose:${view}`,
    afterMs: absent ? ABSENT_PROPOSER_MS : timeoutMs(state, 'propose')
  })
  if (proposer === state.self) proposeOnce(draft)
}

/** Lines 57–67: a time-out of the current view moves this peer on; a stale one does nothing. */
export function onTimeout(draft: Draft, id: string): void {
  const { state } = draft
  const [step, view] = id.split(':')
  if (Number(view) !== state.view || state.step === 'done') return
  if (step === 'propose' && state.step === 'propose') vote(draft, 'prevote', null)
  else if (step === 'prevote' && state.step === 'prevote') vote(draft, 'precommit', null)
  else if (step === 'precommit') startView(draft, state.view + 1)
}

/** Rules that hold whether or not this peer has entered a view. */
const anytime = [decide, skipToLaterView, requestChecks]
/** Rules of the current view. */
const inView = [prevote, lock, precommitNil, scheduleTimeouts]

/** Apply the "upon" rules until none changes anything. */
export function agree(draft: Draft): void {
  let changed = true
  while (changed && draft.state.step !== 'done') {
    const rules = hasView(draft.state) ? [...anytime, ...inView] : anytime
    changed = rules.some((rule) => rule(draft))
  }
}

/** The proposer of a view. */
export function proposerOf(state: RoundState, view: number): string {
  return state.height.proposers[view % state.height.proposers.length]
}

/** Lines 14–18: re-propose what may already be decided, else something new when there is enough for it. */
function proposeOnce(draft: Draft): void {
  const { state } = draft
  if (state.valid != null) {
    emit(draft, { type: 'propose', view: state.view, body: state.valid.body, validView: state.valid.view })
  } else if (state.height.mode === 'membership' || acceptedCount(state) >= state.config.minContributors) {
    emit(draft, { type: 'build', view: state.view, updates: knownUpdates(state) })
  }
}

/** Lines 49–54: a quorum of precommits for a proposed, valid body of any view decides. */
function decide(draft: Draft): boolean {
  const { state } = draft
  for (const [view, votes] of state.precommits) {
    const body = mostVoted(votes)
    if (body == null || !hasQuorum(state, state.precommits, view, body)) continue
    if (state.verdicts.get(body) !== true) continue
    state.step = 'done'
    emit(draft, { type: 'commit', body, view })
    return true
  }
  return false
}

/** Lines 55–56: enough members are in a later view that one of them must be right. */
function skipToLaterView(draft: Draft): boolean {
  const { state } = draft
  const current = hasView(state) ? state.view : -1
  const needed = oneCorrect(state.height.roster.length, state.config.faultModel)
  const later = [...new Set([...state.prevotes.keys(), ...state.precommits.keys()])].filter(
    (view) => view > current
  )
  const target = later.sort((a, b) => b - a).find((view) => votersIn(state, view) >= needed)
  if (target === undefined) return false
  startView(draft, target)
  return true
}

/** Ask for the recomputation of every proposed body once. */
function requestChecks(draft: Draft): boolean {
  const { state } = draft
  for (const { body } of state.proposals.values()) {
    if (state.verdicts.has(body) || !firstTime(draft, `check:${body}`)) continue
    emit(draft, { type: 'check', body })
    return true
  }
  return false
}

/** Lines 22–33: prevote for a proposal that is valid and does not contradict the lock. */
function prevote(draft: Draft): boolean {
  const { state } = draft
  const proposal = state.proposals.get(state.view)
  if (state.step !== 'propose' || proposal == null) return false
  const valid = state.verdicts.get(proposal.body)
  if (valid === undefined || !isJustified(state, proposal)) return false
  vote(draft, 'prevote', valid && allowedByLock(state, proposal) ? proposal.body : null)
  return true
}

/** Lines 36–43: a quorum of prevotes for the proposal locks it and is answered by a precommit. */
function lock(draft: Draft): boolean {
  const { state } = draft
  const body = state.proposals.get(state.view)?.body
  if (body === undefined || state.step === 'propose' || state.verdicts.get(body) !== true) return false
  if (!hasQuorum(state, state.prevotes, state.view, body) || !firstTime(draft, `lock:${state.view}`))
    return false
  state.valid = { body, view: state.view }
  if (state.step === 'prevote') {
    state.locked = { body, view: state.view }
    vote(draft, 'precommit', body)
  }
  return true
}

/** Lines 44–46: a quorum of prevotes for nil. */
function precommitNil(draft: Draft): boolean {
  const { state } = draft
  if (state.step !== 'prevote' || !hasQuorum(state, state.prevotes, state.view, null)) return false
  vote(draft, 'precommit', null)
  return true
}

/** Lines 34–35 and 47–48: once a quorum has voted at all, wait only so long for it to agree. */
function scheduleTimeouts(draft: Draft): boolean {
  const { state } = draft
  const { view } = state
  if (
    state.step === 'prevote' &&
    hasQuorum(state, state.prevotes, view) &&
    firstTime(draft, `prevote-timer:${view}`)
  ) {
    emit(draft, { type: 'timer', id: `prevote:${view}`, afterMs: timeoutMs(state, 'vote') })
    return true
  }
  if (hasQuorum(state, state.precommits, view) && firstTime(draft, `precommit-timer:${view}`)) {
    emit(draft, { type: 'timer', id: `precommit:${view}`, afterMs: timeoutMs(state, 'vote') })
    return true
  }
  return false
}

/** Cast a vote and move to the step that follows it. A vote cast before (in an earlier life) is not cast again. */
function vote(draft: Draft, kind: VoteKind, body: string | null): void {
  const { state } = draft
  state.step = kind
  const cast = kind === 'prevote' ? state.prevotes : state.precommits
  if (cast.get(state.view)?.has(state.self) === true || !firstTime(draft, `${kind}:${state.view}`)) return
  emit(draft, { type: 'vote', view: state.view, kind, body, locked: state.locked, valid: state.valid })
}

/** Line 28: a re-proposal counts only with the quorum of prevotes that it refers to. */
function isJustified(state: RoundState, proposal: KnownProposal): boolean {
  if (proposal.validView === -1) return true
  return (
    proposal.validView < state.view && hasQuorum(state, state.prevotes, proposal.validView, proposal.body)
  )
}

/** Lines 23 and 29. */
function allowedByLock(state: RoundState, proposal: KnownProposal): boolean {
  const { locked } = state
  return (
    locked == null ||
    locked.body === proposal.body ||
    (proposal.validView >= 0 && locked.view <= proposal.validView)
  )
}

/** In a view that this peer voted in before a restart it goes on behind its last vote. */
function resumedStep(state: RoundState, view: number): 'propose' | 'prevote' | 'precommit' {
  if (state.precommits.get(view)?.has(state.self) === true) return 'precommit'
  return state.prevotes.get(view)?.has(state.self) === true ? 'prevote' : 'propose'
}

/** False while this peer still collects, or has nothing to agree on. */
function hasView(state: RoundState): boolean {
  return state.step !== 'idle' && state.step !== 'collect'
}

function timeoutMs(state: RoundState, step: 'propose' | 'vote'): number {
  const firstMs = step === 'propose' ? state.config.proposeMs : state.config.voteMs
  return Math.round(firstMs * (1 + state.view / 2))
}

function votersIn(state: RoundState, view: number): number {
  const voters = new Set([
    ...(state.prevotes.get(view)?.keys() ?? []),
    ...(state.precommits.get(view)?.keys() ?? [])
  ])
  return voters.size
}

function mostVoted(votes: ReadonlyMap<string, string | null>): string | null {
  const counts = new Map<string, number>()
  for (const body of votes.values()) if (body != null) counts.set(body, (counts.get(body) ?? 0) + 1)
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? null
}
