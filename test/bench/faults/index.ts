/**
 * Four real peers on drawn digits while something happens to them: how long rounds stop.
 *
 * `npm run bench:faults -- --kill [seconds]`: kill −9 of a random peer every five seconds (default for 180 s); each is
 * started again at once. `npm run bench:faults -- --stop`: SIGSTOP of one for 30 s. The last line is JSON.
 */
import { seededRandom, uniform } from '../../../src/random.ts'
import { LOCAL, World } from '../../e2e/world.ts'
import { commitsOf, gapsOf, ledgersAgree } from './rounds.ts'
import type { MurmurProcess } from '../../e2e/process.ts'

const NAMES = ['ada', 'ben', 'cleo', 'dan']
const KILL_EVERY_MS = 5_000
const STOP_MS = 30_000
/** Rounds before anything happens, and after everything is over. */
const CALM_ROUNDS = 6

const world = await World.open()
try {
  const peers = await federation()
  console.log(JSON.stringify(await (process.argv.includes('--stop') ? stop(peers) : kill(peers))))
} finally {
  await world.close()
}

async function federation(): Promise<Map<string, MurmurProcess>> {
  await world.ask(NAMES[0], ['init', 'digits', '--rounds', '100000', '--members', '4'])
  const peers = new Map([[NAMES[0], start(NAMES[0], ['start', '--data', 'demo:1'])]])
  await peers.get(NAMES[0])?.event('listen')
  const invite = await world.invite(NAMES[0], ['--uses', '3'])
  for (const [i, name] of NAMES.entries())
    if (i > 0) peers.set(name, start(name, ['join', invite, '--yes', '--data', `demo:${i + 1}`]))
  await Promise.all([...peers.values()].map((peer) => peer.commit(CALM_ROUNDS)))
  return peers
}

function start(name: string, args: string[]): MurmurProcess {
  return world.start(name, [...args, ...LOCAL])
}

async function kill(peers: Map<string, MurmurProcess>): Promise<object> {
  const seconds = Number(process.argv[process.argv.indexOf('--kill') + 1]) || 180
  const random = seededRandom(seconds)
  const from = performance.now()
  const all = [...peers.values()]
  let kills = 0
  while (performance.now() - from < seconds * 1000) {
    await pause(KILL_EVERY_MS)
    const name = NAMES[Math.floor(uniform(random) * NAMES.length)]
    await peers.get(name)?.kill('SIGKILL')
    const again = start(name, ['start'])
    peers.set(name, again)
    all.push(again)
    console.log(`killed ${name} in round ${Math.max(...all.map((peer) => peer.round))}`)
    kills++
  }
  const last = Math.max(...all.map((peer) => peer.round))
  await Promise.all([...peers.values()].map((peer) => peer.commit(last + CALM_ROUNDS)))
  const gaps = gapsOf(commitsOf(all), CALM_ROUNDS)
  return { kills, rounds: gaps.rounds, ...gaps.seconds, ...(await ledgersAgree(world, NAMES)) }
}

async function stop(peers: Map<string, MurmurProcess>): Promise<object> {
  const [stopped] = [...peers.values()].slice(-1)
  const before = stopped.round
  stopped.child.kill('SIGSTOP')
  await pause(STOP_MS)
  stopped.child.kill('SIGCONT')
  const others = [...peers.values()].slice(0, -1)
  const last = Math.max(...others.map((peer) => peer.round))
  await Promise.all([...peers.values()].map((peer) => peer.commit(last + CALM_ROUNDS)))
  const gaps = gapsOf(commitsOf(others), before)
  return { rounds: last - before, ...gaps.seconds, ...(await ledgersAgree(world, NAMES)) }
}

/** Faults come by the clock here: this is a measurement of real time, not a test. */
function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
