import { memory } from '@libp2p/memory'
import { noise } from '@libp2p/noise'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { MemoryBlockstore } from 'blockstore-core'
import { expect } from 'chai'
import { createLibp2p } from 'libp2p'
import { blocks } from '../../../protocols/blocks/index.ts'
import { readDag, writeDag } from '../../../src/blocks/index.ts'
import { someBytes } from './harness.ts'
import type { Blocks } from '../../../protocols/blocks/index.ts'
import type { Libp2p } from '@libp2p/interface'

interface Node {
  libp2p: Libp2p<{ blocks: Blocks }>
  store: MemoryBlockstore
}

async function node(address: string): Promise<Node> {
  const store = new MemoryBlockstore()
  const libp2p = await createLibp2p({
    addresses: { listen: [address] },
    transports: [memory()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux({ streamOptions: { maxStreamWindowSize: 2 * 1024 * 1024 } })],
    services: { blocks: blocks({ serve: store, store }) }
  })
  return { libp2p, store }
}

describe('blocks between libp2p nodes', () => {
  let a: Node
  let b: Node
  beforeEach(async () => {
    a = await node('/memory/blocks-a')
    b = await node('/memory/blocks-b')
    await b.libp2p.dial(multiaddr('/memory/blocks-a'))
  })
  afterEach(async () => {
    await Promise.all([a.libp2p.stop(), b.libp2p.stop()])
  })

  it('move both ways at once', async () => {
    const [mine, yours] = [someBytes(5_000_000, 1), someBytes(5_000_000, 2)]
    const [fromA, fromB] = [await writeDag(a.store, mine), await writeDag(b.store, yours)]
    await Promise.all([
      a.libp2p.services.blocks.fetchDag(fromB.root, { holders: [b.libp2p.peerId] }),
      b.libp2p.services.blocks.fetchDag(fromA.root, { holders: [a.libp2p.peerId] })
    ])
    expect(await readDag(a.store, fromB.root)).to.deep.equal(yours)
    expect(await readDag(b.store, fromA.root)).to.deep.equal(mine)
  })

  it('tell how fast they leave, once they had to queue', async () => {
    const { blocks: holder } = a.libp2p.services
    expect(holder.uplinkBytesPerSecond).to.equal(null)
    for (let i = 0; holder.uplinkBytesPerSecond == null && i < 20; i++) {
      const { root } = await writeDag(a.store, someBytes(20_000_000, i))
      await b.libp2p.services.blocks.fetchDag(root, { holders: [a.libp2p.peerId] })
    }
    expect(holder.uplinkBytesPerSecond).to.be.within(1e5, 1e10)
    expect(b.libp2p.services.blocks.uplinkBytesPerSecond).to.equal(null)
  })

  it('leave no stream open after stop', async () => {
    const { root } = await writeDag(a.store, someBytes(100))
    await b.libp2p.services.blocks.fetchDag(root, { holders: [a.libp2p.peerId] })
    const [connection] = b.libp2p.getConnections()
    expect(connection?.streams.filter(({ protocol }) => protocol.includes('blocks'))).to.have.length(1)
    await b.libp2p.services.blocks.stop?.()
    expect(connection?.streams.filter(({ protocol }) => protocol.includes('blocks'))).to.be.empty
  })
})
