/** The same over real connections on loopback. */
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { expect } from 'chai'
import { createLibp2p } from 'libp2p'
import { ledger } from '../../../protocols/ledger/index.ts'
import { FakeSource } from './helpers.ts'
import type { LedgerProtocol, LedgerSource } from '../../../protocols/ledger/index.ts'
import type { Libp2p } from '@libp2p/interface'

type Node = Libp2p<{ ledger: LedgerProtocol }>

async function nodeOf(source: LedgerSource): Promise<Node> {
  return await createLibp2p({
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services: { ledger: ledger({ source }) }
  })
}

describe('ledger protocol over libp2p', () => {
  const sources = [new FakeSource(10, 1024 * 1024), new FakeSource(0)] as const
  let nodes: [Node, Node]

  before(async () => {
    nodes = [await nodeOf(sources[0]), await nodeOf(sources[1])]
    await nodes[1].dial(nodes[0].getMultiaddrs())
  })
  after(async () => {
    for (const node of nodes) await node.stop()
  })

  it('catches up on more than one answer can hold, with a reader slower than the sender', async () => {
    const [source] = sources
    const sizes: number[] = []
    for (let height = 0, more = true; more;) {
      const sent = new Promise<void>((resolve) => (source.onSent = resolve))
      for await (const frame of nodes[1].services.ledger.ask(nodes[0].peerId, { height })) {
        // The whole answer must fit into the reader's buffer.
        await sent
        if (frame.type === 'commit') height += sizes.push(frame.bytes.byteLength) > 0 ? 1 : 0
        if (frame.type === 'end') more = frame.more
      }
    }
    expect(sizes).to.deep.equal(Array.from({ length: 10 }, () => 1024 * 1024))
  })

  it('answers both ways on one connection, again and again, and leaves no streams', async () => {
    sources[1].held = [{ kind: 'vote', bytes: new Uint8Array(200) }]
    const ask = async (from: Node, to: Node) => (await from.services.ledger.head(to.peerId)).height
    for (let i = 0; i < 50; i++) {
      const heights = await Promise.all([ask(nodes[0], nodes[1]), ask(nodes[1], nodes[0])])
      expect(heights).to.deep.equal([0, 10])
    }
    const [connection] = nodes[1].getConnections(nodes[0].peerId)
    expect(connection?.streams.filter((stream) => stream.protocol.includes('ledger')).length).to.be.at.most(2)
  })
})
