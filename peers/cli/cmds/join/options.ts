import { runOptions } from '../../run/options.ts'
import type { OptionSpec } from '../../command.ts'
import type { RunOptions } from '../../run/options.ts'

/** Options of `murmur join`: those of `start`, and consent. */
export interface JoinOptions extends RunOptions {
  yes: boolean
}

export const joinOptions: OptionSpec[] = [
  { flags: '--yes', description: 'Join without being asked.', default: false },
  ...runOptions
]
