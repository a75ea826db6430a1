/**
 * Four real peers on drawn digits while something happens to them: how long rounds stop.
 *
 * `npm run bench:faults -- --kill [seconds]`: kill −9 of a random peer every five seconds on average (default for 180 s);
 * each is started again at once. `npm run bench:faults -- --stop`: SIGSTOP of one for 30 s. Either with `--butterfly`, where
 * each reduces a part of the vector for all. The last line is JSON.
 */
import { seededRandom } from '../../../src/random.ts'
import { World } from '../../e2e/world.ts'
import { Flock, NAMES } from '../../faults/flock.ts'
import { after, killAtRandom } from '../../faults/kills.ts'
import { commitTimes, compareLedgers, gapsOf } from '../../faults/rounds.ts'

const KILL_EVERY_MS = 5_000
const STOP_MS = 30_000
/** Rounds before anything happens, and after everything is over. */
const CALM_ROUNDS = 6

const world = await World.open()
try {
  const flock = await Flock.onDigits(world, process.argv.includes('--butterfly') ? 'butterfly' : 'full')
  await flock.goOn(NAMES, CALM_ROUNDS)
  console.log(JSON.stringify(await (process.argv.includes('--stop') ? stop(flock) : kill(flock))))
} finally {
  await world.close()
}

async function kill(flock: Flock): Promise<object> {
  const seconds = Number(process.argv[process.argv.indexOf('--kill') + 1]) || 180
  const kills = await killAtRandom(flock, {
    durationMs: seconds * 1000,
    everyMs: KILL_EVERY_MS,
    random: seededRandom(seconds),
    onKill: (name, round) => console.log(`killed ${name} in round ${round}`)
  })
  await flock.goOn(NAMES, CALM_ROUNDS)
  const gaps = gapsOf(commitTimes(flock.all), CALM_ROUNDS)
  return { kills, rounds: gaps.rounds, ...gaps.seconds, ...(await ledgers()) }
}

async function stop(flock: Flock): Promise<object> {
  const stopped = flock.peer(NAMES[3])
  const before = stopped.round
  stopped.child.kill('SIGSTOP')
  await after(STOP_MS)
  stopped.child.kill('SIGCONT')
  const last = flock.lastRound
  await flock.goOn(NAMES, CALM_ROUNDS)
  const gaps = gapsOf(commitTimes(flock.peers(NAMES.slice(0, 3))), before)
  return { rounds: last - before, ...gaps.seconds, ...(await ledgers()) }
}

async function ledgers(): Promise<{ heights: number; sameCommits: boolean }> {
  const { heights, wrong } = await compareLedgers(world, NAMES)
  return { heights, sameCommits: wrong.length === 0 }
}
