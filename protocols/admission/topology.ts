/** A topology that hears of a peer once it is admitted, and of its end if it heard of it. */
import type { ConnectionsLike } from '../common/components.ts'
import type { AdmissionEvents, AdmissionGate } from './index.ts'
import type { Connection, PeerId, Topology, TopologyFilter } from '@libp2p/interface'

interface GuardInit {
  gate: AdmissionGate
  connectionManager: ConnectionsLike
}

export class GuardedTopology implements Topology {
  readonly filter?: TopologyFilter
  readonly notifyOnLimitedConnection?: boolean
  readonly #inner: Topology
  readonly #init: GuardInit
  /** Peers that speak the protocol and are not admitted yet, with their latest connection. */
  readonly #waiting = new Map<string, Connection>()
  /** Peers that the protocol heard of. */
  readonly #told = new Set<string>()

  constructor(inner: Topology, init: GuardInit) {
    this.#inner = inner
    this.#init = init
    if (inner.filter != null) this.filter = inner.filter
    if (inner.notifyOnLimitedConnection != null)
      this.notifyOnLimitedConnection = inner.notifyOnLimitedConnection
  }

  start(): void {
    this.#init.gate.addEventListener('member', this.#onMember)
  }

  stop(): void {
    this.#init.gate.removeEventListener('member', this.#onMember)
    this.#waiting.clear()
    this.#told.clear()
  }

  async onConnect(peerId: PeerId, connection: Connection): Promise<void> {
    if (!this.#init.gate.isAdmitted(peerId)) {
      this.#waiting.set(peerId.toString(), connection)
      return
    }
    await this.#tell(peerId, connection)
  }

  async onDisconnect(peerId: PeerId): Promise<void> {
    this.#waiting.delete(peerId.toString())
    if (this.#told.delete(peerId.toString())) await this.#inner.onDisconnect?.(peerId)
  }

  readonly #onMember = ({ detail: { peerId } }: AdmissionEvents['member']): void => {
    const connection = this.#openConnection(peerId)
    this.#waiting.delete(peerId.toString())
    if (connection == null) return
    this.#tell(peerId, connection).catch((err: unknown) => connection.log.error('topology failed - %e', err))
  }

  /** The connection that the protocol was found on, or, if that one closed, another to the same peer. */
  #openConnection(peerId: PeerId): Connection | undefined {
    const waiting = this.#waiting.get(peerId.toString())
    if (waiting == null || waiting.status === 'open') return waiting
    return this.#init.connectionManager.getConnections(peerId).find(({ status }) => status === 'open')
  }

  async #tell(peerId: PeerId, connection: Connection): Promise<void> {
    this.#told.add(peerId.toString())
    await this.#inner.onConnect?.(peerId, connection)
  }
}
