import { expect } from 'chai'
import { createPeer } from '../../../peers/node/index.ts'
import { failure } from '../../helpers/failure.ts'
import { only, record, statusWhere } from './events.ts'
import { Federation } from './federation.ts'
import type { PeerInit } from '../../../peers/node/index.ts'

describe('a peer that trains in its worker thread', function () {
  this.timeout(60_000)
  let federation: Federation

  afterEach(() => federation.close())

  it('learns the drawn digits with another, both ending with the same model', async () => {
    federation = await Federation.found({
      rounds: { startMembers: 2, stop: { rounds: 2 } },
      draft: { model: { architecture: { preset: 'mlp', hidden: [16] } } }
    })
    const real = (seed: number): Partial<PeerInit> => ({ trainer: undefined, data: { path: `demo:${seed}` } })
    await federation.reopenFounder(real(1))
    const told = record(federation.founder.peer)
    await federation.founder.peer.start()
    const second = await federation.join(real(2))
    await second.peer.start()
    const commits = await Promise.all(federation.peers.map((peer) => peer.waitForRound()))
    expect(commits[0].cid).to.equal(commits[1].cid)
    const [mine, theirs] = await Promise.all(federation.peers.map((peer) => peer.weights()))
    expect(theirs).to.deep.equal(mine)
    const { trainer, ownEvaluation } = await statusWhere(
      federation.founder.peer,
      () => only(told, 'finished').length === 1
    )
    expect(trainer).to.include({ backend: 'wasm', parameters: mine.length })
    expect(ownEvaluation?.['accuracy']).to.be.within(0, 1)
    expect(only(told, 'training:progress').length).to.be.above(0)
    const [first] = only(told, 'training:end')
    expect(first.samples).to.equal(trainer?.trainSamples)
    expect(first.after['loss']).to.be.below(first.before['loss'])
    expect(only(told, 'error')).to.deep.equal([])
  })

  it('needs data, and leaves the home usable when there is none', async () => {
    federation = await Federation.found()
    const { founder } = federation
    await founder.peer.stop()
    const init = { home: founder.home.dir, listen: ['/ip4/127.0.0.1/tcp/0'], mdns: false }
    const error = await failure(createPeer(init), Error)
    expect(error.name).to.equal('NoDataError')
    expect(error.message).to.include('--data')
    const nowhere = await failure(createPeer({ ...init, data: { path: '/nowhere' } }), Error)
    expect(nowhere.name).to.equal('DataError')
    expect(nowhere.message).to.include('/nowhere')
    await federation.reopen(founder)
  })
})
