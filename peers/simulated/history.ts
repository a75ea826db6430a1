/** A history: one federation and everything that goes wrong in it, as data that follows from one seed. */
import { integerBelow, seededRandom, shuffle, uniform } from '../../src/random.ts'
import { strategies } from './peer/liars.ts'
import { quorumSize } from '../../src/rounds/index.ts'
import type { Fault, Span } from './stage/faults.ts'
import type { FederationOptions } from './federation.ts'
import type { Strategy } from './peer/liars.ts'
import type { Weather } from './stage/network.ts'
import type { Random } from '../../src/random.ts'

export interface History {
  seed: number
  federation: FederationOptions
  weather: Weather
  /** How long the peer of each index trains: a least time, and a spread on top. */
  training: { leastMs: number; spreadMs: number }[]
  /** How late timers fire at most. */
  timerLateMs: number
  /** How long it takes at most to notice that a peer came or went. */
  noticeMs: number
  /** A sync takes so long at most. */
  syncMs: number
  liars: { peer: number; strategies: Strategy[] }[]
  faults: Fault[]
  /** When the faults are over. */
  faultyMs: number
  /** In this order, as many of the correct members as may be gone for good stay down when the faults are over. */
  mortality: number[]
}

export interface DrawOptions {
  /** Default: the seed decides. */
  faultModel?: 'crash' | 'byzantine'
  /** Default: full. */
  topology?: FederationOptions['topology']
  /** Only some members at a time fetch the updates. */
  committees?: boolean
}

const FAULTY_MS = 10_000
const DIVISIVE = 0.35
/** Short: liars are to come back, and to be banned again. */
const LONGEST_BAN = 6
const MIN_PEERS = 4
/** Less than a manifest allows: a small roster is to have committees too. */
const SMALLEST_COMMITTEE = 2
const MAX_PEERS = 10

/** The history of a seed. Its faults are within the bound that the fault model promises to bear. */
export function drawHistory(seed: number, options: DrawOptions = {}): History {
  const { faultModel, topology = 'full', committees = false } = options
  const random = seededRandom(seed, 1)
  const drawn = uniform(random) < 0.5 ? 'crash' : 'byzantine'
  // Made to divide: some decide what the others do not hear of, and views change faster than news travel.
  const isDivisive = uniform(random) < DIVISIVE
  const banRounds = 1 + integerBelow(seededRandom(seed, 4), LONGEST_BAN)
  const committee = committees ? SMALLEST_COMMITTEE + integerBelow(seededRandom(seed, 5), 3) : undefined
  const federation = {
    ...drawFederation(random, faultModel ?? drawn, isDivisive),
    ...(committee == null ? {} : { committee }),
    banRounds,
    topology
  }
  const { peers, members } = federation
  const indexes = [...Array(peers).keys()]
  const slowestMs = 200 + 3000 * uniform(random) ** 2
  const training = indexes.map(() => ({
    leastMs: 50 + 200 * uniform(random),
    spreadMs: slowestMs * uniform(random)
  }))
  return {
    seed,
    federation,
    weather: drawWeather(random, isDivisive),
    training,
    timerLateMs: uniform(random) < 0.2 ? 2000 : 5,
    noticeMs: 2000 * uniform(random),
    syncMs: uniform(random) < 0.3 ? 200 : 4,
    liars: drawLiars(random, federation),
    faults: drawFaults(random, peers, isDivisive),
    faultyMs: FAULTY_MS,
    mortality: shuffle([...Array(members).keys()], random)
  }
}

function drawFederation(
  random: Random,
  faultModel: 'crash' | 'byzantine',
  isDivisive: boolean
): Omit<FederationOptions, 'banRounds' | 'topology' | 'committee'> {
  const peers = MIN_PEERS + integerBelow(random, MAX_PEERS - MIN_PEERS + 1)
  // Liars are a bounded share of the roster as it stands: it must not shrink to them.
  const isStable = faultModel === 'byzantine' || uniform(random) < 0.4
  const late = uniform(random) < 0.3 ? 1 + integerBelow(random, 2) : 0
  const members = Math.max(3, peers - late)
  const isSample = uniform(random) < 0.3
  return {
    peers,
    members,
    faultModel,
    minContributors: 1 + integerBelow(random, mostContributors(members, { faultModel, isSample })),
    cohort: isSample ? 0.7 : 1,
    ...drawTimeouts(random, isDivisive),
    maxMissed: isStable ? 1_000_000 : 2 + integerBelow(random, 3),
    parameters: 10
  }
}

/** Rounds whose members are gone lapse; but nobody can tell a liar that stays and never delivers from a slow member. */
function mostContributors(
  members: number,
  { faultModel, isSample }: { faultModel: 'crash' | 'byzantine'; isSample: boolean }
): number {
  if (faultModel === 'crash') return members
  return isSample ? 1 : quorumSize(members, faultModel)
}

/** Often too short for the weather, so that some see a quorum where others give up, and views change all the time. */
function drawTimeouts(random: Random, isDivisive: boolean): Pick<FederationOptions, 'proposeMs' | 'voteMs'> {
  if (isDivisive) return { proposeMs: 100 + integerBelow(random, 400), voteMs: 5 + integerBelow(random, 60) }
  const patience = uniform(random) < 0.6 ? 1 : 0.15
  return { proposeMs: 1000 * patience, voteMs: 500 * patience }
}

function drawWeather(random: Random, isDivisive: boolean): Weather {
  const slowestMs = isDivisive ? 100 + 500 * uniform(random) : 400 * uniform(random) ** 2
  const isLossy = uniform(random) < 0.3
  return {
    delayMs: [1, 5 + slowestMs],
    loss: isLossy ? 0.1 + 0.3 * uniform(random) : 0.05 * uniform(random),
    duplication: 0.2 * uniform(random)
  }
}

function drawLiars(random: Random, { members, faultModel, committee }: FederationOptions): History['liars'] {
  if (faultModel === 'crash') return []
  // A committee's quorum is believed.
  const most = Math.min(
    members - quorumSize(members, faultModel),
    quorumSize(committee ?? members, faultModel) - 1
  )
  const few = integerBelow(random, most + 1)
  const count = uniform(random) < 0.7 ? most : few
  return shuffle([...Array(members).keys()], random)
    .slice(0, count)
    .map((peer) => ({ peer, strategies: drawStrategies(random) }))
}

/** Two or three that go together, or the one that tells each half something else. */
function drawStrategies(random: Random): Strategy[] {
  if (uniform(random) < 0.4) return uniform(random) < 0.5 ? ['equivocate'] : ['equivocate', 'unproven']
  return shuffle([...strategies], random).slice(0, 1 + integerBelow(random, 3))
}

function drawFaults(random: Random, peers: number, isDivisive: boolean): Fault[] {
  const everyMs = isDivisive ? 500 : 300 + 2500 * uniform(random)
  const faults: Fault[] = []
  for (let atMs = everyMs * uniform(random); atMs < FAULTY_MS; atMs += 2 * everyMs * uniform(random)) {
    const forMs = Math.round(Math.min(FAULTY_MS - atMs, 100 + 4000 * uniform(random) ** 2))
    const span = { atMs: Math.round(atMs), forMs }
    faults.push(
      isDivisive && uniform(random) < 0.7 ? drawMute(random, peers, span) : drawFault(random, peers, span)
    )
  }
  return faults
}

/** One peer hears everybody and is heard by nobody: it decides, and the others go on without knowing. */
function drawMute(random: Random, peers: number, span: Span): Fault {
  const peer = integerBelow(random, peers)
  return {
    ...span,
    type: 'cut',
    from: [peer],
    to: [...Array(peers).keys()].filter((other) => other !== peer)
  }
}

function drawFault(random: Random, peers: number, span: Span): Fault {
  const indexes = shuffle([...Array(peers).keys()], random)
  const peer = indexes[0]
  const group = indexes.slice(0, 1 + integerBelow(random, peers - 1))
  switch (integerBelow(random, 9)) {
    case 0:
    case 1:
      return { ...span, type: 'crash', peers: [peer] }
    case 2:
      return { ...span, type: 'crash', peers: group, forMs: 1 + integerBelow(random, 50) }
    case 3:
      return { ...span, type: 'crash', peers: indexes, forMs: 1 + integerBelow(random, 1000) }
    case 4:
      return { ...span, type: 'split', group }
    case 5:
      return { ...span, type: 'cut', from: group, to: indexes.filter((other) => !group.includes(other)) }
    case 6:
      return { ...span, type: 'slow-disk', peer, factor: 20 }
    case 7:
      return { ...span, type: 'slow-peer', peer, factor: 8 }
    default:
      return { ...span, type: 'weather', weather: { delayMs: [1, 1500], loss: 0.5, duplication: 0.3 } }
  }
}
