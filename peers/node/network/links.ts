/**
 * Keeping connected to the other members: dials every known member that is not connected, with back-off, for as long
 * as the peer runs. libp2p itself dials nobody that was merely discovered.
 */
import { multiaddr } from '@multiformats/multiaddr'
import { peerIdFromString } from '@libp2p/peer-id'
import { dialable, withPeerId } from './addresses.ts'
import type { Clock } from '../../engine/components.ts'
import type { Libp2p, Logger } from '@libp2p/interface'

const FIRST_RETRY_MS = 250
const LAST_RETRY_MS = 30_000
const DIAL_TIMEOUT_MS = 10_000
/** Addresses remembered for one member. */
const MAX_ADDRESSES = 16

export interface LinksInit {
  node: Pick<Libp2p, 'dial' | 'getConnections' | 'peerStore'>
  self: string
  clock: Clock
  log: Logger
  /** In [0, 1): spreads the retries of peers that lost each other at the same moment. */
  jitter: () => number
}

interface Link {
  /** Multiaddrs in the order in which they became known. */
  addresses: string[]
  retryMs: number
  cancel: (() => void) | null
  dialling: boolean
  wanted: boolean
}

export class Links {
  readonly #init: LinksInit
  readonly #links = new Map<string, Link>()
  readonly #abort = new AbortController()
  #stopped = false

  constructor(init: LinksInit) {
    this.#init = init
  }

  /** Remember where a peer is, as far as that makes sense; it is dialled only while it is wanted. */
  learn(peerId: string, addresses: readonly string[]): void {
    if (peerId === this.#init.self) return
    const link = this.#link(peerId)
    const fresh = dialable(addresses, peerId).filter((address) => !link.addresses.includes(address))
    if (fresh.length === 0) return
    link.addresses = [...fresh, ...link.addresses].slice(0, MAX_ADDRESSES)
    link.retryMs = FIRST_RETRY_MS
    if (link.wanted) this.#dialSoon(peerId, 0)
  }

  /** Stay connected to this peer from now on. */
  want(peerId: string): void {
    if (peerId === this.#init.self) return
    const link = this.#link(peerId)
    if (link.wanted) return
    link.wanted = true
    this.#dialSoon(peerId, 0)
  }

  /** Let it go: it was revoked, or refused us for good. */
  drop(peerId: string): void {
    const link = this.#links.get(peerId)
    if (link == null) return
    link.wanted = false
    link.cancel?.()
  }

  /** Known addresses of a peer. */
  addresses(peerId: string): string[] {
    return [...(this.#links.get(peerId)?.addresses ?? [])]
  }

  /** It let this peer in: whatever kept them apart before is over. A mere connection may be closed again at once. */
  met(peerId: string): void {
    const link = this.#links.get(peerId)
    if (link != null) link.retryMs = FIRST_RETRY_MS
  }

  /** A connection ended: try again, soon if they had met. */
  lost(peerId: string): void {
    const link = this.#links.get(peerId)
    if (link?.wanted === true && !this.#isConnected(peerId)) this.#dialSoon(peerId, this.#nextDelay(link))
  }

  stop(): void {
    this.#stopped = true
    this.#abort.abort(new Error('The peer stops'))
    for (const link of this.#links.values()) link.cancel?.()
  }

  #link(peerId: string): Link {
    const known = this.#links.get(peerId)
    if (known != null) return known
    const link = { addresses: [], retryMs: FIRST_RETRY_MS, cancel: null, dialling: false, wanted: false }
    this.#links.set(peerId, link)
    return link
  }

  #dialSoon(peerId: string, afterMs: number): void {
    const link = this.#link(peerId)
    link.cancel?.()
    if (this.#stopped || link.dialling) return
    link.cancel = this.#init.clock.setTimer(afterMs, () => void this.#dial(peerId, link))
  }

  async #dial(peerId: string, link: Link): Promise<void> {
    if (!link.wanted || this.#isConnected(peerId) || link.addresses.length === 0) return
    link.dialling = true
    try {
      const signal = AbortSignal.any([this.#abort.signal, AbortSignal.timeout(DIAL_TIMEOUT_MS)])
      const addresses = link.addresses.map((address) => multiaddr(withPeerId(address, peerId)))
      await this.#init.node.dial(addresses, { signal })
    } catch (error) {
      this.#init.log(
        '%s is not reachable, next attempt in %d ms: %s',
        peerId,
        link.retryMs,
        (error as Error).message
      )
    } finally {
      link.dialling = false
    }
    if (!this.#isConnected(peerId)) this.#dialSoon(peerId, this.#nextDelay(link))
  }

  #nextDelay(link: Link): number {
    const delayMs = link.retryMs * (0.5 + this.#init.jitter())
    link.retryMs = Math.min(LAST_RETRY_MS, link.retryMs * 2)
    return delayMs
  }

  #isConnected(peerId: string): boolean {
    return this.#init.node.getConnections(peerIdFromString(peerId)).length > 0
  }
}
