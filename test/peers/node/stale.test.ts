import { expect } from 'chai'
import { only, record, statusWhere } from './events.ts'
import { Federation } from './federation.ts'
import type { Member } from './federation.ts'

describe('a peer whose ledger is too old to know those that are there', function () {
  this.timeout(60_000)
  let federation: Federation
  let late: Member[]

  /** While the founder is away somebody joins, and invites two more: only these two remain. */
  beforeEach(async () => {
    federation = await Federation.of(3, {
      rounds: { stop: { rounds: 1_000_000 }, maxMissed: 1000 },
      membership: { invites: 'members' }
    })
    const [founder, second] = federation.members
    await Promise.all(federation.peers.map((peer) => peer.waitForRound(1)))
    await founder.peer.stop()
    const host = await federation.open(await federation.home(await second.peer.invite()))
    await host.peer.start()
    await inRoster(host.peer, [host.id])
    const invite = await host.peer.invite({ maxUses: 2 })
    late = []
    for (const home of [await federation.home(invite), await federation.home(invite)])
      late.push(await federation.open(home))
    await Promise.all(late.map(({ peer }) => peer.start()))
    const ids = late.map(({ id }) => id)
    await Promise.all(late.map(({ peer }) => inRoster(peer, ids)))
    const gone = federation.members.filter((member) => !late.includes(member))
    await Promise.all(gone.map(({ peer }) => peer.stop()))
  })

  afterEach(() => federation.close())

  const inRoster = async (peer: Member['peer'], ids: string[]): Promise<unknown> =>
    await statusWhere(peer, ({ members }) =>
      ids.every((id) => members.some((member) => member.peerId === id && member.inRoster))
    )

  /** Until it is as far as they are, and they are admitted on both sides. */
  const catchesUp = async (member: Member): Promise<void> => {
    const told = record(member.peer)
    await member.peer.start()
    const least = Math.min(...late.map(({ peer }) => peer.status().height))
    await statusWhere(member.peer, ({ height, members }) => {
      const connected = members.filter((other) => other.connected).map(({ peerId }) => peerId)
      return height >= least && late.every(({ id }) => connected.includes(id))
    })
    expect(only(told, 'error')).to.deep.equal([])
  }

  it('catches up from them when it dials them', async () => {
    const { founder } = federation
    await federation.reopen(founder, { bootstrap: late.flatMap(({ peer }) => peer.addresses()) })
    await catchesUp(founder)
  })

  it('catches up from them when they dial it, and the federation goes on once there is a quorum', async () => {
    const [founder, , third] = federation.members
    await federation.reopen(founder)
    await founder.peer.start()
    const bootstrap = founder.peer.addresses()
    for (const member of late) {
      await member.peer.stop()
      await (await federation.reopen(member, { bootstrap })).peer.start()
    }
    await catchesUp(founder)
    await (await federation.reopen(third)).peer.start()
    await founder.peer.waitForRound(founder.peer.status().round + 2)
  })
})
