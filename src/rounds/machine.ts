/**
 * The round machine: `(state, event) → (state, effects)`, a pure function.
 *
 * A height starts when the commit before it is applied. Its updates are collected (collect.ts), then its members agree
 * on one commit body by Tendermint's algorithm (agree.ts; arXiv 1807.04938, Algorithm 1). Time enters through events,
 * and everything that touches the world leaves as an effect.
 */
import { agree, mayBuildAgain, mayPropose, onTimeout, proposerOf, resumeView } from './agree.ts'
import { collect, onDeadline, startCollecting } from './collect.ts'
import { emit } from './draft.ts'
import { onConnected, startReach } from './reach.ts'
import { readTimerId } from './timers.ts'
import { addVote, isNear } from './votes.ts'
import type { Draft } from './draft.ts'
import type { Height, Resume, RoundConfig, RoundEvent, RoundState, StepResult } from './types.ts'

const IDLE_HEIGHT: Height = {
  height: 0,
  round: 0,
  previous: '',
  roster: [],
  proposers: [],
  present: [],
  cohort: [],
  mode: 'membership'
}

/** The state before any height: waits for the first `height` event. */
export function initialState(self: string, config: RoundConfig): RoundState {
  return {
    config,
    self,
    height: IDLE_HEIGHT,
    step: 'done',
    startedAt: 0,
    connected: new Set(),
    lost: new Map(),
    relayed: new Set(),
    collectMs: [],
    ...freshHeight()
  }
}

/** Apply one event. Neither argument is changed. */
export function step(state: RoundState, event: RoundEvent): StepResult {
  const draft: Draft = { state: { ...state }, effects: [], now: event.now, once: null }
  apply(draft, event)
  collect(draft)
  agree(draft)
  return { state: draft.state, effects: draft.effects }
}

function apply(draft: Draft, event: RoundEvent): void {
  switch (event.type) {
    case 'height':
      return onHeight(draft, event.height, event.resume)
    case 'update':
      return onUpdate(draft, event)
    case 'unavailable':
      return onUnavailable(draft, event)
    case 'connected':
      return onConnected(draft, event.peers)
    case 'pending':
      draft.state.pending = event.pending
      return
    case 'proposal':
      return onProposal(draft, event)
    case 'checked':
      draft.state.verdicts = new Map(draft.state.verdicts).set(event.body, event.valid)
      return
    case 'built':
      return onBuilt(draft, event)
    case 'vote':
      return addVote(draft, event)
    case 'timer':
      return onTimer(draft, event.id)
  }
}

function onTimer(draft: Draft, id: string): void {
  const timer = readTimerId(draft.state, id)
  if (timer == null) return
  if (timer.kind === 'deadline') onDeadline(draft)
  else onTimeout(draft, timer)
}

function onHeight(draft: Draft, height: Height, resume?: Resume): void {
  startReach(draft, height)
  Object.assign(draft.state, freshHeight(), { height, startedAt: draft.now, lastUpdateAt: draft.now })
  draft.state.step = height.mode === 'train' ? 'collect' : 'idle'
  if (height.mode === 'train') startCollecting(draft)
  if (resume != null) restore(draft, resume)
}

/**
 * Take up own votes and locks from before a restart: nothing is voted twice, and no view before the last vote is
 * entered, as a lock made there would replace a later one.
 */
function restore(draft: Draft, resume: Resume): void {
  const { state } = draft
  if (resume.view === 0 && resume.votes.length === 0) return
  state.locked = resume.locked
  state.valid = resume.valid
  state.view = Math.max(resume.view, ...resume.votes.map((vote) => vote.view))
  for (const vote of resume.votes) addVote(draft, { from: state.self, ...vote })
  resumeView(draft, state.view)
}

function onUpdate(draft: Draft, event: Extract<RoundEvent, { type: 'update' }>): void {
  const { state } = draft
  const known = state.updates.get(event.author)
  const isCompleted = known?.announced === true && event.update.announced !== true
  if (!state.height.cohort.includes(event.author) || (known != null && !isCompleted)) return
  state.updates = new Map(state.updates).set(event.author, event.update)
  if (known == null) state.lastUpdateAt = draft.now
}

/** What this peer makes of it comes to nothing; of the others it may make something in the same view. */
function onUnavailable(draft: Draft, { author, update }: Extract<RoundEvent, { type: 'unavailable' }>): void {
  const { state } = draft
  if (state.updates.get(author)?.update !== update) return
  const updates = new Map(state.updates)
  updates.delete(author)
  state.updates = updates
  mayBuildAgain(draft)
}

function onProposal(draft: Draft, event: Extract<RoundEvent, { type: 'proposal' }>): void {
  const { state } = draft
  if (event.from !== proposerOf(state, event.view) || !isNear(state, event.view)) return
  if (state.proposals.has(event.view)) return
  state.proposals = new Map(state.proposals).set(event.view, event.proposal)
}

function onBuilt(draft: Draft, event: Extract<RoundEvent, { type: 'built' }>): void {
  const { state } = draft
  if (event.view !== state.view || state.step !== 'propose' || !mayPropose(draft)) return
  state.verdicts = new Map(state.verdicts).set(event.body, true)
  emit(draft, { type: 'propose', view: event.view, body: event.body, validView: -1 })
}

function freshHeight(): Omit<
  RoundState,
  'config' | 'self' | 'height' | 'step' | 'startedAt' | 'connected' | 'lost' | 'relayed' | 'collectMs'
> {
  return {
    pending: false,
    view: 0,
    locked: null,
    valid: null,
    updates: new Map(),
    majorityAt: null,
    lastUpdateAt: 0,
    deadlinePassed: false,
    proposals: new Map(),
    verdicts: new Map(),
    prevotes: new Map(),
    precommits: new Map(),
    secondVotes: new Map(),
    once: new Set()
  }
}
