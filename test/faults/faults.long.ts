/** What takes minutes: four real peers on drawn digits, each on a machine of its own as far as the network goes. */
import { expect } from 'chai'
import { seededRandom } from '../../src/random.ts'
import { ALL_BUT_DAN, Flock, HALF, NAMES, OTHER_HALF } from './flock.ts'
import { setClock, settableClock } from './hosts/clock.ts'
import { inNetwork } from './in-network.ts'
import { after as later, killAtRandom } from './kills.ts'
import { commitTimes, gapsOf } from './rounds.ts'
import type { JsonEvent } from '../e2e/process.ts'

const KILLING_MS = 180_000
const BUTTERFLY_MS = 60_000
const KILL_EVERY_MS = 5_000
const STOPPED_MS = 30_000
/** Longer than connections live without an answer. */
const CUT_MS = 90_000
/** Shorter than that, and long enough for TCP to have lost its patience. */
const SHORT_CUT_MS = 20_000
/** From the healing until the network is whole. */
const SOON_S = 4
const HOUR_MS = 3_600_000
/** Rounds before anything happens: what is normal here. */
const CALM_ROUNDS = 6
/** Of what a round may take while things happen, beside a dozen normal ones: views time out after seconds. */
const PATIENCE_S = 20
const SEED = Number(process.env['FAULTS_SEED'] ?? Date.now() % 1_000_000)

const isLoss = ({ event }: JsonEvent): boolean => event === 'member:disconnect'

/** The figures of a run, for whoever reads the output. */
function tell(figures: object): void {
  process.stdout.write(`      ${JSON.stringify(figures)}\n`)
}

/** Kill −9 of one at random every few seconds: rounds go on, and all end on one commit. After `CALM_ROUNDS`. */
async function expectToSurviveKills(flock: Flock, durationMs: number): Promise<void> {
  const before = flock.lastRound
  const kills = await killAtRandom(flock, { durationMs, everyMs: KILL_EVERY_MS, random: seededRandom(SEED) })
  const rounds = flock.lastRound - before
  await flock.expectOneLedger()
  const { normalRound, longestGap } = gapsOf(commitTimes(flock.all), CALM_ROUNDS).seconds
  tell({ kills, rounds, normalRound, longestGap })
  expect(rounds).to.be.at.least(kills)
  expect(longestGap).to.be.at.most(12 * normalRound + PATIENCE_S)
}

describe(`a federation on real machines, for minutes (FAULTS_SEED=${SEED})`, function () {
  const current = inNetwork(this, 600_000)
  let flock: Flock

  before(async () => {
    flock = await Flock.onDigits(current.world)
    await flock.goOn(NAMES, CALM_ROUNDS)
  })

  it('kill −9 of one at random every five seconds for three minutes: rounds go on, and all end on one commit', async () => {
    await expectToSurviveKills(flock, KILLING_MS)
  })

  it('one stopped by SIGSTOP for 30 s: the others’ rounds go on', async () => {
    const { child } = flock.peer('dan')
    const before = flock.lastRound
    const seen = flock.peers().map((peer) => peer.events.length)
    child.kill('SIGSTOP')
    await later(STOPPED_MS)
    child.kill('SIGCONT')
    const rounds = flock.lastRound - before
    await flock.expectOneLedger()
    const times = commitTimes(flock.peers(ALL_BUT_DAN)).slice(before - CALM_ROUNDS)
    const { normalRound, longestGap } = gapsOf(times, CALM_ROUNDS).seconds
    const lost = flock.peers().flatMap(({ events }, i) => events.slice(seen[i]).filter(isLoss)).length
    tell({ rounds, normalRound, longestGap, lostConnections: lost })
    expect(longestGap).to.be.at.most(12 * normalRound + PATIENCE_S)
  })

  it('cut 3|1 until the connections are given up: the three go on, the one waits, and is met again', async () => {
    const { network } = current
    await network.split(['dan'])
    await Promise.all([flock.expectStuck(['dan'], ALL_BUT_DAN), flock.goOn(ALL_BUT_DAN, 3)])
    const { round } = flock.peer('dan')
    await later(CUT_MS)
    expect(flock.peer('dan').round).to.equal(round)
    await tellRecovery(async () => await network.heal())
    await flock.expectOneLedger()
  })

  it('cut 2|2 until the connections are given up: both halves wait, and go on together', async () => {
    const { network } = current
    await network.split(OTHER_HALF)
    await Promise.all([flock.expectStuck(HALF, OTHER_HALF), flock.expectStuck(OTHER_HALF, HALF)])
    const rounds = flock.peers().map((peer) => peer.round)
    await later(CUT_MS)
    expect(flock.peers().map((peer) => peer.round)).to.deep.equal(rounds)
    await tellRecovery(async () => await network.heal())
    await flock.expectOneLedger()
  })

  it('cut 2|2 for 20 s: connections still hold, TCP would try again much later, and yet all go on at once', async () => {
    const { network } = current
    await flock.untilAllMet()
    const seen = flock.peers().map((peer) => peer.events.length)
    await network.split(OTHER_HALF)
    await later(SHORT_CUT_MS)
    const recovery = await tellRecovery(async () => await network.heal())
    expect(recovery).to.be.at.most(SOON_S + 2 * normalRound())
    await flock.expectOneLedger()
    // Each lost the two on the other side, and met them again. A pair may part twice: once where one of them gave up during the
    // cut, and once more when the other finds the fresh connection beside its old one.
    for (const [i, peer] of flock.peers().entries()) {
      const since = peer.events.slice(seen[i])
      const meetings = since.filter(({ event }) => event.startsWith('member:'))
      const lost = since.filter(isLoss).map(({ peerId }) => peerId)
      expect(new Set(lost), `${NAMES[i]}: ${JSON.stringify(meetings)}`).to.have.property('size', 2)
      expect(lost.length, `${NAMES[i]}: ${JSON.stringify(meetings)}`).to.be.at.most(4)
    }
  })

  it('half-open: one dies unheard, and returns while the others hold its old connections for good', async () => {
    const { network } = current
    await network.split(['dan'])
    await flock.peer('dan').kill('SIGKILL')
    await flock.goOn(ALL_BUT_DAN, 1)
    // It starts alone: nothing that it sends tells the others that the old connections are dead.
    await flock.restart('dan').event('listen')
    await tellRecovery(async () => await network.heal())
    await flock.expectOneLedger()
  })

  it('one clock set by an hour, forwards and back: all go on from one commit', async () => {
    const { world } = current
    await flock.peer('dan').kill('SIGKILL')
    const dan = flock.restart('dan', await settableClock(world, 'dan'))
    await flock.goOn()
    for (const shiftMs of [HOUR_MS, -HOUR_MS, 0]) {
      await setClock(world, dan, shiftMs)
      await flock.expectOneLedger()
    }
  })

  /** How long it takes from the healing until all four have completed a round together. */
  async function tellRecovery(heal: () => Promise<void>): Promise<number> {
    const from = performance.now()
    await heal()
    await flock.goOn(NAMES, 1)
    const recovery = (performance.now() - from) / 1000
    tell({ recovery })
    return recovery
  }

  /** Seconds, of the rounds before anything happened. */
  function normalRound(): number {
    return gapsOf(commitTimes(flock.all), CALM_ROUNDS).seconds.normalRound
  }
})

describe(`a butterfly on real machines (FAULTS_SEED=${SEED})`, function () {
  const current = inNetwork(this, 600_000)

  it('kill −9 of one at random every five seconds for a minute: parts are done without it, and all end on one commit', async () => {
    const flock = await Flock.onDigits(current.world, 'butterfly')
    await flock.goOn(NAMES, CALM_ROUNDS)
    await expectToSurviveKills(flock, BUTTERFLY_MS)
  })
})
