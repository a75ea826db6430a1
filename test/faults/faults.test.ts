/**
 * Real peers, each on a machine of its own as far as network and disk go, and what happens to machines. These are the
 * quick ones; the others take minutes (*.long.ts here).
 */
import { expect } from 'chai'
import { after as later } from './kills.ts'
import { ALL_BUT_DAN, Flock, HALF, OTHER_HALF } from './flock.ts'
import { fillDisk, mountSmallDisk } from './hosts/disk.ts'
import { inNetwork } from './in-network.ts'

/** A round of about half a second: long enough to be cut anywhere. */
const EPOCHS = 12
const STOPPED_MS = 5_000
const DISK_BYTES = 16 * 1024 * 1024

describe('a federation on real machines', function () {
  const current = inNetwork(this)
  let flock: Flock

  before(async () => {
    const { network, world } = current
    await mountSmallDisk(network.on('dan'), world.path('dan'), DISK_BYTES)
    flock = await Flock.onTable(world, EPOCHS)
    await flock.goOn()
  })

  it('cut 3|1: the three go on, the one waits, says for whom, and catches up', async () => {
    const { network } = current
    await network.split(['dan'])
    await Promise.all([flock.expectStuck(['dan'], ALL_BUT_DAN), flock.goOn(ALL_BUT_DAN, 3)])
    const { round } = flock.peer('dan')
    await flock.goOn(ALL_BUT_DAN, 1)
    expect(flock.peer('dan').round).to.equal(round)
    await network.heal()
    await flock.expectOneLedger()
  })

  it('cut 2|2: both halves wait, say for whom, and go on together', async () => {
    const { network } = current
    await network.split(OTHER_HALF)
    await Promise.all([flock.expectStuck(HALF, OTHER_HALF), flock.expectStuck(OTHER_HALF, HALF)])
    const rounds = flock.peers().map((peer) => peer.round)
    // At most the last step of a round had been under way.
    expect(Math.max(...rounds) - Math.min(...rounds)).to.be.at.most(1)
    await network.heal()
    await flock.expectOneLedger()
  })

  it('one stopped by SIGSTOP: the others go on, and it catches up', async () => {
    const { child } = flock.peer('dan')
    child.kill('SIGSTOP')
    try {
      await Promise.all([flock.goOn(ALL_BUT_DAN, 3), later(STOPPED_MS)])
    } finally {
      child.kill('SIGCONT')
    }
    await flock.expectOneLedger()
  })

  it('one disk full: its peer says so, lives, goes on once there is room, and remembers all after kill −9', async () => {
    const { network, world } = current
    const dan = flock.peer('dan')
    const says = flock.untilWaitingFor('dan', (text) => /^a disk that takes what .*space/.test(text))
    const [free] = await Promise.all([fillDisk(network.on('dan'), world.path('dan')), says])
    await flock.goOn(ALL_BUT_DAN, 3)
    expect(JSON.stringify(dan.events.filter(({ event }) => event === 'error'))).to.include('space')
    await free()
    await flock.expectOneLedger()

    await dan.kill('SIGKILL')
    expect(await flock.rememberedBy('dan')).to.be.at.least(dan.round)
    flock.restart('dan')
    await flock.expectOneLedger()
  })
})
