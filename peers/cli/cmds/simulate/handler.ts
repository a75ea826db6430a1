import { readFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { jsonLine } from '../../output/json.ts'
import { renderTable, tableColumns } from '../../output/table.ts'
import { startProgress } from './progress.ts'
import type { Handler } from '../../command.ts'
import type { CommandContext, GlobalOptions } from '../../context.ts'
import type { SimulateInit, SimulationResult } from '../../../simulate/index.ts'
import type { SimulateOptions } from './options.ts'

type Options = SimulateOptions & GlobalOptions

export const handler: Handler<SimulateOptions> = async ({ context, args, options }) => {
  const { cwd, signal, version } = context
  const file = resolve(cwd, args[0] ?? '')
  const text = await readFile(file, 'utf8')
  const out = resolve(cwd, options.out ?? `${basename(file).replace(/\.ya?ml$/, '')}-results`)
  const progress = startProgress(context, options)
  try {
    const init = { text, folder: dirname(file), out, version, signal, now: () => context.now() }
    const settings = settingsOf(options, cwd)
    const result = await context.library.simulate({ ...init, ...settings, onProgress: progress.tell })
    progress.stop()
    tell(context, options, result)
  } finally {
    progress.stop()
  }
  return undefined
}

/** What was given on the command line; the rest is the plan's, or has a default. */
function settingsOf(options: Options, cwd: string): Partial<SimulateInit> {
  const { data, workers, seeds, rounds, only, backend } = options
  const settings = { ...{ workers, seeds, rounds, only, backend }, dataFolder: data && resolve(cwd, data) }
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value != null))
}

function tell({ stdout }: CommandContext, { json }: Options, result: SimulationResult): void {
  const { out, summaries, table } = result
  if (json) return stdout.write(jsonLine({ event: 'result', out, summaries }))
  const [head, ...rows] = table
  const right = head.map((_, i) => i).slice(1)
  const text = renderTable({ head, rows, right, columns: tableColumns(stdout) })
  stdout.write(`${text}\n\nResults and charts: ${join(out, '/')}\n`)
}
