import { UsageError } from '../../output/exit.ts'
import { formatMetric, metricNames } from '../../output/format.ts'
import { jsonLine } from '../../output/json.ts'
import { renderPairs, renderTable, tableColumns } from '../../output/table.ts'
import { displayWidth } from '../../output/width.ts'
import { dataOf } from '../../run/options.ts'
import { tellOrigin, weightsFor, withSource } from '../../source.ts'
import type { Handler } from '../../command.ts'
import type { DataFlags } from '../../run/options.ts'
import type { Evaluation } from '../../library/types.ts'

/** Options of `murmur evaluate`. */
export interface EvaluateOptions extends DataFlags {
  personal: boolean
}

export const handler: Handler<EvaluateOptions> = async ({ context, options }) => {
  await withSource(context, options, async (source, home) => {
    const data = dataOf(options, context.cwd) ?? home.remembered.data
    if (data == null) throw new UsageError('Say what to measure on: --data <path>.')
    tellOrigin(context, options, source)
    const { value: manifest } = home.manifest
    const weights = await weightsFor(context, options, { source, home })
    const result = await context.library.evaluate({ manifest, weights, data, signal: context.signal })
    const { labels } = manifest.task
    if (options.json) context.stdout.write(jsonLine({ ...result, labels }))
    else context.stdout.write(render(result, labels, tableColumns(context.stdout)))
  })
  return undefined
}

function render({ metrics, confusion }: Evaluation, labels: string[], columns: number): string {
  const pairs = metricNames(metrics).map((name): [string, string] => [
    name,
    formatMetric(name, metrics[name])
  ])
  const { samples } = metrics
  if (samples != null) pairs.push(['samples', samples.toLocaleString('en')])
  const summary = renderPairs(pairs)
  if (confusion == null) return `${summary}\n`
  const matrix = confusion.length <= MATRIX_CLASSES ? confusionTable(confusion, labels) : null
  const fits = matrix != null && Math.max(...matrix.split('\n').map(displayWidth)) <= columns
  return `${summary}\n\n${fits ? matrix : confusedPairs(confusion, labels)}\n`
}

/** More classes than this never fit side by side. */
const MATRIX_CLASSES = 12
const LISTED_PAIRS = 10

/** Rows are what it is, columns what the model says. */
function confusionTable(confusion: number[][], labels: string[]): string {
  const head = ['is ↓  said →', ...labels, 'right']
  const rows = confusion.map((row, i) => [
    labels[i] ?? String(i),
    ...row.map((n) => (n === 0 ? '·' : String(n))),
    share(row, i)
  ])
  return renderTable({ head, rows, right: head.map((_, i) => i).slice(1) })
}

function share(row: number[], i: number): string {
  const total = row.reduce((sum, n) => sum + n, 0)
  return total === 0 ? '–' : formatMetric('accuracy', (row[i] ?? 0) / total)
}

/** The mistakes made most often, for many classes or a narrow terminal. */
function confusedPairs(confusion: number[][], labels: string[]): string {
  const name = (i: number): string => labels[i] ?? String(i)
  const pairs = confusion
    .flatMap((row, is) => row.map((count, said) => ({ is, said, count })))
    .filter(({ is, said, count }) => is !== said && count > 0)
    .sort((a, b) => b.count - a.count)
    .slice(0, LISTED_PAIRS)
  if (pairs.length === 0) return 'No mistakes.'
  const rows = pairs.map(({ is, said, count }) => [name(is), name(said), String(count)])
  return renderTable({ head: ['is', 'said', 'times'], rows, right: [2] })
}
