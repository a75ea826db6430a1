/** The least that our protocols need of libp2p's components, so that a test passes small stand-ins. */
import type {
  AbortOptions,
  Connection,
  NewStreamOptions,
  PeerId,
  Stream,
  StreamHandler,
  StreamHandlerOptions,
  Topology
} from '@libp2p/interface'

/** Registers handlers of incoming streams, and topologies: callbacks for peers that speak a protocol. */
export interface RegistrarLike {
  handle(protocol: string, handler: StreamHandler, options?: StreamHandlerOptions): Promise<void>
  unhandle(protocol: string, options?: AbortOptions): Promise<void>
  register(protocol: string, topology: Topology, options?: AbortOptions): Promise<string>
  unregister(id: string): void
}

/** Finds open connections. */
export interface ConnectionsLike {
  getConnections(peerId?: PeerId): Connection[]
}

/** Opens a stream to a peer, dialling it first where there is no connection. */
export interface StreamOpenerLike {
  openStream(peer: PeerId, protocol: string | string[], options?: NewStreamOptions): Promise<Stream>
}
