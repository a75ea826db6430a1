/**
 * Plays random fault histories: `npm run test:histories -- --seeds 10000 --first 0`. The last line is JSON. A failure
 * prints the command that plays it again, its schedule cut to what it takes; that command prints the schedule.
 */
import { parseArgs } from 'node:util'
import { drawHistory, play, playSeeds, shrink, withFaults } from '../../peers/simulated/index.ts'
import type { History, Outcome } from '../../peers/simulated/index.ts'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '500' },
    first: { type: 'string', default: '0' },
    /** Only some members at a time fetch the updates. */
    committees: { type: 'boolean', default: false },
    /** Only these faults of the (one) seed's schedule, by index: what a shrunk failure needs. */
    faults: { type: 'string' },
    /** Time between two lines on how far it is. */
    everyMs: { type: 'string', default: '10000' }
  }
})

const write = (line: string): void => void process.stdout.write(`${line}\n`)

function command({ seed }: History, kept: readonly number[]): string {
  const committees = values.committees ? ' --committees' : ''
  return `npm run test:histories -- --seeds 1 --first ${seed}${committees} --faults ${kept.length === 0 ? 'none' : kept.join()}`
}

function tell(history: History, failure: NonNullable<Outcome['failure']>): void {
  const { kept, tries } = shrink(history, failure)
  write(`seed ${history.seed}: ${failure.name}: ${failure.message}`)
  write(
    `  with ${kept.length} of ${history.faults.length} faults (found in ${tries} tries): ${command(history, kept)}`
  )
}

/** One schedule, cut as told, with all that there is to see. */
function replay(faults: string): void {
  const history = drawHistory(Number(values.first), { committees: values.committees })
  const kept = faults === 'none' ? [] : faults.split(',').map(Number)
  const { failure, rounds, simulation } = play(withFaults(history, kept))
  const { faults: schedule, ...rest } = withFaults(history, kept)
  write(JSON.stringify(rest))
  for (const fault of schedule) write(JSON.stringify(fault))
  for (const line of simulation.describe()) write(line)
  write(failure == null ? 'all held' : `${failure.name}: ${failure.message}`)
  const violations = failure?.name === 'ViolationError' ? 1 : 0
  const stalled = failure?.name === 'StalledError' ? 1 : 0
  write(JSON.stringify({ seeds: 1, violations, stalled, roundsPerSecond: rounds }))
  process.exitCode = violations + stalled
}

function playAll(): void {
  const [seeds, first, everyMs] = [values.seeds, values.first, values.everyMs].map(Number)
  let toldAt = performance.now()
  const tally = playSeeds({
    seeds,
    first,
    committees: values.committees,
    clock: () => performance.now(),
    onFailure: tell,
    onPlayed: (seed) => {
      if (performance.now() - toldAt < everyMs) return
      toldAt = performance.now()
      write(`${seed - first + 1} of ${seeds}`)
    }
  })
  write(JSON.stringify(tally))
  process.exitCode = tally.violations + tally.stalled > 0 ? 1 : 0
}

if (values.faults != null) replay(values.faults)
else playAll()
