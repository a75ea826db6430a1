import { once } from 'node:events'
import { spawn } from 'node:child_process'
import { lstat, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import all from 'it-all'
import {
  connectControl,
  controlClient,
  ControlInUseError,
  controlPath,
  ControlProtocolError,
  ControlUnavailableError,
  PeerFailureError,
  serveControl
} from '../../../peers/node/control/index.ts'
import { failure } from '../../helpers/failure.ts'
import { commit, peerId, status, StubPeer } from './helpers.ts'
import type { ControlClient, ControlServer } from '../../../peers/node/control/index.ts'
import type { ServerResponse } from 'node:http'

describe('control endpoint', () => {
  let home: string
  let peer: StubPeer
  let server: ControlServer
  let client: ControlClient

  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'control-test-'))
    peer = new StubPeer()
    server = await serveControl({ path: controlPath(home), peer, stop: () => peer.stop() })
    client = controlClient(controlPath(home))
  })
  afterEach(async () => {
    await client.close()
    await server.stop()
    await rm(home, { recursive: true })
  })

  describe('answers', () => {
    it('the status, again and again', async () => {
      for (let i = 0; i < 3; i++) expect(await client.status()).to.deep.equal(status)
    })

    it('the ledger from a height, up to a limit', async () => {
      expect(await all(client.ledger())).to.deep.equal([1, 2, 3, 4, 5].map(commit))
      expect(await all(client.ledger({ from: 2, limit: 2 }))).to.deep.equal([2, 3].map(commit))
      expect(await all(client.ledger({ from: 4, limit: Infinity }))).to.deep.equal([4, 5].map(commit))
      expect(await all(client.ledger({ from: 9 }))).to.deep.equal([])
    })

    it('a ledger that is longer than its reader has patience for', async () => {
      peer.commits = Infinity
      for await (const { height } of client.ledger()) if (height === 10) break
      await peer.ledgerEnded.promise
      expect(await client.status()).to.deep.equal(status)
    })

    it('the weights, bit by bit', async () => {
      expect(await client.weights()).to.deep.equal(await peer.weights())
    })

    it('an invite with its options', async () => {
      expect(await client.invite()).to.equal('murmur:invite')
      await client.invite({ role: 'admin', maxUses: 3, expiresInMs: 1000, addresses: ['/ip4/1.2.3.4/tcp/1'] })
      expect(peer.invited).to.deep.equal([
        {},
        { role: 'admin', maxUses: 3, expiresInMs: 1000, addresses: ['/ip4/1.2.3.4/tcp/1'] }
      ])
    })

    it('a revocation', async () => {
      await client.revoke({ peerId })
      await client.revoke({ invite: 'murmur:invite' })
      expect(peer.revoked).to.deep.equal([{ peerId }, { invite: 'murmur:invite' }])
    })

    it('a recovery, and what to do about one', async () => {
      const record = await client.recover({ reason: 'fire', members: [peerId] })
      expect(record).to.deep.equal(Uint8Array.of(1, 2, 3))
      await client.followRecovery()
      await client.followRecovery({ commit: 'bafyother' })
      await client.followRecovery({ record })
      await client.refuseRecovery()
      await client.refuseRecovery('bafyother')
      expect(peer.recovered).to.deep.equal([
        { reason: 'fire', members: [peerId] },
        { follow: { commit: undefined } },
        { follow: { commit: 'bafyother' } },
        { follow: { record } },
        { refuse: undefined },
        { refuse: 'bafyother' }
      ])
    })

    it('the wish to stop, before it stops', async () => {
      await client.stop()
      expect(peer.stops).to.equal(1)
    })

    it('several at once', async () => {
      const [one, two, three] = await Promise.all([client.status(), all(client.ledger()), client.weights()])
      expect(one.height).to.equal(3)
      expect(two).to.have.length(5)
      expect(three).to.have.length(4)
    })
  })

  describe('passes on failures', () => {
    it('with the name, the code and the message that they have in the peer', async () => {
      peer.failure = Object.assign(new Error('Only an admin may invite'), {
        name: 'NotAllowedError',
        code: 'not-allowed'
      })
      for (const call of [client.invite(), client.status()]) {
        const error = await failure(call, PeerFailureError)
        expect([error.name, error.code, error.message]).to.deep.equal([
          'NotAllowedError',
          'not-allowed',
          'Only an admin may invite'
        ])
      }
    })

    it('also in the middle of a ledger, after the commits before it', async () => {
      peer.onCommit = (height) => {
        if (height === 3) throw new Error('the disk failed')
      }
      const heights: number[] = []
      const reading = (async () => {
        for await (const { height } of client.ledger()) heights.push(height)
      })()
      expect((await failure(reading, PeerFailureError)).message).to.equal('the disk failed')
      expect(heights).to.deep.equal([1, 2])
    })

    it('when the options are wrong, and says which', async () => {
      const wrong = client.invite({ maxUses: 0 })
      expect((await failure(wrong, PeerFailureError)).message).to.contain('maxUses')
      const nobody = client.revoke({ peerId: 'nobody' })
      expect((await failure(nobody, PeerFailureError)).name).to.equal('ControlRequestError')
      expect(peer.revoked).to.deep.equal([])
    })

    it('to whoever asks for what there is not, or sends too much', async () => {
      expect(await raw('GET', '/v1/unknown')).to.deep.include({ code: 400, name: 'ControlRequestError' })
      expect(await raw('DELETE', '/v1/status')).to.deep.include({ code: 400 })
      expect(await raw('POST', '/v1/invite', 'no json')).to.deep.include({ code: 400 })
      expect(await raw('POST', '/v1/invite', `"${'x'.repeat(70_000)}"`)).to.deep.include({ code: 400 })
      expect(await raw('GET', '/v1/ledger?from=-1')).to.deep.include({ code: 400 })
    })

    /** Status code and name of the failure. */
    async function raw(
      method: string,
      path: string,
      body?: string
    ): Promise<{ code?: number; name: string }> {
      const socketPath = controlPath(home)
      const asked = request({ socketPath, method, path, headers: { connection: 'close' } })
      asked.end(body)
      const [response] = (await once(asked, 'response')) as [AsyncIterable<Buffer> & { statusCode?: number }]
      const answer = JSON.parse(Buffer.concat(await all(response)).toString()) as { error: { name: string } }
      return { code: response.statusCode ?? 0, name: answer.error.name }
    }
  })

  describe('its socket', () => {
    it('may be opened by this user alone, and nothing else is left beside it', async () => {
      const { mode } = await lstat(controlPath(home))
      expect(mode & 0o777).to.equal(0o600)
      expect(await readdir(home)).to.deep.equal(['control.sock'])
    })

    it('is gone after stop, also when stopped twice', async () => {
      await Promise.all([server.stop(), server.stop()])
      expect(await readdir(home)).to.deep.equal([])
      expect(await connectControl(controlPath(home))).to.equal(null)
      expect((await failure(client.status(), ControlUnavailableError)).message).to.contain('murmur start')
    })

    it('is not taken from a peer that lives', async () => {
      const taking = serveControl({ path: controlPath(home), peer, stop: () => {} })
      expect((await failure(taking, ControlInUseError)).message).to.contain('use --home')
      expect((await client.status()).height).to.equal(3)
    })

    it('ends a request that is under way when the server stops', async () => {
      const asked = Promise.withResolvers<void>()
      peer.weights = () => {
        asked.resolve()
        return new Promise(() => {})
      }
      const pending = failure(client.weights(), ControlUnavailableError)
      await asked.promise
      await server.stop()
      await pending
    })
  })
})

describe('control endpoint: the place of its socket', () => {
  let home: string

  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'control-test-'))
  })
  afterEach(async () => {
    await rm(home, { recursive: true })
  })

  const serve = (path: string): Promise<ControlServer> =>
    serveControl({ path, peer: new StubPeer(), stop: () => {} })

  async function expectAnswer(path: string): Promise<void> {
    const client = await connectControl(path)
    expect((await client?.status())?.height).to.equal(3)
    await client?.close()
  }

  /** A process that listens and is killed −9. */
  async function leaveDeadSocket(path: string): Promise<void> {
    const program = `require('node:net').createServer().listen(process.argv[1], () => console.log('up'))`
    const child = spawn(process.execPath, ['-e', program, path], { stdio: ['ignore', 'pipe', 'inherit'] })
    await once(child.stdout, 'data')
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect((await lstat(path)).isSocket()).to.equal(true)
  }

  it('is taken over from a process that was killed', async () => {
    const path = controlPath(home)
    await leaveDeadSocket(path)
    expect(await connectControl(path)).to.equal(null)
    const server = await serve(path)
    await expectAnswer(path)
    await server.stop()
  })

  it('is elsewhere when the home’s path is too long, and the home says where', async () => {
    const deep = join(home, 'a'.repeat(60), 'b'.repeat(60))
    await mkdir(deep, { recursive: true })
    const path = controlPath(deep)
    const server = await serve(path)
    const socket = await readFile(path, 'utf8')
    expect(Buffer.byteLength(socket)).to.be.below(100)
    expect((await lstat(socket)).mode & 0o777).to.equal(0o600)
    expect((await lstat(path)).mode & 0o777).to.equal(0o600)
    await expectAnswer(path)
    await failure(serve(path), ControlInUseError)
    await server.stop()
    expect(await readdir(deep)).to.deep.equal([])
    expect(await connectControl(path)).to.equal(null)
  })

  it('is made anew when the recorded one is dead, whose directory is removed', async () => {
    const deep = join(home, 'a'.repeat(60), 'b'.repeat(60))
    await mkdir(deep, { recursive: true })
    const old = await mkdtemp(join(tmpdir(), 'murmur-'))
    await leaveDeadSocket(join(old, 's'))
    await writeFile(controlPath(deep), join(old, 's'))
    const server = await serve(controlPath(deep))
    await expectAnswer(controlPath(deep))
    expect(await lstat(old).catch((error: NodeJS.ErrnoException) => error.code)).to.equal('ENOENT')
    await server.stop()
  })

  it('does not follow a record that is no path', async () => {
    await writeFile(controlPath(home), 'not/absolute')
    expect(await connectControl(controlPath(home))).to.equal(null)
    await failure(controlClient(controlPath(home)).status(), ControlUnavailableError)
  })

  it('fails with the system’s reason where nothing can be written', async () => {
    const error = await failure(serve(controlPath(join(home, 'missing'))), Error)
    expect(error.message).to.contain('ENOENT')
  })
})

describe('control client of another version’s peer', () => {
  let home: string

  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'control-test-'))
  })
  afterEach(async () => {
    await rm(home, { recursive: true })
  })

  /** What a call does when the peer answers thus. */
  async function answered(
    answer: (response: ServerResponse) => void,
    call: (client: ControlClient) => Promise<unknown>
  ): Promise<Error> {
    const server = createServer((_request, response) => answer(response))
    await new Promise<void>((resolve) => server.listen(controlPath(home), resolve))
    const client = controlClient(controlPath(home))
    try {
      return await failure(call(client), ControlProtocolError)
    } finally {
      await client.close()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    }
  }

  const getStatus = (client: ControlClient): Promise<unknown> => client.status()
  const getLedger = (client: ControlClient): Promise<unknown> => all(client.ledger())

  it('says what it does not understand', async () => {
    const other = await answered(
      (response) => response.end(JSON.stringify({ ...status, height: 'three' })),
      getStatus
    )
    expect(other.message).to.contain('height').and.to.contain('another version')
    await answered((response) => response.end('<html>'), getStatus)
    await answered((response) => response.writeHead(404).end('{"no":"error"}'), getStatus)
    await answered((response) => response.end('{"height":1}\n'), getLedger)
  })

  it('notices a ledger that breaks off', async () => {
    await answered((response) => response.end(), getLedger)
    await answered((response) => {
      response.write('{"hei', () => response.destroy())
    }, getLedger)
  })

  it('does not read a line without end', async () => {
    const error = await answered((response) => {
      response.on('error', () => {})
      response.end(Buffer.alloc(9 * 1024 * 1024, 'x'))
    }, getLedger)
    expect(error.message).to.contain('a line of more than')
  })
})
