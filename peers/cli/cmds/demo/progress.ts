/** The demo's joint view: every peer's phase and training in one frame. State is reduced from the children's events. */
import { formatDuration, formatMetric } from '../../output/format.ts'
import { clip, fit, truncate } from '../../output/width.ts'
import { bar, sparkline } from '../../view/widgets.ts'
import type { ChildEvent } from './child.ts'
import type { FrameOptions } from '../../view/render.ts'

/** One peer of the demo, as its events tell. */
export interface DemoPeer {
  name: string
  phase: string
  step: number
  steps: number
}

/** The state of the whole demo. */
export interface DemoState {
  title: string
  rounds: number
  /** Rounds committed. */
  round: number
  peers: DemoPeer[]
  /** Accuracy of the global model that each commit states. */
  history: number[]
  roundMs: number[]
  /** Rounds trained alone, per peer; null before that stage. */
  alone: number[] | null
}

/** Before anything has started. */
export function initialDemo(title: string, rounds: number, peers: number): DemoState {
  const names = Array.from({ length: peers }, (_, i) => `peer ${i + 1}`)
  const idle = { phase: 'starting', step: 0, steps: 0 }
  return {
    title,
    rounds,
    round: 0,
    peers: names.map((name) => ({ name, ...idle })),
    history: [],
    roundMs: [],
    alone: null
  }
}

/** Fold one event of peer `index` into the state. */
export function reduceDemo(state: DemoState, index: number, event: ChildEvent): DemoState {
  const update = (change: Partial<DemoPeer>): DemoState => ({
    ...state,
    peers: state.peers.map((peer, i) => (i === index ? { ...peer, ...change } : peer))
  })
  switch (event.event) {
    case 'phase':
      return update({ phase: String(event['phase']), step: 0 })
    case 'training:progress':
      return update({ step: Number(event['step']), steps: Number(event['steps']) })
    case 'finished':
      return update({ phase: 'finished' })
    case 'commit':
      return Number(event['round']) > state.round ? addCommit(state, event) : state
    default:
      return state
  }
}

/** The first peer to commit a round speaks for all: the commit is the same. */
function addCommit(state: DemoState, event: ChildEvent): DemoState {
  const accuracy = accuracyOf(event['evaluation'])
  return {
    ...state,
    round: Number(event['round']),
    history: accuracy == null ? state.history : [...state.history, accuracy],
    roundMs: [...state.roundMs, Number(event['roundMs'])]
  }
}

function accuracyOf(metrics: unknown): number | null {
  const accuracy = (metrics as Record<string, unknown> | null | undefined)?.['accuracy']
  return typeof accuracy === 'number' ? accuracy : null
}

/** The frame as text. */
export function renderDemo(state: DemoState, { columns, rows, colors }: FrameOptions): string {
  const width = Math.min(columns, 100)
  const head = `round ${fit(`${state.round}/${state.rounds}`, 6)} `
  const accuracy = state.history.at(-1)
  const reached = accuracy == null ? '' : `  accuracy ${formatMetric('accuracy', accuracy)} `
  const tail =
    reached + sparkline(state.history, Math.min(24, width - head.length - reached.length - LEAST_BAR))
  const lines = [
    colors.bold(truncate(state.title, width)),
    '',
    head +
      colors.cyan(bar(state.round / state.rounds, Math.max(LEAST_BAR, width - head.length - tail.length))) +
      tail,
    ''
  ]
  const peers = state.peers.map((peer, i) => peerLine(peer, state.alone?.[i] ?? null, state.rounds, width))
  const mean = state.roundMs.reduce((sum, ms) => sum + ms, 0) / Math.max(1, state.roundMs.length)
  const foot = state.roundMs.length === 0 ? [] : ['', colors.dim(`${formatDuration(mean)} a round`)]
  const shown = [...lines, ...peers, ...foot].slice(0, Math.max(1, rows - 1))
  return shown.map((line) => clip(line, width)).join('\n')
}

/** Columns that the progress bar has at least. */
const LEAST_BAR = 5

function peerLine(peer: DemoPeer, alone: number | null, rounds: number, width: number): string {
  const label = fit(peer.name, 9)
  const phase = fit(alone == null ? peer.phase : alone < rounds ? 'training alone' : 'compared', 16)
  const share = alone == null ? trainingShare(peer) : alone / rounds
  return truncate(label + phase + bar(share, Math.max(5, Math.min(40, width - 27))), width)
}

function trainingShare({ phase, step, steps }: DemoPeer): number {
  if (phase === 'training') return steps === 0 ? 0 : step / steps
  return phase === 'collecting' || phase === 'agreeing' || phase === 'finished' ? 1 : 0
}
