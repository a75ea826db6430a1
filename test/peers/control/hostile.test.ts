import { createServer, request } from 'node:http'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import {
  controlClient,
  controlPath,
  ControlProtocolError,
  PeerFailureError,
  serveControl
} from '../../../peers/node/control/index.ts'
import { failure } from '../../helpers/failure.ts'
import { StubPeer } from './helpers.ts'
import type { ServerResponse } from 'node:http'

describe('the control socket, misused', () => {
  let home: string
  let stop: () => Promise<void>

  beforeEach(async () => (home = await mkdtemp(join(tmpdir(), 'control-test-'))))
  afterEach(async () => {
    await stop()
    await rm(home, { recursive: true })
  })

  /** A process at the socket that answers everything alike. */
  async function impostor(answer: (response: ServerResponse) => void): Promise<void> {
    const server = createServer((_, response) => answer(response))
    await new Promise<void>((resolve) => server.listen(controlPath(home), resolve))
    stop = async () => await new Promise((resolve) => server.close(() => resolve()))
  }

  it('by an address that is none gets told so', async () => {
    ;({ stop } = await serveControl({ path: controlPath(home), peer: new StubPeer(), stop: () => {} }))
    const status = await new Promise((resolve, reject) => {
      const asked = request({ socketPath: controlPath(home), path: '//', agent: false }, (response) => {
        response.resume()
        resolve(response.statusCode)
      })
      asked.once('error', reject).end()
    })
    expect(status).to.equal(400)
  })

  it('by an answer with a broken number of bytes is understood as that', async () => {
    await impostor((response) => response.end('12345'))
    const client = controlClient(controlPath(home))
    expect((await failure(client.weights(), ControlProtocolError)).message).to.include('5 bytes of weights')
    await client.close()
  })

  it('by a failure that a terminal would obey is quoted without that', async () => {
    const error = { name: 'TamperedError', message: `line 1\n\u001b[2J${'x'.repeat(9_000)}` }
    await impostor((response) => response.writeHead(500).end(JSON.stringify({ error })))
    const client = controlClient(controlPath(home))
    const { message } = await failure(client.status(), PeerFailureError)
    expect(message).to.match(/^line 1\n�\[2Jx{4092}…$/)
    await client.close()
  })
})
