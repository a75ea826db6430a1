import { readFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { jsonLine } from '../../output/json.ts'
import { renderTable, tableColumns } from '../../output/table.ts'
import { startProgress } from './progress.ts'
import type { Handler } from '../../command.ts'
import type { SimulateOptions } from './options.ts'

export const handler: Handler<SimulateOptions> = async ({ context, args, options }) => {
  const { cwd, stdout, signal, version } = context
  const file = resolve(cwd, args[0] ?? '')
  const text = await readFile(file, 'utf8')
  const { workers, seeds, rounds, only, backend } = options
  const out = resolve(cwd, options.out ?? `${basename(file).replace(/\.ya?ml$/, '')}-results`)
  const folder = options.data == null ? dirname(file) : resolve(cwd, options.data)
  const progress = startProgress(context, options)
  try {
    const settings = {
      ...(workers && { workers }),
      ...(seeds && { seeds }),
      ...(rounds && { rounds }),
      ...(only && { only }),
      ...(backend && { backend })
    }
    const init = { text, folder, out, version, signal, now: () => context.now(), ...settings }
    const result = await context.library.simulate({ ...init, onProgress: progress.tell })
    progress.stop()
    if (options.json) stdout.write(jsonLine({ event: 'result', out, summaries: result.summaries }))
    else {
      const [head, ...rows] = result.table
      const right = head.map((_, i) => i).slice(1)
      stdout.write(
        `${renderTable({ head, rows, right, columns: tableColumns(stdout) })}\n\nResults and charts: ${join(out, '/')}\n`
      )
    }
  } finally {
    progress.stop()
  }
  return undefined
}
