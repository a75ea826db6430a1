/** Read-only commands ask the running peer, or read its files when none runs; and say which. */
import { formatDateTime } from './output/format.ts'
import type { OptionSpec } from './command.ts'
import type { CommandContext, GlobalOptions } from './context.ts'
import type { HomeInfo, StateSource } from './library/types.ts'
import type { CommitSummary } from '../node/types.ts'

/** Use the state of a home, and close it whatever happens. */
export async function withSource<T>(
  context: CommandContext,
  options: GlobalOptions,
  use: (source: StateSource, home: HomeInfo) => Promise<T>
): Promise<T> {
  const home = await context.library.openHome(options.home)
  const source =
    (await context.library.connect(options.home)) ?? (await context.library.openDisk(options.home))
  try {
    return await use(source, home)
  } finally {
    await source.close()
  }
}

/** Where the figures come from, for people; on stderr, so that pipes stay clean. */
export function tellOrigin(context: CommandContext, options: GlobalOptions, source: StateSource): void {
  if (options.json || source.origin === 'peer') return
  context.stderr.write(`No peer runs in ${options.home}: this is what its files say, as it was left.\n`)
}

/** `predict`, `evaluate` and `model export` have it. */
export const personalOption: OptionSpec = {
  flags: '--personal',
  description: 'Use your own model, made by "murmur personalize".',
  default: false
}

/** The weights that a command works with: the latest committed ones, or this peer's own. */
export async function weightsFor(
  { library }: CommandContext,
  options: GlobalOptions & { personal: boolean },
  { source, home }: { source: StateSource; home: HomeInfo }
): Promise<Float32Array> {
  if (!options.personal) return await source.weights()
  return (await library.readPersonal(options.home, home.manifest)).weights
}

/** The latest commit, or null before the first. */
export async function latestCommit(source: StateSource): Promise<CommitSummary | null> {
  const { height } = await source.status()
  for await (const commit of source.ledger({ from: height, limit: 1 })) return commit
  return null
}

/** 'round 7, committed 2026-11-24 14:03:59', or that nothing was trained yet. */
export function describeCommit(commit: CommitSummary | null): string {
  if (commit == null) return 'the initial model (no round is committed yet)'
  return `round ${commit.round}, committed ${formatDateTime(commit.time)}`
}
