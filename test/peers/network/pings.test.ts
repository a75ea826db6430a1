import { generateKeyPair } from '@libp2p/crypto/keys'
import { defaultLogger } from '@libp2p/logger'
import { byteStream } from '@libp2p/utils'
import { expect } from 'chai'
import { Traffic } from '../../../peers/node/network/counted.ts'
import { createNode } from '../../../peers/node/network/libp2p.ts'
import type { Connection } from '@libp2p/interface'

const PING = '/ipfs/ping/1.0.0'
/** As many as libp2p's connection monitor sends before the first one times out. */
const PENDING = 6
const PING_BYTES = 32

async function someNode(listen: string[]): ReturnType<typeof createNode> {
  const node = await createNode({
    key: await generateKeyPair('Ed25519'),
    listen,
    mdnsTag: null,
    gater: {},
    logger: defaultLogger(),
    traffic: new Traffic(),
    services: {}
  })
  await node.start()
  return node
}

async function ping(connection: Connection): Promise<number> {
  const stream = await connection.newStream(PING)
  const bytes = byteStream(stream)
  await bytes.write(new Uint8Array(PING_BYTES))
  const answer = await bytes.read({ bytes: PING_BYTES })
  return answer.byteLength
}

describe('pings that were held up on their way', () => {
  it('are all answered when they arrive together', async () => {
    const listener = await someNode(['/ip4/127.0.0.1/tcp/0'])
    const dialler = await someNode([])
    try {
      const connection = await dialler.dial(listener.getMultiaddrs())
      const answers = await Promise.all(Array.from({ length: PENDING }, () => ping(connection)))
      expect(answers).to.deep.equal(Array(PENDING).fill(PING_BYTES))
      expect(connection.status).to.equal('open')
    } finally {
      await dialler.stop()
      await listener.stop()
    }
  })
})
