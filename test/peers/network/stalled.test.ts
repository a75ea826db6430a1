/** Real nodes, and a line between them that swallows what it is given without a word. */
import { createServer, connect } from 'node:net'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { defaultLogger } from '@libp2p/logger'
import { multiaddr } from '@multiformats/multiaddr'
import { expect } from 'chai'
import { pEvent } from 'p-event'
import { Traffic } from '../../../peers/node/network/counted.ts'
import { createNode } from '../../../peers/node/network/libp2p.ts'
import { SilenceWatch } from '../../../peers/node/network/silence.ts'
import { tcpPortOf } from '../../../peers/node/network/port.ts'
import { VirtualClock } from '../../helpers/virtual-clock.ts'
import type { AddressInfo, Socket } from 'node:net'

const TICK_MS = 500

interface Line {
  port: number
  /** What goes over the connections of now is lost from here on; those that come later are well. */
  stall(): void
  close(): void
}

async function lineTo(port: number): Promise<Line> {
  const sockets: Socket[] = []
  const server = createServer((near) => {
    const far = connect({ host: '127.0.0.1', port })
    sockets.push(near, far)
    for (const socket of [near, far])
      socket.on('error', () => {}).on('close', () => [near, far].map((s) => s.destroy()))
    near.pipe(far).pipe(near)
  })
  server.listen(0, '127.0.0.1')
  await pEvent(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    stall: () => {
      for (const socket of sockets.splice(0)) socket.unpipe().resume()
    },
    close: () => {
      for (const socket of sockets) socket.destroy()
      server.close()
    }
  }
}

async function someNode(listen: string[], traffic: Traffic): ReturnType<typeof createNode> {
  const key = await generateKeyPair('Ed25519')
  const node = await createNode({
    key,
    listen,
    traffic,
    mdnsTag: null,
    gater: {},
    logger: defaultLogger(),
    services: {}
  })
  await node.start()
  return node
}

describe('a connection whose bytes get lost', () => {
  it('counts as away, and is given up, with the one that proved it, for another to be made', async () => {
    const traffic = new Traffic()
    const there = await someNode(['/ip4/127.0.0.1/tcp/0'], new Traffic())
    const here = await someNode([], traffic)
    const line = await lineTo(tcpPortOf(there.getMultiaddrs().map(String)) ?? 0)
    const clock = new VirtualClock()
    const mute: string[][] = []
    const watch = new SilenceWatch({
      node: here,
      links: { addresses: () => [] },
      traffic,
      clock: { setTimer: (ms, callback) => clock.after(ms, callback) },
      log: defaultLogger().forComponent('murmur:test')
    })
    try {
      const old = await here.dial(multiaddr(`/ip4/127.0.0.1/tcp/${line.port}/p2p/${there.peerId.toString()}`))
      expect(traffic.of(old).bytesIn).to.be.greaterThan(0)
      expect(traffic.of(old).bytesOut).to.equal(traffic.bytesOut)
      watch.start({ patienceMs: () => 1_000, onMute: (peers) => void mute.push([...peers]) })
      line.stall()
      const lost = pEvent(here, 'peer:disconnect')
      const second = pEvent(here, 'connection:open')
      let isOver = false
      void lost.then(() => (isOver = true))
      while (!isOver) {
        clock.advance(TICK_MS)
        await new Promise((resolve) => setImmediate(resolve))
        // A dial has two seconds of this time, and needs some of the host's.
        if (here.getDialQueue().length > 0) await second
      }
      // It counted as away before, and not any more once the connection was closed: then it is not connected.
      expect(mute[0]).to.deep.equal([there.peerId.toString()])
      expect(old.status).to.not.equal('open')
      expect(here.getConnections()).to.deep.equal([])
    } finally {
      watch.stop()
      await Promise.all([here.stop(), there.stop()])
      line.close()
    }
  })
})
