/** The table of commands, in the order of `murmur --help`. */
import { demo } from './demo/index.ts'
import { doctor } from './doctor/index.ts'
import { evaluate } from './evaluate/index.ts'
import { init } from './init/index.ts'
import { invite } from './invite/index.ts'
import { join } from './join/index.ts'
import { ledger } from './ledger/index.ts'
import { model } from './model/index.ts'
import { peers } from './peers/index.ts'
import { personalize } from './personalize/index.ts'
import { predict } from './predict/index.ts'
import { recover } from './recover/index.ts'
import { revoke } from './revoke/index.ts'
import { simulate } from './simulate/index.ts'
import { start } from './start/index.ts'
import { status } from './status/index.ts'
import { stop } from './stop/index.ts'
import type { CommandSpec } from '../command.ts'

export const commands: readonly CommandSpec[] = [
  demo,
  init,
  start,
  invite,
  join,
  revoke,
  recover,
  stop,
  status,
  peers,
  ledger,
  model,
  predict,
  evaluate,
  personalize,
  simulate,
  doctor
]
