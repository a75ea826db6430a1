/** Histories with real engines: `node test/simulated/engines.ts --seeds 500 --first 0 [--model byzantine] [--topology butterfly] [--committees]`. */
import { parseArgs } from 'node:util'
import { playEngines } from '../../peers/simulated/engine/index.ts'
import { drawHistory, ViolationError } from '../../peers/simulated/index.ts'
import { drain } from './drain.ts'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100' },
    first: { type: 'string', default: '0' },
    model: { type: 'string' },
    topology: { type: 'string', default: 'full' },
    committees: { type: 'boolean', default: false }
  }
})
const faultModel = values.model === 'crash' || values.model === 'byzantine' ? values.model : undefined
const topology = values.topology === 'butterfly' ? 'butterfly' : 'full'
const [first, seeds] = [Number(values.first), Number(values.seeds)]
const write = (line: string): void => void process.stdout.write(`${line}\n`)
const tally = { seeds, violations: 0, stalled: 0, roundsPerSecond: 0 }
const startedAt = performance.now()
let rounds = 0
for (let seed = first; seed < first + seeds; seed++) {
  const outcome = await playEngines(
    drawHistory(seed, { faultModel, topology, committees: values.committees }),
    drain
  )
  rounds += outcome.rounds
  if (outcome.failure == null) continue
  if (outcome.failure instanceof ViolationError) tally.violations++
  else tally.stalled++
  const model = faultModel == null ? '' : ` --model ${faultModel}`
  write(`seed ${seed}: ${outcome.failure.name}: ${outcome.failure.message}`)
  const committees = values.committees ? ' --committees' : ''
  write(
    `  node test/simulated/engines.ts --seeds 1 --first ${seed}${model} --topology ${topology}${committees}`
  )
  for (const line of outcome.stage.describe()) write(`  ${line}`)
}
tally.roundsPerSecond = Math.round((rounds * 1000) / (performance.now() - startedAt))
write(JSON.stringify(tally))
process.exitCode = tally.violations + tally.stalled > 0 ? 1 : 0
