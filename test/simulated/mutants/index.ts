/**
 * Do the histories miss what they should miss? `npm run test:mutants [-- --seeds 2000 --first 0 --only no-lock]`: each
 * rule that is taken away must be caught. The last line is JSON.
 */
import { parseArgs } from 'node:util'
import { hunt } from './hunt.ts'
import { engineMutants, mutants } from './list.ts'

const { values } = parseArgs({
  options: {
    /** Each mutant must be caught within so many. */
    seeds: { type: 'string', default: '2000' },
    first: { type: 'string', default: '0' },
    only: { type: 'string' }
  }
})

const chosen = [...mutants, ...engineMutants].filter(
  ({ name }) => values.only == null || values.only.split(',').includes(name)
)
let caught = 0
for (const mutant of chosen) {
  const found = await hunt(mutant, { first: Number(values.first), seeds: Number(values.seeds) })
  if (found != null) caught++
  const how = found == null ? 'NOT CAUGHT' : `caught by seed ${found.seed}: ${found.failure}`
  process.stdout.write(`${mutant.name} (${mutant.what}): ${how}\n`)
}
process.stdout.write(`${JSON.stringify({ mutants: chosen.length, caught })}\n`)
process.exitCode = caught === chosen.length ? 0 : 1
