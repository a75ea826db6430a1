/** `murmur doctor`: what this machine can do for a peer. */
import { lazy } from '../../command.ts'
import type { CommandSpec } from '../../command.ts'
import type { DoctorOptions } from './options.ts'

export const doctor: CommandSpec = {
  name: 'doctor',
  summary: 'Whether this machine can train and how fast, and what to install.',
  description: `Tries every compute engine in a process of its own: whether it computes what plain JavaScript does, how fast it
multiplies matrices of 1024 × 1024 (with two threads too, where it and the machine have them), and how long it takes for a training step of a 784-200-200-10 network on 32 examples,
and for one of the model of the federation in the state directory, if there is one. Then looks
at Node.js, the state directory, disk, clock and network. Without --install it
changes nothing. The exit code is 0 when training is possible.`,
  options: [
    {
      flags: '--install',
      description: "First build TensorFlow's library into the cache (asks).",
      default: false
    },
    { flags: '--yes', description: 'With --install: do not ask.', default: false }
  ],
  examples: [
    ['doctor', 'a table'],
    ['doctor --json', 'the same as one JSON object'],
    ['doctor --install', 'the fastest engine for convolutional networks: 250 MB to download, Linux on x64']
  ],
  run: lazy<DoctorOptions>(() => import('./handler.ts'))
}
