/** The first half of a height: updates come in until all that can be expected are here, or the deadline passes. */
import { startView } from './agree.ts'
import { gathers, hasCommitteeBegun } from './committee.ts'
import { deadlineMs, hasHistory, HISTORY_LENGTH } from './deadline.ts'
import { emit, firstTime } from './draft.ts'
import { isWithinReach } from './reach.ts'
import { timerId } from './timers.ts'
import { hasEnoughUpdates, knownUpdates, knowsValidBody, mayLapse, missing } from './updates.ts'
import type { Draft } from './draft.ts'
import type { RoundState } from './types.ts'

/** What is left of a wait is over when it is less: no timer is finer, and rounding may leave next to nothing. */
const TIMER_MS = 1

/** Start local training and the deadline's clock. */
export function startCollecting(draft: Draft): void {
  const { height, self } = draft.state
  if (height.cohort.includes(self)) emit(draft, { type: 'train', round: height.round })
  scheduleDeadline(draft)
}

/** The deadline's timer fired; it may have fired early. */
export function onDeadline(draft: Draft): void {
  const { state } = draft
  if (state.height.mode !== 'train' || state.step === 'done') return
  if (remainingMs(draft) < TIMER_MS) state.deadlinePassed = true
  else scheduleDeadline(draft)
}

/** Leave `collect` or `idle` when there is something to agree on. */
export function collect(draft: Draft): void {
  const { state } = draft
  if (state.step === 'idle' && (state.pending || knowsValidBody(state))) return startView(draft, state.view)
  if (state.step !== 'collect') return
  noteMajority(draft)
  if (!isClosed(state) && !knowsValidBody(state)) return
  rememberDuration(draft)
  if (gathers(state)) emit(draft, { type: 'prepare', updates: knownUpdates(state) })
  startView(draft, 0)
}

/** Who does not fetch updates goes by those who do, as far as they are there. */
function isClosed(state: RoundState): boolean {
  const isGathering = gathers(state)
  if (!isGathering && hasCommitteeBegun(state)) return true
  if (!hasEnoughUpdates(state)) return mayLapse(state)
  return state.deadlinePassed || (isGathering && isComplete(state))
}

/** Every member of the cohort has delivered or is out of reach. */
function isComplete(state: RoundState): boolean {
  return !missing(state).some((peer) => peer === state.self || isWithinReach(state, peer))
}

function noteMajority(draft: Draft): void {
  const { state } = draft
  if (state.majorityAt != null || state.updates.size * 2 <= state.height.cohort.length) return
  state.majorityAt = draft.now
  if (!hasHistory(state.collectMs)) scheduleDeadline(draft)
}

function scheduleDeadline(draft: Draft): void {
  emit(draft, {
    type: 'timer',
    id: timerId(draft.state, 'deadline'),
    afterMs: Math.max(0, remainingMs(draft))
  })
}

function remainingMs({ state, now }: Draft): number {
  const majorityMs = state.majorityAt == null ? null : state.majorityAt - state.startedAt
  return deadlineMs(state.config.deadline, state.collectMs, majorityMs) - (now - state.startedAt)
}

function rememberDuration(draft: Draft): void {
  const { state } = draft
  if (state.updates.size === 0 || !firstTime(draft, 'duration')) return
  // Fetching takes those time who do it: the others would wait too little for them.
  const endedAt = !gathers(state) && hasCommitteeBegun(state) ? draft.now : state.lastUpdateAt
  state.collectMs = [...state.collectMs, endedAt - state.startedAt].slice(-HISTORY_LENGTH)
}
