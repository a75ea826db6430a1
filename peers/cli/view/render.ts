/** One frame of the live view, as text. Lines never exceed the width, so a terminal never wraps them. */
import {
  formatBytes,
  formatDuration,
  formatEngine,
  formatMetric,
  metricNames,
  plural,
  shortId
} from '../output/format.ts'
import { clip, fit, printable, truncate } from '../output/width.ts'
import { commitLines } from './commits.ts'
import { memberLines } from './members.ts'
import { bar, ends, joinFitting, sparkline } from './widgets.ts'
import type { ViewState } from './state.ts'
import type { Phase, PeerStatus } from '../../node/types.ts'
import type pc from 'picocolors'

/** The room there is, and whether to colour. */
export interface FrameOptions {
  columns: number
  rows: number
  colors: ReturnType<typeof pc.createColors>
}

const MAX_COLUMNS = 110

/** Phases in words, and the share of a round's progress bar that is done in each. */
const PHASES: Record<Phase, { words: string; share: number }> = {
  connecting: { words: 'connecting to members', share: 0 },
  'catching-up': { words: 'catching up with the ledger', share: 0 },
  waiting: { words: 'waiting', share: 0 },
  training: { words: 'training on your data', share: 0 },
  collecting: { words: 'collecting updates', share: 0.8 },
  agreeing: { words: 'agreeing on the result', share: 0.9 },
  finished: { words: 'finished', share: 1 },
  stopped: { words: 'stopped', share: 0 }
}

/** How much of a round training is, in the progress bar. */
const TRAINING_SHARE = 0.8

/**
 * The whole frame, at most `rows − 1` lines (a terminal's last line holds the cursor): head and progress always,
 * then members, then commits as there is room.
 */
export function renderFrame(state: ViewState, options: FrameOptions): string {
  const columns = Math.min(options.columns, MAX_COLUMNS)
  const fitted = { ...options, columns }
  const head = headLines(state, fitted)
  const foot = footLines(state, fitted)
  const room = Math.max(0, options.rows - 1 - head.length - foot.length)
  const forMembers = room >= MEMBERS_LEAST + COMMITS_KEPT ? room - COMMITS_KEPT : room
  const members = memberLines(state.status, { ...fitted, room: forMembers })
  const commits = commitLines(state.commits, { ...fitted, room: room - members.length })
  const lines = [...head, ...members, ...commits, ...foot].slice(0, Math.max(1, options.rows - 1))
  return lines.map((line) => clip(line, columns)).join('\n')
}

/** Lines left to the commits when there are many members. */
const COMMITS_KEPT = 4
/** Fewer lines than this for the members say too little to give some away. */
const MEMBERS_LEAST = 5

function headLines(state: ViewState, { columns, colors }: FrameOptions): string[] {
  const { status } = state
  const name = truncate(printable(status.name), Math.max(10, columns - 28))
  const title = ends(
    colors.bold(name),
    colors.dim(`${shortId(status.peerId)} in ${shortId(status.federation)}`),
    columns
  )
  return [title, '', progressLine(state, { columns, colors }), phaseLine(state, { columns, colors }), '']
    .concat(metricLines(state, { columns, colors }))
    .concat(trafficLine(status, columns))
}

type Area = Pick<FrameOptions, 'columns' | 'colors'>

function progressLine({ status, training }: ViewState, { columns, colors }: Area): string {
  const label = `round ${Math.min(status.round + 1, status.rounds)}/${status.rounds} `
  const done = status.phase === 'finished' ? status.rounds : status.round + roundShare(status.phase, training)
  const share = status.rounds === 0 ? 0 : Math.min(1, done / status.rounds)
  const eta =
    status.etaMs == null || status.phase === 'finished' ? '' : `  ${formatDuration(status.etaMs)} left`
  const tail = ` ${fit(`${Math.floor(share * 100)} %`, 5, 'right')}${eta}`
  const width = Math.max(5, columns - label.length - tail.length)
  return label + colors.cyan(bar(share, width)) + tail
}

function roundShare(phase: Phase, training: ViewState['training']): number {
  if (phase !== 'training') return PHASES[phase].share
  return training == null || training.steps === 0 ? 0 : (TRAINING_SHARE * training.step) / training.steps
}

function phaseLine({ status, training, notice }: ViewState, { columns, colors }: Area): string {
  if (status.waitingFor != null) return colors.yellow(truncate(printable(status.waitingFor), columns))
  const { words } = PHASES[status.phase]
  if (status.phase === 'training' && training != null) {
    return truncate(
      `${words}: step ${training.step}/${training.steps}, loss ${training.loss.toFixed(3)}`,
      columns
    )
  }
  const line = notice == null ? words : `${words}   (${printable(notice)})`
  return truncate(line, columns)
}

/** More in a line are too many to read. */
const MAX_METRICS = 4

function metricLines({ status, history }: ViewState, { columns, colors }: Area): string[] {
  const room = Math.max(1, Math.floor((columns - 16) / 10))
  const names = metricNames(status.evaluation, status.ownEvaluation).slice(0, Math.min(MAX_METRICS, room))
  if (names.length === 0) return []
  const cell = (text: string): string => fit(text, 10, 'right')
  const row = (label: string, values: PeerStatus['evaluation']): string =>
    fit(label, 16) + names.map((name) => cell(formatMetric(name, values?.[name]))).join('')
  const spark = sparkline(history, Math.min(32, columns - 16 - 10 * names.length - 3))
  return [
    colors.dim(fit('', 16) + names.map(cell).join('')),
    `${row('global model', status.evaluation)}   ${colors.green(spark)}`.trimEnd(),
    row('on your data', status.ownEvaluation)
  ]
}

function trafficLine(status: PeerStatus, columns: number): string {
  const parts = [
    `in ${formatBytes(status.bytesIn)}`,
    `out ${formatBytes(status.bytesOut)}`,
    ...(status.roundMs == null ? [] : [`${formatDuration(status.roundMs)} a round`]),
    ...(status.trainer == null
      ? []
      : [plural(status.trainer.trainSamples, 'example'), plural(status.trainer.parameters, 'parameter')]),
    ...(status.trainer == null ? [] : [formatEngine(status.trainer)])
  ]
  return fit('traffic', 16) + joinFitting(parts, columns - 16)
}

function footLines(state: ViewState, { columns, colors }: FrameOptions): string[] {
  const hint =
    state.status.phase === 'finished' ? 'Ctrl-C ends this peer' : 'Ctrl-C leaves; start again to go on'
  return ['', colors.dim(truncate(hint, columns))]
}
