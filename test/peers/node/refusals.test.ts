import { connect, createServer } from 'node:net'
import { expect } from 'chai'
import { knock } from '../../../peers/node/index.ts'
import { RefusedError } from '../../../protocols/common/errors.ts'
import { failure } from '../../helpers/failure.ts'
import { next } from './events.ts'
import { Federation } from './federation.ts'
import { closedPort } from './ports.ts'
import type { AddressInfo, Socket } from 'node:net'

describe('joining where one member refuses', function () {
  this.timeout(30_000)
  let federation: Federation
  /** Its peer refuses every invite of the first federation. */
  let elsewhere: Federation
  const close: (() => Promise<void>)[] = []

  before(async () => {
    federation = await Federation.found()
    elsewhere = await Federation.found()
    await Promise.all([federation.founder.peer.start(), elsewhere.founder.peer.start()])
  })

  after(() => Promise.all([federation.close(), elsewhere.close()]))

  afterEach(async () => {
    for (const closer of close.splice(0)) await closer()
  })

  /** The port of a server that does this with every connection. */
  const listening = async (onSocket: (socket: Socket) => void): Promise<number> => {
    const sockets = new Set<Socket>()
    const server = createServer((socket) => {
      sockets.add(socket.on('error', () => socket.destroy()))
      onSocket(socket)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    close.push(async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    })
    return (server.address() as AddressInfo).port
  }

  const inviteTo = async (port: number): Promise<string> => {
    const { id, peer } = federation.founder
    const there = `/ip4/127.0.0.1/tcp/${port}/p2p/${id}`
    return await peer.invite({ addresses: [...elsewhere.founder.peer.addresses(), there] })
  }

  it('believes another member that accepts, though it is slower', async () => {
    const [address] = federation.founder.peer.addresses()
    const refused = next(elsewhere.founder.peer, 'member:refused')
    const port = await listening((socket) => {
      void refused.then(() => {
        const through = connect(Number(address.split('/')[4]), '127.0.0.1')
        through.on('error', () => socket.destroy())
        socket.pipe(through).pipe(socket)
      })
    })
    const { manifest } = await knock(await inviteTo(port))
    expect(manifest.cid.toString()).to.equal(federation.manifest.cid.toString())
  })

  it('believes the refusal when nobody else can be reached', async () => {
    const error = await failure(knock(await inviteTo(await closedPort())), RefusedError)
    expect(error.code).to.equal('wrong-federation')
  })

  it('believes the refusal when nobody else answers for a while', async () => {
    const port = await listening(() => undefined)
    const startedAt = performance.now()
    await failure(knock(await inviteTo(port)), RefusedError)
    expect(performance.now() - startedAt).to.be.within(2_500, 9_000)
  })
})
