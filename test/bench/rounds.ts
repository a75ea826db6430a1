/** How fast the simulation is: rounds a second of 4 peers with a 100-parameter model, on one core, all checks on. */
import { Simulation } from '../../peers/simulated/index.ts'
import { calmHistory } from '../simulated/scenario.ts'

const PARAMETERS = 100
const WARM_UP = 500
const ROUNDS = 5000

const simulation = new Simulation(calmHistory({ peers: 4, parameters: PARAMETERS }))
simulation.start()

function commit(height: number): void {
  while (simulation.observer.latest.position.tip.body.height < height) simulation.next()
}

commit(WARM_UP)
const startedAt = performance.now()
const cpuBefore = process.cpuUsage()
const before = simulation.events
commit(WARM_UP + ROUNDS)
const seconds = (performance.now() - startedAt) / 1000
const cpuSeconds = process.cpuUsage(cpuBefore).user / 1e6
console.log(
  JSON.stringify({
    peers: 4,
    parameters: PARAMETERS,
    rounds: ROUNDS,
    eventsPerRound: Math.round((simulation.events - before) / ROUNDS),
    roundsPerSecond: Math.round(ROUNDS / seconds),
    /** What an idle core would do at least: the collector's helpers count as well. */
    roundsPerCpuSecond: Math.round(ROUNDS / cpuSeconds)
  })
)
