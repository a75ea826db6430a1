/** Random fault histories: everything that may go wrong does for a while, then progress must follow. */
import { integerBelow, seededRandom, shuffle, uniform } from '../../src/random.ts'
import { Network } from './network.ts'
import type { NetworkOptions } from './network.ts'
import type { Random } from '../../src/random.ts'

export interface History {
  options: NetworkOptions
  /** Faults strike until then. */
  faultyMs: number
  random: Random
}

const FAULTY_MS = 15_000
/** Heights that must follow once faults have stopped. */
const HEIGHTS_AFTER = 2

/** The history of a seed. */
export function drawHistory(seed: number, faultModel: 'crash' | 'byzantine'): History {
  const random = seededRandom(seed, faultModel === 'crash' ? 1 : 2)
  const members = 1 + integerBelow(random, 7)
  const mixed = uniform(random) < 0.3
  const liars = faultModel === 'byzantine' ? Math.floor((members - 1) / 3) : 0
  const slowest = 300 + 4000 * uniform(random)
  const options: NetworkOptions = {
    members,
    seed,
    config: { faultModel, minContributors: 1 + integerBelow(random, Math.floor((members + 1) / 2)) },
    delayMs: [1, 5 + 400 * uniform(random)],
    loss: 0.4 * uniform(random),
    duplication: 0.2 * uniform(random),
    timerLateMs: uniform(random) < 0.2 ? 2000 : 5,
    noticeMs: 2000 * uniform(random),
    trainMs: (_, draw) => 100 + slowest * uniform(draw),
    liars: shuffle([...Array(members).keys()], random).slice(0, liars),
    modes: (height) => (mixed && height % 2 === 0 ? 'membership' : 'train')
  }
  return { options, faultyMs: FAULTY_MS, random }
}

/**
 * Play a history.
 *
 * @throws {ViolationError | StalledError} with what is needed to see it again
 */
export function playHistory({ options, faultyMs, random }: History): Network {
  const network = new Network(options).start()
  keepJoining(network)
  while (network.now() < faultyMs) {
    strike(network, random)
    network.run(50 + 1500 * uniform(random))
  }
  const gone = stopFaults(network, random)
  const reached = Math.max(...network.peers.map((peer) => peer.ledger.length))
  network.until(reached + HEIGHTS_AFTER)
  for (const peer of gone) network.restart(peer)
  return network.until(reached + HEIGHTS_AFTER)
}

function strike(network: Network, random: Random): void {
  const { members } = network.options
  const victim = integerBelow(random, members)
  switch (integerBelow(random, 5)) {
    case 0:
      return network.crash(victim)
    case 1:
      return network.restart(victim)
    case 2:
      return network.partition(
        shuffle([...Array(members).keys()], random).slice(0, integerBelow(random, members))
      )
    case 3:
      return network.partition()
    case 4:
      network.crash(victim)
      return network.restart(victim)
  }
}

/** All that may be gone stays gone: the fault bound, less the liars. Returns who that is. */
function stopFaults(network: Network, random: Random): number[] {
  network.partition()
  network.loss = 0.02
  const liars = network.options.liars ?? []
  const honest = [...network.peers.keys()].filter((peer) => !liars.includes(peer))
  const gone = shuffle(honest, random).slice(0, Math.max(0, network.tolerated - liars.length))
  for (const peer of network.peers.keys()) {
    if (gone.includes(peer)) network.crash(peer)
    else network.restart(peer)
  }
  return gone
}

/** Somebody asks to join now and then, told to one member only. */
function keepJoining(network: Network): void {
  let joins = 0
  const ask = (): void => {
    const hearer = integerBelow(network.random, network.options.members)
    if (network.peers[hearer].up) network.join(`j${joins++}`, hearer)
    network.time.after(1000, ask)
  }
  network.time.after(0, ask)
}
