/** What all runs of a plan came to: medians over the seeds, as CSV and as a table of Markdown. */
import { toCsv } from '../run/rows.ts'
import type { Plan } from '../plan/schema.ts'
import type { StoredResult } from './store.ts'

/** The runs of one variant. */
export interface VariantSummary {
  variant: string
  seeds: number[]
  /** The metric that the plan is about. */
  metric: string
  /** Median over the seeds of the last value, the best value, and the mean of the last ten evaluations. */
  last: number
  best: number
  lastTen: number
  /** Each seed's, and their median; null: not reached, which counts as later than any round. */
  roundsToTarget: (number | null)[]
  medianRounds: number | null
  /** Of one run, median: payloads, models, wall time of all its rounds. */
  uploadedBytes: number
  downloadedBytes: number
  seconds: number
  roundsPerSecond: number
}

/** The metric that a plan is about: its target's, else the first that its task has. */
export function metricOf({ target, task }: Plan): string {
  return target?.metric ?? task.metrics[0] ?? 'loss'
}

/** Of one variant's runs, at least one. */
export function summarise(plan: Plan, results: readonly StoredResult[]): VariantSummary {
  const metric = metricOf(plan)
  const isLowerBetter = metric === 'loss' || metric === 'mae'
  const values = results.map(({ rows }) => rows.flatMap((row) => row.metrics?.[metric] ?? []))
  const over = (measure: (result: StoredResult) => number): number => median(results.map(measure))
  const sum = (
    result: StoredResult,
    key: 'uploadedBytes' | 'downloadedBytes' | 'seconds' | 'evaluationSeconds'
  ): number => result.rows.reduce((total, row) => total + row[key], 0)
  const duration = (result: StoredResult): number => sum(result, 'seconds') + sum(result, 'evaluationSeconds')
  const reached = results.map(({ roundsToTarget }) => roundsToTarget)
  const medianRounds = median(reached.map((round) => round ?? Infinity))
  return {
    variant: results[0].variant,
    seeds: results.map(({ seed }) => seed),
    metric,
    last: median(values.map((all) => all.at(-1) ?? NaN)),
    best: median(values.map((all) => (isLowerBetter ? Math.min(...all) : Math.max(...all)))),
    lastTen: median(values.map((all) => mean(all.slice(-10)))),
    roundsToTarget: reached,
    medianRounds: Number.isFinite(medianRounds) ? medianRounds : null,
    uploadedBytes: over((result) => sum(result, 'uploadedBytes')),
    downloadedBytes: over((result) => sum(result, 'downloadedBytes')),
    seconds: over(duration),
    roundsPerSecond: over((result) => result.rows.length / duration(result))
  }
}

/** The middle value; of an even number the mean of the two in the middle. NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const half = sorted.length >> 1
  // Two infinities have a mean, which arithmetic finds too; ∞ and a number give ∞: not reached.
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2
}

export function summaryToCsv(summaries: readonly VariantSummary[]): string {
  const heading = ['variant', 'seeds', 'metric', 'last', 'best', 'lastTen', 'roundsToTarget', 'medianRounds']
  const lines = summaries.map((s) => [
    ...[s.variant, s.seeds.join(' '), s.metric, s.last, s.best, s.lastTen],
    ...[s.roundsToTarget.map((round) => round ?? '-').join(' '), s.medianRounds ?? '-'],
    ...[s.uploadedBytes, s.downloadedBytes, s.seconds.toFixed(1), s.roundsPerSecond.toFixed(3)]
  ])
  return toCsv([...heading, 'uploadedBytes', 'downloadedBytes', 'seconds', 'roundsPerSecond'], lines)
}

/** Cells of a table for people: heading first. */
export function summaryTable(summaries: readonly VariantSummary[]): string[][] {
  const metric = summaries[0]?.metric ?? ''
  const heading = [
    'variant',
    'seeds',
    metric,
    `best ${metric}`,
    'last ten',
    'rounds to target',
    'MB up',
    'rounds/s'
  ]
  const lines = summaries.map((s) => [
    ...[s.variant, String(s.seeds.length), s.last.toFixed(4), s.best.toFixed(4), s.lastTen.toFixed(4)],
    ...[
      roundsText(s),
      Number((s.uploadedBytes / 1e6).toPrecision(3)).toString(),
      Number(s.roundsPerSecond.toPrecision(3)).toString()
    ]
  ])
  return [heading, ...lines]
}

/** A table as Markdown. */
export function markdownTable([heading, ...lines]: readonly string[][]): string {
  const row = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`
  return row(heading) + row(heading.map(() => '---')) + lines.map(row).join('')
}

function roundsText({ roundsToTarget, medianRounds }: VariantSummary): string {
  const each = roundsToTarget.map((round) => round ?? '–').join(', ')
  return roundsToTarget.length > 1 ? `${medianRounds ?? '–'} (${each})` : each
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
