/** Shows how far a simulation is: a bar on a terminal, now and then a line elsewhere, an event a round with --json. */
import { createLogUpdate } from 'log-update'
import { formatDuration, formatMetric, plural } from '../../output/format.ts'
import { jsonLine } from '../../output/json.ts'
import { asStream } from '../../view/live.ts'
import { bar, joinFitting } from '../../view/widgets.ts'
import type { CommandContext, GlobalOptions } from '../../context.ts'
import type { SimulationProgress } from '../../../simulate/index.ts'

/** From one line to the next where there is no terminal. */
const LINE_EVERY_MS = 10_000
const BAR_COLUMNS = 24

export interface Progress {
  tell(progress: SimulationProgress): void
  /** Take the bar away. Idempotent. */
  stop(): void
}

/** All of it goes to stderr but JSON, so that the result can be piped. */
export function startProgress({ stdout, stderr, now }: CommandContext, { json }: GlobalOptions): Progress {
  if (json) {
    const tell = ({ row, ...place }: SimulationProgress): void =>
      stdout.write(jsonLine({ event: row == null ? 'run' : 'round', ...place, ...row }))
    return { tell, stop: () => undefined }
  }
  const paceOf = paceSince(now)
  if (!stderr.isTTY) {
    let lineAt = now()
    const tell = (progress: SimulationProgress): void => {
      const pace = paceOf(progress)
      if (progress.row != null && now() < lineAt + LINE_EVERY_MS) return
      lineAt = now()
      stderr.write(`${partsOf(progress, pace).join(' · ')}\n`)
    }
    return { tell, stop: () => undefined }
  }
  const update = createLogUpdate(asStream(stderr))
  let shown = false
  return {
    tell(progress) {
      shown = true
      update(frame(progress, paceOf(progress), stderr.columns))
    },
    stop() {
      if (shown) update.clear()
      shown = false
    }
  }
}

/** Milliseconds a round since this run began, or went on. */
function paceSince(now: () => number): (progress: SimulationProgress) => number | null {
  let run: { key: string; round: number; at: number } | null = null
  return ({ variant, seed, round }) => {
    const key = `${variant} ${seed}`
    if (run?.key !== key) run = { key, round, at: now() }
    return round > run.round ? (now() - run.at) / (round - run.round) : null
  }
}

function frame(progress: SimulationProgress, pace: number | null, columns: number): string {
  const { round, rounds } = progress
  return `${bar(round / rounds, BAR_COLUMNS)} ${joinFitting(partsOf(progress, pace), columns - BAR_COLUMNS - 2)}`
}

function partsOf(progress: SimulationProgress, pace: number | null): string[] {
  const { variant, seed, round, rounds, run, runs, metric, value, row } = progress
  const place = row == null ? `done after ${plural(round, 'round')}` : `round ${round} of ${rounds}`
  const left = pace == null || row == null ? [] : [`at most ${formatDuration(pace * (rounds - round))} left`]
  const of = runs === 1 ? [] : [row == null ? `${run} of ${runs} runs` : `run ${run + 1} of ${runs}`]
  return [
    `${variant}, seed ${seed}`,
    place,
    `${metric} ${formatMetric(metric, value ?? undefined)}`,
    ...of,
    ...left
  ]
}
