/** What the live view shows: the peer's status and what its events added. A pure reducer. */
import type { PeerEvent } from '../run/events.ts'
import type { PeerEvents, PeerStatus } from '../../node/types.ts'

/** Everything one frame is drawn from. */
export interface ViewState {
  status: PeerStatus
  training: { round: number; step: number; steps: number; loss: number } | null
  /** The latest commits, newest first. */
  commits: PeerEvents['commit']['detail'][]
  /** Global accuracy (or loss, without one) after each round, oldest first. */
  history: number[]
  /** The latest thing a person should know, such as a refused update. */
  notice: string | null
}

const KEPT_COMMITS = 5
const KEPT_HISTORY = 64

/** A view of a peer that has only just started. */
export function initialView(status: PeerStatus): ViewState {
  return { status, training: null, commits: [], history: [], notice: null }
}

/** The state after an event; `status` is refreshed by the caller for each frame. */
export function reduceView(state: ViewState, event: PeerEvent): ViewState {
  switch (event.event) {
    case 'training:progress': {
      const { round, step, steps, loss } = event.detail
      return { ...state, training: { round, step, steps, loss } }
    }
    case 'training:end':
      return { ...state, training: null }
    case 'commit': {
      const value = event.detail.evaluation['accuracy'] ?? event.detail.evaluation['loss']
      const history = value == null ? state.history : [...state.history, value].slice(-KEPT_HISTORY)
      const commits = [event.detail, ...state.commits].slice(0, KEPT_COMMITS)
      return { ...state, training: null, commits, history }
    }
    default:
      return { ...state, notice: noticeOf(event) ?? state.notice }
  }
}

function noticeOf(event: PeerEvent): string | null {
  switch (event.event) {
    case 'update:refused':
      return `An update was refused (${event.detail.reason}).`
    case 'member:refused':
      return event.detail.local
        ? `Somebody was turned away: ${event.detail.message}`
        : `A member turned this peer away: ${event.detail.message}`
    case 'error':
      return event.detail.error.message
    default:
      return null
  }
}
