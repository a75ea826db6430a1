import { expect } from 'chai'
import { NotAllowedError } from '../../../src/federation/errors.ts'
import { NoRecoveryError, RecoveryNotNeededError, verifyLedger } from '../../../peers/node/index.ts'
import { failure } from '../../helpers/failure.ts'
import { statusWhere } from './events.ts'
import { Federation } from './federation.ts'
import { smallModel } from './ledger.ts'
import type { Peer } from '../../../peers/node/index.ts'
import type { Member } from './federation.ts'

describe('recovering when a majority is gone', function () {
  this.timeout(60_000)
  let federation: Federation

  afterEach(() => federation.close())

  const inRoster = (peer: Peer): string[] =>
    peer
      .status()
      .members.filter((member) => member.inRoster)
      .map(({ peerId }) => peerId)

  /** Four members, some rounds; then only the founder is left, at the height where the others stopped. */
  const lastOneLeft = async (): Promise<{ founder: Member; gone: Member[] }> => {
    const rounds = { startMembers: 4, stop: { rounds: 100 } }
    federation = await Federation.found({ rounds, ...smallModel })
    await federation.founder.peer.start()
    for (let i = 0; i < 3; i++) await federation.join()
    // While nobody trains for the third round, all stand at one height.
    for (const { trainer } of federation.members) trainer.hold(3)
    await Promise.all(federation.peers.map((peer) => peer.start()))
    const [founder, ...gone] = federation.members
    await Promise.all(federation.members.map(({ trainer }) => trainer.held()))
    for (const { peer } of gone) await peer.stop()
    await statusWhere(founder.peer, ({ waitingFor }) => waitingFor?.includes('quorum') === true)
    founder.trainer.release()
    return { founder, gone }
  }

  it('goes on with newcomers; who returns is told, follows when its operator agrees, and is let in again', async () => {
    const { founder, gone } = await lastOneLeft()
    const { height, round } = founder.peer.status()
    await founder.peer.recover({ reason: 'the lab burnt down' })
    expect(founder.peer.status().branch).to.deep.include({ number: 1, height: height + 1, admin: founder.id })
    expect(inRoster(founder.peer)).to.deep.equal([founder.id])
    const newcomer = await federation.join()
    await newcomer.peer.start()
    await newcomer.peer.waitForRound(round + 2)
    expect(newcomer.peer.status().branch).to.deep.include({ reason: 'the lab burnt down' })

    const returned = await federation.reopen(gone[0])
    await returned.peer.start()
    const paused = await statusWhere(returned.peer, ({ recoveries }) => recoveries.length > 0)
    expect(paused.phase).to.equal('waiting')
    expect(paused.waitingFor).to.contain('the lab burnt down').and.to.contain('murmur recover --follow')
    expect(paused.height).to.equal(height)
    await returned.peer.followRecovery()
    await statusWhere(founder.peer, () => inRoster(founder.peer).includes(returned.id))
    await returned.peer.waitForRound(founder.peer.status().round + 2)
    expect(returned.peer.status().branch).to.deep.equal(founder.peer.status().branch)
    await founder.peer.stop()
    const report = await verifyLedger(founder.home.dir)
    expect(report.defects).to.deep.equal([])
    expect(report.branches.map((branch) => branch.height)).to.deep.equal([height + 1])
  })

  it('is for admins, without a quorum, among members', async () => {
    const { founder, gone } = await lastOneLeft()
    const { founder: id } = founder.peer.manifest
    const stranger = id.replace(/.$/, (last) => (last === '1' ? '2' : '1'))
    await failure(founder.peer.recover({ reason: 'x', members: [id, stranger] }), Error)
    await failure(founder.peer.followRecovery(), NoRecoveryError)
    await failure(founder.peer.refuseRecovery(), NoRecoveryError)
    const other = await federation.reopen(gone[0])
    await other.peer.start()
    await statusWhere(other.peer, ({ members }) => members.some(({ self, connected }) => !self && connected))
    await failure(other.peer.recover({ reason: 'x' }), NotAllowedError)
    const third = await federation.reopen(gone[1])
    await third.peer.start()
    await statusWhere(
      founder.peer,
      ({ members }) => members.filter(({ connected }) => connected).length === 3
    )
    await failure(founder.peer.recover({ reason: 'x' }), RecoveryNotNeededError)
  })

  it('is told by a file as well', async () => {
    const { founder, gone } = await lastOneLeft()
    const returned = await federation.reopen(gone[0])
    const record = await founder.peer.recover({ reason: 'a file', members: [founder.id, returned.id] })
    await founder.peer.stop()
    await returned.peer.start()
    await returned.peer.followRecovery({ record })
    expect(returned.peer.status().branch).to.deep.include({ reason: 'a file' })
    expect(inRoster(returned.peer)).to.have.members([founder.id, returned.id])
    const again = await federation.reopen(founder)
    await again.peer.start()
    await returned.peer.waitForRound(returned.peer.status().round + 1)
  })
})
