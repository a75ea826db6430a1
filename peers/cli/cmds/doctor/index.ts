/** `murmur doctor`: what this machine can do for a peer. */
import { lazy } from '../../command.ts'
import type { CommandSpec } from '../../command.ts'
import type { DoctorOptions } from './options.ts'

export const doctor: CommandSpec = {
  name: 'doctor',
  summary: 'Whether this machine can train and how fast, and what to install.',
  description: `Tries every compute engine in a process of its own: whether it computes what plain JavaScript does, how fast it
multiplies matrices of 1024 × 1024, and how long it takes for a training step of a 784-200-200-10 network on 32 examples. Then looks
at Node.js, the state directory, disk, clock and network. Changes nothing. The exit code is 0 when training is possible.`,
  examples: [
    ['doctor', 'a table'],
    ['doctor --json', 'the same as one JSON object']
  ],
  run: lazy<DoctorOptions>(() => import('./handler.ts'))
}
