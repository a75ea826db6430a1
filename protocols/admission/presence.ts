/** Who is connected, who of them is admitted, and whose admission is under way. */
import { MAX_KNOWN_ADDRESSES } from './constants.ts'
import type { AdmittedMember } from './index.ts'
import type { KnownPeer } from './schema.ts'
import type { Connection } from '@libp2p/interface'

interface Entry {
  /** Open connections, and how to stop the clock of each. */
  connections: Map<Connection, () => void>
  /** Those of them on which it was admitted. */
  greeted: Set<Connection>
  /** Set while the peer is admitted. */
  member: AdmittedMember | null
  /** Exchanges under way. */
  exchanges: number
  /** Called with the outcome when there is an admission, or no exchange any more. */
  waiting: ((admitted: boolean) => void)[]
}

export class Presence {
  /** By peer id; an entry lives while it has a connection or an exchange. */
  readonly #entries = new Map<string, Entry>()

  /** True for a connection that was not known yet. */
  open(connection: Connection, stopClock: () => void): boolean {
    const { connections } = this.#entry(connection.remotePeer.toString())
    if (connections.has(connection)) return false
    connections.set(connection, stopClock)
    return true
  }

  /** Another clock for a connection, in place of the one that runs. */
  watch(connection: Connection, stopClock: () => void): void {
    const connections = this.#entries.get(connection.remotePeer.toString())?.connections
    connections?.get(connection)?.()
    if (connections?.has(connection) === true) connections.set(connection, stopClock)
    else stopClock()
  }

  /** True when the peer was admitted and this was its last connection. */
  close(connection: Connection): boolean {
    const peerId = connection.remotePeer.toString()
    const entry = this.#entries.get(peerId)
    entry?.connections.get(connection)?.()
    entry?.connections.delete(connection)
    entry?.greeted.delete(connection)
    return entry?.connections.size === 0 && this.dismiss(peerId)
  }

  /** True when the peer is admitted now and was not before. A connection that closed meanwhile admits nobody. */
  admit(connection: Connection, member: AdmittedMember): boolean {
    const entry = this.#entry(member.peerId.toString())
    if (!entry.connections.has(connection)) return false
    const before = entry.member
    entry.member = member
    entry.greeted.add(connection)
    this.#settle(entry)
    return before == null
  }

  /** Was the peer admitted on this very connection, and is it still? */
  isGreeted(connection: Connection): boolean {
    return this.#entries.get(connection.remotePeer.toString())?.greeted.has(connection) === true
  }

  /** A member repeated what it says of itself. One that was dismissed meanwhile is not admitted by that. */
  refresh(connection: Connection, { certificate, addresses, head }: AdmittedMember): void {
    const entry = this.#entries.get(connection.remotePeer.toString())
    if (entry?.member != null) entry.member = { ...entry.member, certificate, addresses, head }
  }

  /** The peer is admitted no longer; true when it was. */
  dismiss(peerId: string): boolean {
    const entry = this.#entries.get(peerId)
    if (entry == null) return false
    const was = entry.member != null
    entry.member = null
    entry.greeted.clear()
    this.#forgetIfIdle(peerId, entry)
    return was
  }

  /** An exchange begins; the returned function ends it. */
  begin(peerId: string): () => void {
    const entry = this.#entry(peerId)
    entry.exchanges++
    return () => {
      entry.exchanges--
      if (entry.exchanges === 0) this.#settle(entry)
      this.#forgetIfIdle(peerId, entry)
    }
  }

  /** Resolves when the peer is admitted, or no exchange that could admit it is left. */
  settled(peerId: string): Promise<boolean> {
    const entry = this.#entries.get(peerId)
    if (entry == null || entry.member != null || entry.exchanges === 0)
      return Promise.resolve(entry?.member != null)
    return new Promise((resolve) => entry.waiting.push(resolve))
  }

  member(peerId: string): AdmittedMember | null {
    return this.#entries.get(peerId)?.member ?? null
  }

  members(): AdmittedMember[] {
    return [...this.#entries.values()].map(({ member }) => member).filter((member) => member != null)
  }

  /** Admitted peers, as one tells a newcomer of them. */
  known(): KnownPeer[] {
    return this.members().map(({ peerId, addresses }) => ({
      peerId: peerId.toString(),
      addresses: addresses.slice(0, MAX_KNOWN_ADDRESSES)
    }))
  }

  connections(peerId: string): Connection[] {
    return [...(this.#entries.get(peerId)?.connections.keys() ?? [])]
  }

  /** An open connection on which the peer was admitted, the latest of several. */
  greeted(peerId: string): Connection | undefined {
    return [...(this.#entries.get(peerId)?.greeted ?? [])].findLast(({ status }) => status === 'open')
  }

  clear(): void {
    for (const entry of this.#entries.values()) {
      for (const stopClock of entry.connections.values()) stopClock()
      entry.member = null
      this.#settle(entry)
    }
    this.#entries.clear()
  }

  #entry(peerId: string): Entry {
    const known = this.#entries.get(peerId)
    if (known != null) return known
    const entry: Entry = {
      connections: new Map(),
      greeted: new Set(),
      member: null,
      exchanges: 0,
      waiting: []
    }
    this.#entries.set(peerId, entry)
    return entry
  }

  #settle(entry: Entry): void {
    const waiting = entry.waiting.splice(0)
    for (const resolve of waiting) resolve(entry.member != null)
  }

  #forgetIfIdle(peerId: string, entry: Entry): void {
    const idle = entry.connections.size === 0 && entry.exchanges === 0
    if (idle && this.#entries.get(peerId) === entry) this.#entries.delete(peerId)
  }
}
