import { expect } from 'chai'
import {
  createPeer,
  InviteUnreachableError,
  joinFederation,
  knock,
  openHome
} from '../../../peers/node/index.ts'
import { RefusedError } from '../../../protocols/common/errors.ts'
import { ExpiredInviteError, TamperedError } from '../../../src/federation/errors.ts'
import { failure } from '../../helpers/failure.ts'
import { next, only, record, statusWhere } from './events.ts'
import { Federation } from './federation.ts'
import { closedPort } from './ports.ts'
import { FakeTrainer } from './trainer.ts'
import type { Member } from './federation.ts'
import type { Invitation } from '../../../peers/node/index.ts'

describe('joining by an invite', function () {
  this.timeout(60_000)
  let federation: Federation
  let founder: Member
  const close: (() => Promise<void>)[] = []

  // Training is over, so that nothing but who is a member changes.
  before(async () => {
    federation = await Federation.of(2, { rounds: { stop: { rounds: 1 } } })
    founder = federation.founder
    await Promise.all(federation.peers.map((peer) => peer.waitForRound()))
  })

  after(() => federation.close())

  afterEach(async () => {
    for (const closer of close.splice(0)) await closer()
  })

  it('shows the manifest, writes nothing before it is accepted, then makes a home that can be started', async () => {
    const invitation: Invitation = await knock(await founder.peer.invite())
    expect(invitation.manifest.cid.toString()).to.equal(federation.manifest.cid.toString())
    expect(invitation.manifest.value.name).to.equal('Drawn digits')
    const dir = await federation.directory()
    const home = await invitation.accept({ home: dir })
    // It knows both: the founder by the invite, the other from the founder.
    const { bootstrap } = await home.config()
    for (const peer of federation.peers) expect(bootstrap).to.include.members(peer.addresses())
    const late = await federation.open(home)
    const admitted = next(founder.peer, 'commit', ({ roster }) => roster.includes(late.id))
    await late.peer.start()
    await admitted
  })

  it('tells nobody who asks: neither by looking nor by refusing to join is anybody admitted', async () => {
    const told = record(founder.peer)
    const { members, height } = founder.peer.status()
    await knock(await founder.peer.invite())
    expect(only(told, 'member:connect')).to.deep.equal([])
    expect(founder.peer.status()).to.include({ height })
    expect(founder.peer.status().members).to.have.length(members.length)
  })

  it('asks another member when the one that invited is gone', async () => {
    const [, second] = federation.members
    const gone = `/ip4/127.0.0.1/tcp/${await closedPort()}/p2p/${founder.id}`
    const invite = await founder.peer.invite({ addresses: [gone, ...second.peer.addresses()] })
    const { manifest } = await joinFederation({ invite, home: await federation.directory() })
    expect(manifest.cid.toString()).to.equal(federation.manifest.cid.toString())
  })

  it('fails when the invite has expired', async () => {
    const invite = await founder.peer.invite({ expiresInMs: -1 })
    const error = await failure(knock(invite), ExpiredInviteError)
    expect(error.message).to.match(/^This invite expired on 2\d\d\d-.*: ask for a new one$/)
  })

  it('fails when the invite is used up', async () => {
    const invite = await founder.peer.invite()
    const third = await federation.open(await federation.home(invite))
    const admitted = next(founder.peer, 'commit', ({ admitted }) => admitted.includes(third.id))
    await third.peer.start()
    await admitted
    const error = await failure(knock(invite), RefusedError)
    expect(error.code).to.equal('used-up')
    expect(error.message).to.equal('This invite may be used once, and somebody has: ask for a new one')
  })

  it('fails when the invite is of another federation than the one at its addresses', async () => {
    const other = await Federation.found()
    close.push(() => other.close())
    const invite = await other.founder.peer.invite({ addresses: founder.peer.addresses() })
    const error = await failure(knock(invite), RefusedError)
    expect(error.code).to.equal('wrong-federation')
    expect(error.message).to.match(
      /belongs to federation .* but this is .*: use an invite made for this federation/
    )
  })

  it('fails when the invite was changed or cut off', async () => {
    const invite = await founder.peer.invite()
    const middle = invite.length >> 1
    const changed = invite.slice(0, middle) + (invite[middle] === 'A' ? 'B' : 'A') + invite.slice(middle + 1)
    for (const text of [changed, invite.slice(0, -10), 'hello']) {
      const error = await failure(knock(text), TamperedError)
      expect(error.message).to.match(/^This invite is damaged or was changed .*copy the whole invite again/)
    }
  })

  it('fails when the invite was revoked', async () => {
    const invite = await founder.peer.invite()
    const committed = next(founder.peer, 'commit', ({ revoked }) => revoked.length > 0)
    await founder.peer.revoke({ invite })
    await committed
    const error = await failure(knock(invite), RefusedError)
    expect(error.code).to.equal('revoked')
    expect(error.message).to.match(/^This invite was revoked by an admin of the federation/)
  })

  it('fails when nobody is there, and says which addresses were tried and what failed for each', async () => {
    const [, second] = federation.members
    const closed = `/ip4/127.0.0.1/tcp/${await closedPort()}/p2p/${founder.id}`
    const nowhere = `/dns4/nowhere.invalid/tcp/4001/p2p/${founder.id}`
    const somebodyElse = second.peer.addresses()[0].replace(second.id, founder.id)
    const invite = await founder.peer.invite({ addresses: [closed, nowhere, somebodyElse] })
    const error = await failure(knock(invite), InviteUnreachableError)
    const [title, ...lines] = error.message.split('\n')
    expect(title).to.equal("Nobody answers at the invite's addresses:")
    expect(lines[0]).to.equal(`  ${closed}: the connection was refused (nothing listens there)`)
    expect(lines[1]).to.match(/^ {2}\/dns4\/nowhere\.invalid\/tcp\/4001\/p2p\/12D3\w+: \S/)
    expect(lines[2]).to.equal(`  ${somebodyElse}: another peer (${second.id}) is there`)
    expect(lines[3]).to.match(/^Is a member's peer running/)
  })

  it('fails at once when it is told to', async () => {
    const invite = await founder.peer.invite()
    const reason = new Error('never mind')
    expect(await failure(knock(invite, { signal: AbortSignal.abort(reason) }), Error)).to.equal(reason)
  })

  it('lets exactly one of two that race for the last use in; the other is told that it is used up', async () => {
    const invite = await founder.peer.invite()
    const racers = await Promise.all(
      [0, 1].map(async () => await federation.open(await federation.home(invite)))
    )
    const told = racers.map(({ peer }) => record(peer))
    const decided = next(founder.peer, 'commit', ({ admitted }) => admitted.length > 0)
    await Promise.all(racers.map(({ peer }) => peer.start()))
    const { admitted } = await decided
    expect(admitted).to.have.length(1)
    const [winner] = racers.filter(({ id }) => admitted.includes(id))
    const [loser] = racers.filter(({ id }) => !admitted.includes(id))
    await statusWhere(loser.peer, () => only(told[racers.indexOf(loser)], 'member:refused').length > 0)
    const [refusal] = only(told[racers.indexOf(loser)], 'member:refused')
    expect(refusal).to.include({ code: 'used-up', local: false })
    expect(refusal.message).to.include('somebody has')
    for (const { peer } of [founder, winner]) {
      const { members } = await statusWhere(peer, (status) =>
        status.members.some(({ peerId }) => peerId === winner.id)
      )
      expect(members.map(({ peerId }) => peerId)).to.not.include(loser.id)
    }
    await loser.peer.stop()
    expect(only(told[racers.indexOf(winner)], 'member:refused').filter(({ local }) => !local)).to.deep.equal(
      []
    )
  })

  it('counts uses by member: the same one may come back', async () => {
    const third = await federation.open(await federation.home(await founder.peer.invite()))
    const admitted = next(founder.peer, 'commit', ({ roster }) => roster.includes(third.id))
    await third.peer.start()
    await admitted
    await third.peer.stop()
    await federation.reopen(third)
    const back = next(founder.peer, 'member:connect', ({ peerId }) => peerId === third.id)
    await third.peer.start()
    await back
    await statusWhere(third.peer, ({ phase }) => phase === 'finished')
  })

  it('needs a home that belongs to no other federation', async () => {
    const other = await Federation.found()
    close.push(() => other.close())
    const invite = await founder.peer.invite()
    const error = await failure(joinFederation({ invite, home: other.founder.home.dir }), Error)
    expect(error.name).to.equal('FederationExistsError')
  })

  it('says so when a home was neither founded nor joined', async () => {
    const home = await openHome(await federation.directory())
    const trainer = new FakeTrainer({ member: 9, parameters: 1 })
    const error = await failure(createPeer({ home: home.dir, trainer }), Error)
    expect(error.name).to.equal('NoFederationError')
    expect(error.message).to.include('murmur join')
  })
})
