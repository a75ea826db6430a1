/**
 * Agreement on one commit body: Tendermint (arXiv 1807.04938, Algorithm 1). Line numbers below are the paper's; its
 * "round" is our view, its value our commit body.
 */
import { gathers, isAttested } from './committee.ts'
import { emit, firstTime, forget } from './draft.ts'
import { oneCorrect } from './quorum.ts'
import { isWithinReach } from './reach.ts'
import { timerId } from './timers.ts'
import { hasEnoughUpdates, knownUpdates, knowsValidBody, mayLapse } from './updates.ts'
import { decidedBody, hasQuorum, isSplit, latestView, latestViews } from './votes.ts'
import type { Draft } from './draft.ts'
import type { TimerName } from './timers.ts'
import type { KnownProposal, RoundState, VoteKind } from './types.ts'

/** How long to wait for a proposer that is known to be unreachable. */
const ABSENT_PROPOSER_MS = 100
/** A committee's result is waited for as long as this share of what the collection took. */
const RESULT_PATIENCE = 0.5

/** Lines 11–21: enter a view and wait only so long for its proposal. */
export function startView(draft: Draft, view: number): void {
  if (view > 0) closeView(draft, view - 1)
  resumeView(draft, view)
}

/** The same for the view that a peer was in before a restart: it closed the one before when it left that. */
export function resumeView(draft: Draft, view: number): void {
  const { state } = draft
  state.view = view
  state.step = resumedStep(state, view)
  if (view > 0) emit(draft, { type: 'view', view })
  if (state.step === 'propose') startTimer(draft, 'propose', timeoutMs(state, 'propose'))
}

/** Lines 57–67: a time-out of the current view moves this peer on; a stale one does nothing. */
export function onTimeout(draft: Draft, { kind, view }: TimerName): void {
  const { state } = draft
  if (view !== state.view || state.step === 'done') return
  if (kind === 'propose' && waitsForResult(draft)) return
  if (kind === 'propose' && state.step === 'propose') vote(draft, 'prevote', null)
  else if (kind === 'prevote' && state.step === 'prevote') vote(draft, 'precommit', null)
  else if (kind === 'precommit' && hasView(state)) leaveView(draft)
}

/**
 * Who takes over what a committee has agreed on gets more time for that, once a view: it is as large as an update, and those
 * who fetched all updates had the whole collection for it.
 */
function waitsForResult(draft: Draft): boolean {
  const { state } = draft
  const body = state.proposals.get(state.view)?.body
  if (state.step !== 'propose' || body === undefined || state.verdicts.has(body)) return false
  if (gathers(state) || !isAttested(state, body) || !firstTime(draft, `result:${state.view}`)) return false
  const patienceMs = RESULT_PATIENCE * (state.collectMs.at(-1) ?? 0)
  startTimer(draft, 'propose', Math.max(timeoutMs(state, 'propose'), patienceMs))
  return true
}

/** Rules that hold whether or not this peer has entered a view. */
const anytime = [decide, skipToLaterView, requestChecks]
/** The same, and the rules of the current view. */
const inView = [
  ...anytime,
  propose,
  hurry,
  prevote,
  lock,
  precommitNil,
  giveUp,
  leaveEmptyView,
  scheduleTimeouts
]

/** Apply the "upon" rules until none changes anything. */
export function agree(draft: Draft): void {
  let changed = true
  while (changed && draft.state.step !== 'done') {
    const rules = hasView(draft.state) ? inView : anytime
    changed = rules.some((rule) => rule(draft))
  }
}

/** The proposer of a view. */
export function proposerOf(state: RoundState, view: number): string {
  return state.height.proposers[view % state.height.proposers.length]
}

/**
 * Lines 14–18: re-propose what may already be decided, else something new, which may have to come first: enough
 * updates. A valid value that cannot be checked (after a restart, its payloads gone with who had them) stops nobody:
 * something new harms no lock, and where a quorum is not locked it is what goes on.
 */
function propose(draft: Draft): boolean {
  const { state } = draft
  const { valid, view } = state
  if (state.step !== 'propose' || proposerOf(state, view) !== state.self) return false
  const again = valid != null && state.verdicts.get(valid.body) === true ? valid : null
  if (again == null && !hasEnough(state)) return false
  if (!firstTime(draft, `propose:${view}`)) return false
  if (again == null) emit(draft, { type: 'build', view, updates: knownUpdates(state) })
  else if (mayPropose(draft)) emit(draft, { type: 'propose', view, body: again.body, validView: again.view })
  return true
}

/** True the first time in a view: two proposals for it would contradict each other. */
export function mayPropose(draft: Draft): boolean {
  return firstTime(draft, `proposed:${draft.state.view}`)
}

/** What was to be proposed in this view cannot be built. */
export function mayBuildAgain(draft: Draft): void {
  const { view, once } = draft.state
  if (!once.has(`proposed:${view}`)) forget(draft, `propose:${view}`)
}

/** Do not wait long for a proposer that cannot be reached. */
function hurry(draft: Draft): boolean {
  const { state } = draft
  const proposer = proposerOf(state, state.view)
  if (state.step !== 'propose' || proposer === state.self || isWithinReach(state, proposer)) return false
  if (state.proposals.has(state.view) || !isFirstTurn(state)) return false
  if (!firstTime(draft, `hurry:${state.view}`)) return false
  startTimer(draft, 'propose', ABSENT_PROPOSER_MS)
  return true
}

/** Lines 49–54: a quorum of precommits for a proposed, valid body of any view decides. */
function decide(draft: Draft): boolean {
  const { state } = draft
  for (const view of state.precommits.keys()) {
    const body = decidedBody(state, view)
    if (body == null || state.verdicts.get(body) !== true) continue
    state.step = 'done'
    emit(draft, { type: 'commit', body, view })
    return true
  }
  return false
}

/** Lines 55–56: enough members are in that view or a later one that one of them must be right. */
function skipToLaterView(draft: Draft): boolean {
  const { state } = draft
  const current = hasView(state) ? state.view : state.view - 1
  if (latestView(state) <= current) return false
  const target = latestViews(state)[believable(state) - 1]
  if (target === undefined || target <= current) return false
  startView(draft, target)
  return true
}

/**
 * How many must say that they are in a later view. Under `crash` nobody lies, so one is enough; and it has to be, as
 * the votes that led it there may be lost with those that cast them. Only the end of the collection waits for more, so
 * that one member with a short patience does not cut it short for all.
 */
function believable(state: RoundState): number {
  const { faultModel } = state.config
  return faultModel === 'crash' && hasView(state) ? 1 : oneCorrect(state.height.roster.length, faultModel)
}

/** Ask for the recomputation of every proposed body once, but not of what is proposed far ahead. */
function requestChecks(draft: Draft): boolean {
  const { state } = draft
  for (const [view, { body }] of state.proposals) {
    if (view > state.view + 1 || state.verdicts.has(body)) continue
    const mayBelieve = (!gathers(state, view) || view < state.view) && isAttested(state, body)
    if (!mayBelieve && !gathers(state, view)) continue
    if (!firstTime(draft, `${mayBelieve ? 'believe' : 'check'}:${body}`)) continue
    emit(draft, { type: 'check', body, ...(mayBelieve ? { attested: true } : {}) })
    return true
  }
  return false
}

/**
 * Lines 22–33: prevote for a proposal that is valid and does not contradict the lock. Whether a round has to be given up
 * is no part of validity, as it depends on what each has seen: a hasty proposal to do so is left to its time-out.
 */
function prevote(draft: Draft): boolean {
  const { state } = draft
  const proposal = state.proposals.get(state.view)
  if (state.step !== 'propose' || proposal == null) return false
  const valid = state.verdicts.get(proposal.body)
  if (valid === undefined || !isJustified(state, proposal)) return false
  if (valid && isHasty(state, proposal)) return false
  vote(draft, 'prevote', valid && allowedByLock(state, proposal) ? proposal.body : null)
  return true
}

/** Lines 36–43: a quorum of prevotes for the proposal locks it and is answered by a precommit. */
function lock(draft: Draft): boolean {
  const { state } = draft
  const body = state.proposals.get(state.view)?.body
  if (body === undefined || state.step === 'propose' || state.verdicts.get(body) !== true) return false
  if (!hasQuorum(state, 'prevote', state.view, body) || !firstTime(draft, `lock:${state.view}`)) return false
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
  if (state.step !== 'prevote' || !hasQuorum(state, 'prevote', state.view, null)) return false
  vote(draft, 'precommit', null)
  return true
}

/**
 * The members' prevotes are such that nothing can be locked in this view any more: no need to wait for a proposal, nor for
 * more prevotes. A peer that comes back need not wait for what the others have stopped waiting for.
 */
function giveUp(draft: Draft): boolean {
  const { state } = draft
  const { step, view } = state
  if ((step !== 'propose' && step !== 'prevote') || !isFirstTurn(state)) return false
  if (!isSplit(state, 'prevote', view)) return false
  vote(draft, step === 'propose' ? 'prevote' : 'precommit', null)
  return true
}

/** Nor can anything be decided in this view any more: no need to wait for the others. */
function leaveEmptyView(draft: Draft): boolean {
  const { state } = draft
  if (!isFirstTurn(state) || !isSplit(state, 'precommit', state.view)) return false
  leaveView(draft)
  return true
}

/** Go on to the next view, or wait before it when there is nothing to agree on after all. */
function leaveView(draft: Draft): void {
  const { state } = draft
  const { mode } = state.height
  if (mode === 'train' || state.pending || knowsValidBody(state)) return startView(draft, state.view + 1)
  state.view += 1
  state.step = 'idle'
}

/** Lines 34–35 and 47–48: once a quorum has voted at all, wait only so long for it to agree. */
function scheduleTimeouts(draft: Draft): boolean {
  const { state } = draft
  return (
    (state.step === 'prevote' && scheduleTimeout(draft, 'prevote')) || scheduleTimeout(draft, 'precommit')
  )
}

function scheduleTimeout(draft: Draft, kind: VoteKind): boolean {
  const { state } = draft
  if (!hasQuorum(state, kind, state.view) || !firstTime(draft, `${kind}-timer:${state.view}`)) return false
  startTimer(draft, kind, timeoutMs(state, 'vote'))
  return true
}

/** Cast a vote and move to the step that follows it. */
function vote(draft: Draft, kind: VoteKind, body: string | null): void {
  draft.state.step = kind
  castOnce(draft, { kind, view: draft.state.view, body })
}

/**
 * Nobody goes past a view without a vote in it. The paper relies on messages that one correct process got to reach all;
 * here who got them may restart without them, and who sent them be gone. What correct members have on disk, their own
 * votes, must be enough for the others to leave the view too. A late vote for nil is one that a shorter time-out would
 * have cast.
 */
function closeView(draft: Draft, view: number): void {
  castOnce(draft, { kind: 'prevote', view, body: null })
  castOnce(draft, { kind: 'precommit', view, body: null })
}

/** A vote cast before (in an earlier life) is not cast again, and who is not in the roster only watches. */
function castOnce(draft: Draft, cast: { kind: VoteKind; view: number; body: string | null }): void {
  const { state } = draft
  const { kind, view } = cast
  const known = kind === 'prevote' ? state.prevotes : state.precommits
  if (!state.height.roster.includes(state.self) || known.get(view)?.has(state.self) === true) return
  if (!firstTime(draft, `${kind}:${view}`)) return
  emit(draft, { type: 'vote', ...cast, locked: state.locked, valid: state.valid })
}

/** Line 28: a re-proposal counts only with the quorum of prevotes that it refers to. */
function isJustified(state: RoundState, proposal: KnownProposal): boolean {
  if (proposal.validView === -1) return true
  return proposal.validView < state.view && hasQuorum(state, 'prevote', proposal.validView, proposal.body)
}

/** It gives the round up, and this peer, which knows what is here, would not; nor has a quorum prevoted so. */
function isHasty(state: RoundState, { lapses, validView }: KnownProposal): boolean {
  return lapses === true && validView === -1 && gathers(state) && !mayLapse(state)
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

function startTimer(draft: Draft, kind: 'propose' | VoteKind, afterMs: number): void {
  emit(draft, { type: 'timer', id: timerId(draft.state, kind, draft.state.view), afterMs })
}

/** Is there something to make a new body of? */
function hasEnough(state: RoundState): boolean {
  if (state.height.mode === 'membership') return state.pending
  return hasEnoughUpdates(state) || mayLapse(state)
}

/**
 * True while each member proposes for the first time. Short cuts are taken only then: after that every time-out counts
 * in full and grows, which is what Tendermint's liveness rests on.
 */
function isFirstTurn(state: RoundState): boolean {
  return state.view < state.height.proposers.length
}
