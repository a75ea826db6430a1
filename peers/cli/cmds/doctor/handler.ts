import { exitCodes } from '../../output/exit.ts'
import { jsonLine } from '../../output/json.ts'
import { tableColumns } from '../../output/table.ts'
import { install } from './install.ts'
import { renderReport } from './report.ts'
import type { Handler } from '../../command.ts'
import type { DoctorOptions } from './options.ts'

export const handler: Handler<DoctorOptions> = async ({ context, options }) => {
  const { stdout, stderr, signal, library } = context
  if (options.install) await install(context, options)
  const onTrial = (name: string): void => {
    if (stderr.isTTY && !options.json) stderr.write(`Trying ${name} …\n`)
  }
  const report = await library.examine({ home: options.home, now: context.now(), signal, onTrial })
  stdout.write(
    options.json ? jsonLine({ ...report }) : `${renderReport(report, tableColumns(stdout), context.colors)}\n`
  )
  return report.ok ? exitCodes.ok : exitCodes.failure
}
