/** What is noted of each round. */
import { z } from 'zod'
import { metricsField } from '../../../src/federation/records.ts'

const count = z.int().min(0)
const seconds = z.number().min(0)

/** One round as it went. */
export const rowSchema = z.strictObject({
  round: z.int().min(1),
  /** Of the model after the round; null where it was not evaluated. */
  metrics: metricsField.nullable(),
  /** Payloads of the cohort, each once. */
  uploadedBytes: count,
  /** The model before the round, as 32-bit numbers, once for each of the cohort. */
  downloadedBytes: count,
  accepted: count,
  refused: count,
  /** Clients that sent nothing: their training diverged, or there was nobody whose update a lie could start from. */
  silent: count,
  /** Too few updates were accepted for the rule: the model stayed as it was. */
  lapsed: z.boolean(),
  /** Wall time of training and aggregation, and of the evaluation after. */
  seconds,
  evaluationSeconds: seconds
})

export type RoundRow = z.output<typeof rowSchema>

/** Text and numbers as a CSV file, its heading first. */
export function toCsv(heading: readonly string[], lines: readonly (readonly (string | number)[])[]): string {
  const cell = (value: string | number): string =>
    /[",\n]/.test(String(value)) ? `"${String(value).replaceAll('"', '""')}"` : String(value)
  return [heading, ...lines].map((line) => `${line.map(cell).join(',')}\n`).join('')
}

/** Rounds as CSV: a column for each metric that any of them has, by name. */
export function rowsToCsv(rows: readonly RoundRow[]): string {
  const names = new Set(rows.flatMap((row) => Object.keys(row.metrics ?? {})))
  const metrics = [...names].filter((name) => name !== 'samples').sort()
  const heading = [
    'round',
    ...metrics,
    'uploadedBytes',
    'downloadedBytes',
    'accepted',
    'refused',
    'silent',
    'lapsed'
  ]
  const lines = rows.map((row) => [
    row.round,
    ...metrics.map((name) => row.metrics?.[name] ?? ''),
    ...[row.uploadedBytes, row.downloadedBytes, row.accepted, row.refused, row.silent, Number(row.lapsed)],
    ...[row.seconds.toFixed(3), row.evaluationSeconds.toFixed(3)]
  ])
  return toCsv([...heading, 'seconds', 'evaluationSeconds'], lines)
}
