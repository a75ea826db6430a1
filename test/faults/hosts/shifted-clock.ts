/**
 * Preloaded into a peer (`node --import`): the clock of its host is set while it runs. On SIGUSR2 it jumps by the number
 * of milliseconds that the file named by SHIFTED_CLOCK holds. What measures how long things take does not notice.
 */
import { readFileSync } from 'node:fs'

const file = process.env['SHIFTED_CLOCK']
const HostDate = Date
let shiftMs = 0

class ShiftedDate extends HostDate {
  constructor(...args: unknown[]) {
    if (args.length === 0) super(ShiftedDate.now())
    else super(...(args as [number]))
  }

  static override now(): number {
    return HostDate.now() + shiftMs
  }
}

if (file != null) {
  globalThis.Date = ShiftedDate as DateConstructor
  process.on('SIGUSR2', () => {
    shiftMs = Number(readFileSync(file, 'utf8'))
  })
}
