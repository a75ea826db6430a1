/** A process of its own: starts the peer of a home with real training by two threads, mDNS and metrics, stops it, and must end by itself. */
import { createPeer } from '../../../peers/node/index.ts'

const peer = await createPeer({
  home: process.argv[2],
  data: { path: 'demo:1' },
  threads: 2,
  listen: ['/ip4/127.0.0.1/tcp/0'],
  metrics: { host: '127.0.0.1', port: 0 }
})
await peer.start()
await peer.stop()
process.stdout.write('stopped\n')
