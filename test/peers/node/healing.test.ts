/** Blocks that rot or vanish on disk: found when they are read, had again from memory or from other members. */
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { verifyLedger } from '../../../peers/node/index.ts'
import { closedPort } from './ports.ts'
import { next, statusWhere } from './events.ts'
import { loseBlocks } from './federation.ts'
import { finishedFederation } from './ledger.ts'
import type { Federation, Member } from './federation.ts'

describe('a peer whose blocks are damaged on disk', function () {
  this.timeout(60_000)
  let federation: Federation

  beforeEach(async () => {
    federation = await finishedFederation()
    await Promise.all(federation.peers.map((peer) => statusWhere(peer, ({ phase }) => phase === 'finished')))
  })

  afterEach(() => federation.close())

  const filesOf = async ({ home }: Member): Promise<string[]> => {
    const dir = join(home.paths.blocks, 'durable')
    return (await readdir(dir)).map((name) => join(dir, name))
  }
  const corrupt = async (file: string): Promise<void> => {
    const bytes = await readFile(file)
    bytes[bytes.byteLength >> 1] ^= 1
    await writeFile(file, bytes)
  }
  const isWhole = async ({ home, peer }: Member): Promise<void> => {
    await peer.stop()
    expect((await verifyLedger(home.dir)).defects).to.deep.equal([])
  }

  it('has them again from others when it starts, whatever of them is wrong', async () => {
    const [founder, , third] = federation.members
    const weights = await founder.peer.weights()
    for (const damage of [
      corrupt,
      async (file: string) => await rm(file),
      async (file: string) => await writeFile(file, ''),
      async (file: string) => await writeFile(file, (await readFile(file)).subarray(0, 100))
    ]) {
      await third.peer.stop()
      for (const file of await filesOf(third)) await damage(file)
      expect((await verifyLedger(third.home.dir)).defectCount).to.be.above(0)
      await federation.reopen(third)
      await third.peer.start()
      expect(await third.peer.weights()).to.deep.equal(weights)
    }
    await isWhole(third)
  })

  it('writes them anew from memory when another asks for them, tells and counts it', async () => {
    const [founder, second, third] = federation.members
    const [host, port] = ['127.0.0.1', await closedPort()]
    await federation.reopenFounder({ metrics: { host, port } })
    await founder.peer.start()
    const weights = await founder.peer.weights()
    await second.peer.stop()
    await third.peer.stop()
    for (const file of await filesOf(founder)) await corrupt(file)
    await loseBlocks(second)
    await federation.reopen(second)
    const healed = next(founder.peer, 'block:damaged', (detail) => detail.healed)
    await second.peer.start()
    expect((await healed).reason).to.equal('its bytes do not hash to its address')
    expect(await second.peer.weights()).to.deep.equal(weights)
    const metrics = await (await fetch(`http://${host}:${port}/metrics`)).text()
    expect(metrics).to.match(/murmur_damaged_blocks_total\{.*healed="true".*\} [1-9]/)
    await second.peer.stop()
    await isWhole(founder)
  })

  it('waits for a member that has them, and says so', async () => {
    const [founder, second, third] = federation.members
    const weights = await founder.peer.weights()
    await Promise.all(federation.peers.map((peer) => peer.stop()))
    for (const member of [second, third]) for (const file of await filesOf(member)) await corrupt(file)
    for (const member of [second, third]) {
      await federation.reopen(member)
      await member.peer.start()
    }
    const { height } = third.peer.status()
    const { waitingFor } = await statusWhere(
      third.peer,
      (status) => status.waitingFor?.includes('1 connected') === true
    )
    expect(waitingFor).to.equal(
      `the model of height ${height}, from another member: 1 connected, and it does not have it`
    )
    await federation.reopen(founder)
    await founder.peer.start()
    for (const { peer } of [second, third]) expect(await peer.weights()).to.deep.equal(weights)
    await isWhole(third)
  })
})
