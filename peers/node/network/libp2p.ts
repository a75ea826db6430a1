/** The libp2p node: transports, encryption, multiplexing and the services of a member. */
import { identify } from '@libp2p/identify'
import { mdns } from '@libp2p/mdns'
import { noise } from '@libp2p/noise'
import { ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { createLibp2p } from 'libp2p'
import type { ComponentLogger, ConnectionGater, Libp2p, PrivateKey, ServiceMap } from '@libp2p/interface'
import type { ServiceFactoryMap } from 'libp2p'

/** A stream's window stays below its read buffer of 4 MiB: a paused reader must not get its stream aborted. */
const STREAM_WINDOW_BYTES = 2 * 1024 * 1024
/** New connections a second from one host: several peers of one household or lab start together behind one address. */
const INBOUND_PER_SECOND = 50
const INBOUND_PENDING = 50
/** A machine that is busy or suspended for a while answers pings late; that is no reason to cut it off. */
const PING_TIMEOUT_MS = 60_000
const MAX_CONNECTIONS = 500

export interface NodeInit<T extends ServiceMap> {
  key: PrivateKey
  listen: string[]
  /** The federation's own service tag keeps mDNS answers of others out; null: no mDNS. */
  mdnsTag: string | null
  gater: ConnectionGater
  logger: ComponentLogger
  services: ServiceFactoryMap<T>
}

/** Create the node; it does nothing before its `start()`. */
export async function createNode<T extends ServiceMap>(init: NodeInit<T>): Promise<Libp2p<T & BaseServices>> {
  const services = { identify: identify(), ping: ping(), ...init.services }
  return (await createLibp2p({
    privateKey: init.key,
    start: false,
    addresses: { listen: init.listen },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux({ streamOptions: { maxStreamWindowSize: STREAM_WINDOW_BYTES } })],
    peerDiscovery: init.mdnsTag == null ? [] : [mdns({ serviceTag: init.mdnsTag })],
    connectionGater: init.gater,
    connectionManager: {
      maxConnections: MAX_CONNECTIONS,
      inboundConnectionThreshold: INBOUND_PER_SECOND,
      maxIncomingPendingConnections: INBOUND_PENDING
    },
    connectionMonitor: { pingTimeout: { minTimeout: PING_TIMEOUT_MS } },
    logger: init.logger,
    services
  })) as unknown as Libp2p<T & BaseServices>
}

export interface BaseServices extends ServiceMap {
  identify: unknown
  ping: { ping(peer: unknown): Promise<number> }
}
