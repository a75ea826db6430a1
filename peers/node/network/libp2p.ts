/** The libp2p node: transports, encryption, multiplexing and the services of a member. */
import { identify } from '@libp2p/identify'
import { mdns } from '@libp2p/mdns'
import { noise } from '@libp2p/noise'
import { ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { createLibp2p } from 'libp2p'
import { counted } from './counted.ts'
import type { Traffic } from './counted.ts'
import type { Identify } from '@libp2p/identify'
import type { ComponentLogger, ConnectionGater, Libp2p, PrivateKey, ServiceMap } from '@libp2p/interface'
import type { Ping } from '@libp2p/ping'
import type { Datastore } from 'interface-datastore'
import type { ServiceFactoryMap } from 'libp2p'

/** A stream's window stays below its read buffer of 4 MiB: a paused reader must not get its stream aborted. */
const STREAM_WINDOW_BYTES = 2 * 1024 * 1024
/** New connections a second from one host: several peers of one household or lab start together behind one address. */
const INBOUND_PER_SECOND = 50
const INBOUND_PENDING = 50
/** A machine that is busy or suspended for a while answers pings late; that is no reason to cut it off. */
const PING_TIMEOUT_MS = 60_000
/**
 * Pings that wait at a time: one comes every ten seconds until the first one times out. When a machine that stood still
 * goes on, or a network that fell apart is one again, they arrive together; one more than allowed is refused, and that
 * ends the connection.
 */
const MAX_PINGS = 8
const PINGS = { maxInboundStreams: MAX_PINGS, maxOutboundStreams: MAX_PINGS }
const MAX_CONNECTIONS = 500

/** Every node has these, whatever else it does. */
export interface BaseServices extends ServiceMap {
  identify: Identify
  ping: Ping
}

export interface NodeInit<T extends ServiceMap> {
  key: PrivateKey
  /** Multiaddrs to listen on; none for a node that only dials. */
  listen: string[]
  /** The federation's own service tag keeps mDNS answers of others out; null: no mDNS. */
  mdnsTag: string | null
  gater: ConnectionGater
  logger: ComponentLogger
  traffic: Traffic
  /** Remembers peers and their addresses. Default: in memory. */
  datastore?: Datastore
  services: ServiceFactoryMap<T>
}

/** Create the node; it does nothing before its `start()`. */
export async function createNode<T extends ServiceMap>(init: NodeInit<T>): Promise<Libp2p<BaseServices & T>> {
  // The intersection of two mapped types is the mapped type of the intersection, which TypeScript cannot see.
  const services = { identify: identify(), ping: ping(PINGS), ...init.services } as ServiceFactoryMap<
    BaseServices & T
  >
  return await createLibp2p<BaseServices & T>({
    privateKey: init.key,
    start: false,
    ...(init.datastore == null ? {} : { datastore: init.datastore }),
    addresses: { listen: init.listen },
    transports: [counted(tcp(), init.traffic)],
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
  })
}
