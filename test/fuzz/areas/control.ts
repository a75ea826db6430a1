/** peers/node/control: requests to a running peer, byte by byte, and whatever a process at its socket answers. */
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import fc from 'fast-check'
import {
  controlClient,
  controlPath,
  ControlProtocolError,
  ControlUnavailableError,
  PeerFailureError,
  serveControl
} from '../../../peers/node/control/index.ts'
import { commitJson } from '../../../peers/node/control/schema.ts'
import { commit, status, StubPeer } from '../../peers/control/helpers.ts'
import { hostileJson } from '../json.ts'
import { damaged } from '../mutate.ts'
import { fuzzed, refusedOrUnderstood } from '../property.ts'
import { invites } from '../samples.ts'
import { encodeInvite } from '../../../src/federation/invite.ts'
import type { ControlClient, ControlServer } from '../../../peers/node/control/index.ts'
import type { Server } from 'node:http'
import type { FuzzArea } from '../property.ts'

const errors = [ControlProtocolError, ControlUnavailableError, PeerFailureError]
const encoder = new TextEncoder()

let folder = ''
let server: ControlServer
let client: ControlClient
/** Answers what a property says. */
let impostor: Server
let answer = { status: 200, body: new Uint8Array() as Uint8Array, cut: false }
let deceived: ControlClient

/** A request as it travels. */
function request(line: string, body = ''): Uint8Array {
  return encoder.encode(
    `${line} HTTP/1.1\r\nhost: x\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`
  )
}

const options = { role: 'admin', expiresInMs: 1000, maxUses: 2, addresses: ['/ip4/1.2.3.4/tcp/1'] }
const requests = [
  request('GET /v1/status'),
  request('GET /v1/ledger?from=1&limit=3'),
  request('GET /v1/weights'),
  request('POST /v1/invite', JSON.stringify(options)),
  request('POST /v1/revoke', JSON.stringify({ invite: encodeInvite(invites[0]) })),
  request('GET //'),
  request('GET http://[::1/v1/status'),
  request('POST /v1/invite', '['.repeat(70_000))
]
const bodies = hostileJson([options, { peerId: status.peerId }, { invite: 'murmur:x' }])
const bodied = fc
  .tuple(
    fc.constantFrom('POST /v1/invite', 'POST /v1/revoke', 'POST /v1/stop', 'GET /v1/ledger?from=-1'),
    bodies
  )
  .map(([line, body]) => request(line, body))

/** Send bytes, whole or cut off; resolves with the answer when the connection is over. */
async function send(bytes: Uint8Array): Promise<string> {
  const socket = connect(controlPath(folder))
  let text = ''
  socket.on('data', (chunk) => (text += chunk.toString('latin1')))
  // Refused by a reset: as good an answer.
  socket.on('error', () => {})
  socket.end(bytes)
  await new Promise((resolve) => socket.once('close', resolve))
  return text
}

const asked = fuzzed('requests', fc.oneof(damaged(requests), bodied, fc.uint8Array()), {
  shares: 3,
  judge: async (bytes) => {
    const text = await send(bytes)
    expect(text).to.match(/^$|^HTTP\/1\.1 (200|400|413|414|431|501|505|417) /)
    expect(await client.status()).to.deep.equal(status)
  }
})

const statusJson = JSON.parse(JSON.stringify(status)) as object
const failure = { error: { name: 'TamperedError', code: 'tampered', message: 'no' } }
const commits = [1, 2].map((height) => commitJson(commit(height)) as object)
const texts = hostileJson([statusJson, failure, { invite: 'murmur:x' }, { done: true }, ...commits])
const answers = fc.tuple(
  fc.oneof(
    { weight: 3, arbitrary: texts.map((text) => encoder.encode(text)) },
    {
      weight: 2,
      arbitrary: fc
        .tuple(fc.array(hostileJson(commits), { maxLength: 4 }), fc.boolean())
        .map(([lines, ended]) => encoder.encode(`${lines.join('\n')}\n${ended ? '{"end":true}\n' : ''}`))
    },
    { weight: 1, arbitrary: fc.uint8Array() }
  ),
  fc.constantFrom(200, 200, 200, 204, 304, 400, 500),
  fc.boolean()
)

const told = fuzzed('answers', answers, {
  shares: 3,
  judge: async ([body, code, cut]) => {
    answer = { status: code, body, cut }
    const ledger = async (): Promise<void> => {
      for await (const { height } of deceived.ledger()) expect(height).to.be.a('number')
    }
    const calls = [() => deceived.status(), ledger, () => deceived.weights(), () => deceived.invite()]
    const more = [() => deceived.revoke({ invite: 'x' }), () => deceived.stop()]
    for (const run of [...calls, ...more]) await refusedOrUnderstood<unknown>({ errors, run })
  }
})

export const control: FuzzArea = {
  name: 'control',
  properties: [asked, told],
  before: async () => {
    folder = await mkdtemp(join(tmpdir(), 'fuzz-'))
    server = await serveControl({ path: controlPath(folder), peer: new StubPeer(), stop: () => {} })
    client = controlClient(controlPath(folder))
    const other = join(folder, 'other')
    impostor = createServer((_, response) => {
      response.writeHead(answer.status, { 'content-length': answer.body.length + (answer.cut ? 10 : 0) })
      response.write(answer.body, () => (answer.cut ? response.destroy() : response.end()))
    })
    await new Promise<void>((resolve) => impostor.listen(other, resolve))
    deceived = controlClient(other)
  },
  after: async () => {
    await Promise.all([client.close(), deceived.close(), server.stop()])
    impostor.close()
    impostor.closeAllConnections()
    await rm(folder, { recursive: true, force: true })
  }
}
