/** Charts of a plan's results: medians over the seeds. */
import { drawChart } from '../../charts/chart.ts'
import { median } from './summary.ts'
import type { Series } from '../../charts/chart.ts'
import type { StoredResult } from './store.ts'

/** Runs of one variant. */
export interface PlottedVariant {
  name: string
  results: readonly StoredResult[]
}

export interface PlotInput {
  title: string
  metric: string
  target?: number
  variants: readonly PlottedVariant[]
}

/** The metric round by round. */
export function plotByRound(input: PlotInput): string {
  return chartOf(input, 'round', ({ round }) => round)
}

/** The metric against what the clients sent up to then, all together. */
export function plotByBytes(input: PlotInput): string {
  return chartOf(input, 'MB sent by all clients', ({ sentBytes }) => sentBytes / 1e6)
}

interface Point {
  round: number
  sentBytes: number
  value: number
}

function chartOf(input: PlotInput, x: string, place: (point: Point) => number): string {
  const { title, metric, target, variants } = input
  const series = variants.map(({ name, results }): Series => {
    return { name, points: pointsOf(results, metric).map((point) => [place(point), point.value] as const) }
  })
  return drawChart({ title, x, y: metric, series, ...(target != null && { mark: target }) })
}

/** Medians over the runs that came so far. */
function pointsOf(results: readonly StoredResult[], metric: string): Point[] {
  const runs = results.map(({ rows }) => evaluatedOf(rows, metric))
  const rounds = [...new Set(runs.flatMap((points) => points.map(({ round }) => round)))].sort(
    (a, b) => a - b
  )
  return rounds.map((round) => {
    const there = runs.flatMap((points) => points.find((point) => point.round === round) ?? [])
    return {
      round,
      sentBytes: median(there.map(({ sentBytes }) => sentBytes)),
      value: median(there.map(({ value }) => value))
    }
  })
}

function evaluatedOf(rows: StoredResult['rows'], metric: string): Point[] {
  let sentBytes = 0
  return rows.flatMap((row) => {
    sentBytes += row.uploadedBytes
    const value = row.metrics?.[metric]
    return value == null ? [] : [{ round: row.round, sentBytes, value }]
  })
}
