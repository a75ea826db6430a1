/** Four real peers on drawn digits over links on which packets are lost, late and few. */
import { Flock, NAMES } from './flock.ts'
import { inNetwork } from './in-network.ts'
import { commitTimes, gapsOf } from './rounds.ts'

const WEATHER = { lossShare: 0.05, delayMs: 100, mbitPerSecond: 10 }
const SEED = Number(process.env['FAULTS_SEED'] ?? Date.now() % 1_000_000)
const CALM_ROUNDS = 6
const BAD_ROUNDS = 10

describe(`a federation over bad links (FAULTS_SEED=${SEED})`, function () {
  const current = inNetwork(this, 600_000)
  let flock: Flock

  before(async () => {
    flock = await Flock.onDigits(current.world)
    await flock.goOn(NAMES, CALM_ROUNDS)
  })

  it('goes on with 5 % loss, 100 ms delay and 10 Mbit/s on what each peer sends', async function () {
    const made = await current.network.worsen({ ...WEATHER, seed: SEED })
    const before = flock.lastRound
    const from = performance.now()
    await flock.goOn(NAMES, BAD_ROUNDS)
    const badRound = (performance.now() - from) / 1000 / (flock.lastRound - before)
    const { normalRound, longestGap } = gapsOf(commitTimes(flock.all), before).seconds
    process.stdout.write(`      ${JSON.stringify({ made, normalRound, badRound, longestGap })}\n`)
    await flock.expectOneLedger()
  })
})
