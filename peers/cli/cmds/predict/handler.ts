import { resolve } from 'node:path'
import { UsageError } from '../../output/exit.ts'
import { formatMetric } from '../../output/format.ts'
import { jsonLine } from '../../output/json.ts'
import { renderTable, tableColumns } from '../../output/table.ts'
import { tellOrigin, weightsFor, withSource } from '../../source.ts'
import type { Handler } from '../../command.ts'
import type { Prediction } from '../../library/types.ts'

/** Options of `murmur predict`. */
export interface PredictOptions {
  input?: string
  index?: number
  top: number
  personal: boolean
}

export const handler: Handler<PredictOptions> = async ({ context, options }) => {
  if (options.input == null) throw new UsageError('Say what to predict: --input <file>.')
  const path = resolve(context.cwd, options.input)
  const only = options.index == null ? {} : { index: options.index }
  await withSource(context, options, async (source, home) => {
    tellOrigin(context, options, source)
    const { value: manifest } = home.manifest
    const weights = await weightsFor(context, options, { source, home })
    const { data } = home.remembered
    const trainedOn = data == null ? {} : { trainedOn: data }
    const model = { manifest, weights, signal: context.signal }
    const rows = await context.library.predict({ ...model, path, ...only, ...trainedOn })
    const { labels } = manifest.task
    if (options.json)
      rows.forEach((row, i) => context.stdout.write(jsonLine(jsonRow(row, i + first(options), labels))))
    else
      context.stdout.write(`${table(rows, labels, { ...options, columns: tableColumns(context.stdout) })}\n`)
  })
  return undefined
}

function first({ index }: PredictOptions): number {
  return index ?? 0
}

function jsonRow(row: Prediction, index: number, labels: string[]): Record<string, unknown> {
  if (row.scores.length === 0) return { index, value: row.value }
  const scores = Object.fromEntries(row.scores.map((score, i) => [labels[i] ?? String(i), score]))
  return { index, label: labels[row.value] ?? String(row.value), scores }
}

function table(rows: Prediction[], labels: string[], options: PredictOptions & { columns: number }): string {
  const { columns } = options
  if (rows.every((row) => row.scores.length === 0)) {
    const cells = rows.map((row, i) => [String(i + first(options)), String(row.value)])
    return renderTable({ head: ['example', 'value'], rows: cells, right: [0, 1], columns })
  }
  const cells = rows.map((row, i) => [String(i + first(options)), ...topClasses(row, labels, options.top)])
  return renderTable({ head: ['example', 'class', 'sure', 'or'], rows: cells, right: [0, 2], columns })
}

/** The best class, its probability, and the runners-up as one cell. */
function topClasses(row: Prediction, labels: string[], top: number): string[] {
  const ranked = row.scores
    .map((score, i) => ({ label: labels[i] ?? String(i), sure: formatMetric('accuracy', score), score }))
    .sort((a, b) => b.score - a.score)
  const others = ranked.slice(1, top).map(({ label, sure }) => `${label} ${sure}`)
  return [ranked[0]?.label ?? '–', ranked[0]?.sure ?? '–', others.join(', ')]
}
