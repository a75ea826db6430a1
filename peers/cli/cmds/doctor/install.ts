/** `murmur doctor --install`: says what it takes, asks, builds. */
import { formatBytes } from '../../output/format.ts'
import { UserError } from '../../output/exit.ts'
import type { CommandContext } from '../../context.ts'
import type { DoctorOptions } from './options.ts'

/** All that is told goes to stderr: stdout has the report. @throws {UserError} nobody said yes */
export async function install(context: CommandContext, { yes }: DoctorOptions): Promise<void> {
  const { library, signal, stderr } = context
  const { folder, isDone, archives, diskBytes } = await library.planNative({ signal })
  if (!isDone) {
    const lines = archives.map(
      ({ name, version, sizeBytes }) => `  ${name} ${version}, ${formatBytes(sizeBytes)}`
    )
    stderr.write(
      `To be downloaded from package registries with pip and npm, checked against pinned hashes:\n${lines.join('\n')}\n` +
        `Compiled with g++, kept in ${folder}; up to ${formatBytes(diskBytes)} of disk while it is built.\n`
    )
    if (!yes) await ask(context)
  }
  const startedAt = context.now()
  const at = await library.installNative({ signal, onStep: (text) => stderr.write(`${text} …\n`) })
  const seconds = Math.round((context.now() - startedAt) / 1000)
  stderr.write(`tfjs-node ${isDone ? 'was there already' : `was built in ${seconds} s`}: ${at}\n`)
}

async function ask(context: CommandContext): Promise<void> {
  const answer = await context.confirm('Go on? [y/N] ')
  if (answer == null) throw new UserError('Nobody is here to say yes: add --yes to go on without a question.')
  if (!answer) throw new UserError('Nothing was downloaded.')
}
