import { rm, writeFile } from 'node:fs/promises'
import { Server } from 'node:http'
import { expect } from 'chai'
import { createPeer } from '../../../peers/node/index.ts'
import { openAtRest } from '../../../peers/node/peer/at-rest.ts'
import { closeAll } from '../../../peers/node/close.ts'
import { failure } from '../../helpers/failure.ts'
import { Federation, PARAMETERS } from './federation.ts'
import { FakeTrainer } from './trainer.ts'
import type { PeerInit } from '../../../peers/node/index.ts'

class FailingTrainer extends FakeTrainer {
  override async initialWeights(): Promise<Float32Array> {
    throw new Error('no weights')
  }

  override async stop(): Promise<void> {
    throw new Error('the thread hangs')
  }
}

/** Ends as a working one does, but does not say so. */
class StubbornTrainer extends FakeTrainer {
  override async stop(): Promise<void> {
    await super.stop()
    throw new Error('the thread hangs')
  }
}

describe('closing all parts', () => {
  it('goes on after a failure, and throws it', async () => {
    const closed: string[] = []
    const fail = async (): Promise<void> => {
      throw new RangeError('stuck')
    }
    const closing = closeAll([async () => void closed.push('a'), fail, async () => void closed.push('b')])
    expect((await failure(closing, RangeError)).message).to.equal('stuck')
    expect(closed).to.deep.equal(['a', 'b'])
  })

  it('throws all failures where there are several, also of closers that do not even begin', async () => {
    const first = new Error('first')
    const broken = (): never => {
      throw new Error('second')
    }
    const error = await failure(closeAll([() => Promise.reject(first), broken]), AggregateError)
    expect(error.errors).to.have.length(2)
    expect(error.cause).to.equal(first)
    expect(error.message).to.include('first').and.include('second')
  })
})

describe('a peer of which a part cannot be closed', function () {
  this.timeout(20_000)
  let federation: Federation

  beforeEach(async () => {
    federation = await Federation.found()
  })

  afterEach(() => federation.close())

  const rest = (home: string): Pick<PeerInit, 'home' | 'listen' | 'mdns'> => ({
    home,
    listen: ['/ip4/127.0.0.1/tcp/0'],
    mdns: false
  })

  const reopens = async (): Promise<void> => {
    await federation.reopen(federation.founder)
    await federation.founder.peer.start()
  }

  it('says what kept it from opening, not what closing said, and leaves no lock', async () => {
    await federation.founder.peer.stop()
    const trainer = new FailingTrainer({ member: 0, parameters: PARAMETERS })
    const opening = createPeer({ ...rest(federation.founder.home.dir), trainer })
    expect((await failure(opening, Error)).message).to.equal('no weights')
    await reopens()
  })

  it('closes the others when it stops, and says what failed', async () => {
    await federation.founder.peer.stop()
    const trainer = new StubbornTrainer({ member: 0, parameters: PARAMETERS })
    const peer = await createPeer({ ...rest(federation.founder.home.dir), trainer })
    await peer.start()
    expect((await failure(peer.stop(), Error)).message).to.equal('the thread hangs')
    await reopens()
  })

  it('leaves the network though its metrics cannot be stopped', async () => {
    const { founder } = federation
    await founder.peer.stop()
    const peer = await createPeer({
      ...rest(founder.home.dir),
      trainer: new FakeTrainer({ member: 0, parameters: PARAMETERS }),
      metrics: { host: '127.0.0.1', port: 0 }
    })
    await peer.start()
    const [address] = peer.addresses()
    const { close } = Server.prototype
    Server.prototype.close = function (): never {
      close.call(this)
      throw new Error('sockets hang')
    }
    try {
      expect((await failure(peer.stop(), Error)).message).to.equal('sockets hang')
    } finally {
      Server.prototype.close = close
    }
    await federation.reopen(founder)
    await founder.peer.start()
    // The same port again: nobody listens there any more.
    expect(founder.peer.addresses()[0]).to.equal(address)
  })

  it('leaves no lock where the files of a stopped peer cannot be read', async () => {
    const { home, peer } = federation.founder
    await peer.stop()
    await rm(home.paths.blocks, { recursive: true, force: true })
    await writeFile(home.paths.blocks, 'not a directory')
    await failure(openAtRest(home.dir), Error)
    await rm(home.paths.blocks)
    await (await openAtRest(home.dir)).close()
  })
})
