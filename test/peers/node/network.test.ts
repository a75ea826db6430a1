import { expect } from 'chai'
import { next, record, only, statusWhere } from './events.ts'
import { Federation } from './federation.ts'
import { takenPort } from './ports.ts'

const BYTES_PER_FLOAT = 4

describe('the network of members', function () {
  this.timeout(60_000)
  let federation: Federation

  afterEach(() => federation.close())

  it('lets a newcomer that knows one member find the others', async () => {
    federation = await Federation.of(2, { rounds: { stop: { rounds: 1 } } })
    const [founder, second] = federation.members
    await founder.peer.waitForRound()
    const home = await federation.home(await founder.peer.invite())
    await home.updateConfig({ bootstrap: founder.peer.addresses() })
    const third = await federation.open(home)
    const told = record(third.peer)
    await third.peer.start()
    await statusWhere(third.peer, () => only(told, 'member:connect').length === 2)
    expect(only(told, 'member:connect').map(({ peerId }) => peerId)).to.have.members([founder.id, second.id])
    // And remembers them for the next time.
    await third.peer.stop()
    const config = await third.home.config()
    expect(config.bootstrap).to.include.members([...founder.peer.addresses(), ...second.peer.addresses()])
  })

  it('lets two that come at the same moment find each other', async () => {
    federation = await Federation.of(1, { rounds: { startMembers: 4 } })
    const newcomers = [await federation.join(), await federation.join(), await federation.join()]
    const told = newcomers.map(({ peer }) => record(peer))
    await Promise.all(newcomers.map(({ peer }) => peer.start()))
    await Promise.all(
      newcomers.map(({ peer }, i) => statusWhere(peer, () => only(told[i], 'member:connect').length === 3))
    )
  })

  it('dials addresses given at the start', async () => {
    federation = await Federation.of(1, { rounds: { startMembers: 3 } })
    const home = await federation.home(await federation.founder.peer.invite())
    await home.updateConfig({ bootstrap: [] })
    const second = await federation.open(home, { bootstrap: federation.founder.peer.addresses() })
    const connected = next(second.peer, 'member:connect')
    await second.peer.start()
    expect(await connected).to.deep.equal({ peerId: federation.founder.id })
  })

  it('finds a member again that restarts on another port', async () => {
    federation = await Federation.of(3, { rounds: { stop: { rounds: 1 } } })
    const [founder, second, third] = federation.members
    await Promise.all(federation.peers.map((peer) => peer.waitForRound()))
    const before = third.peer.addresses()
    const gone = [founder, second].map(({ peer }) =>
      next(peer, 'member:disconnect', ({ peerId }) => peerId === third.id)
    )
    await third.peer.stop()
    await Promise.all(gone)
    const taken = await takenPort()
    await third.home.updateConfig({ port: taken.port })
    await federation.reopen(third)
    await taken.release()
    const back = [founder, second].map(({ peer }) =>
      next(peer, 'member:connect', ({ peerId }) => peerId === third.id)
    )
    await third.peer.start()
    await Promise.all(back)
    expect(third.peer.addresses()).to.not.deep.equal(before)
    for (const { peer } of [founder, second]) {
      const known = peer.status().members.find(({ peerId }) => peerId === third.id)
      expect(known?.addresses).to.include.members(third.peer.addresses())
    }
  })

  it('moves three times the payload a member and round, and little else', async () => {
    const parameters = 100_000
    federation = await Federation.of(4, { parameters, rounds: { stop: { rounds: 6 } } })
    const statusAt = await Promise.all(
      federation.peers.map(async (peer) => {
        await peer.waitForRound()
        return await statusWhere(peer, ({ phase }) => phase === 'finished')
      })
    )
    let contributions = 0
    for await (const commit of federation.peers[0].ledger()) contributions += commit.contributions.length
    expect(contributions).to.be.at.least(18)
    const expected = contributions * 3 * parameters * BYTES_PER_FLOAT
    const sum = (field: 'bytesIn' | 'bytesOut'): number =>
      statusAt.reduce((total, status) => total + status[field], 0)
    // Fewer when the last round is decided before everybody has fetched everything.
    expect(sum('bytesOut') / expected).to.be.within(0.85, 1.15)
    expect(sum('bytesIn') / expected).to.be.within(0.85, 1.15)
  })
})
