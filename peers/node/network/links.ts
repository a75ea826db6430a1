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
/** Of those, addresses that led to it: nobody can push them out by naming others. */
const MAX_PROVEN = 4
/** Peers dialled at a time only because somebody named them: several times a usual federation. */
const MAX_STRANGERS = 128
/** Dials that do not end in an admission until such a peer is forgotten: about eight seconds. */
const MAX_STRANGER_FAILURES = 5

export interface LinksInit {
  node: Pick<Libp2p, 'dial' | 'getConnections' | 'peerStore'>
  self: string
  clock: Pick<Clock, 'setTimer'>
  log: Logger
  /** In [0, 1): spreads the retries of peers that lost each other at the same moment. */
  jitter: () => number
}

interface Link {
  /** Multiaddrs that were only told of, the newest first. */
  addresses: string[]
  /** Multiaddrs at which it was met, the latest first. */
  proven: string[]
  /** Of the latest dial that came through. */
  reachedAt: string | null
  /** False: somebody named it, and it was never admitted. */
  trusted: boolean
  /** Dials in a row that led to no admission. */
  failures: number
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
    const known = addressesOf(link)
    const fresh = dialable(addresses, peerId).filter((address) => !known.includes(address))
    if (fresh.length === 0) return
    link.addresses = [...fresh, ...link.addresses].slice(0, MAX_ADDRESSES - link.proven.length)
    link.retryMs = FIRST_RETRY_MS
    if (link.wanted) this.#dialSoon(peerId, 0)
  }

  /** Stay connected to this peer from now on. */
  want(peerId: string): void {
    if (peerId === this.#init.self) return
    const link = this.#link(peerId)
    link.trusted = true
    this.#begin(peerId, link)
  }

  /**
   * Somebody named this peer, who may make up as many as they like: it is worth a few attempts if there is room, and
   * addresses of a member are learnt.
   */
  hear(peerId: string, addresses: readonly string[]): void {
    if (peerId === this.#init.self) return
    if (!this.#links.has(peerId)) {
      const strangers = [...this.#links.values()].filter(({ trusted }) => !trusted).length
      if (strangers >= MAX_STRANGERS || dialable(addresses, peerId).length === 0) return
    }
    this.learn(peerId, addresses)
    const link = this.#link(peerId)
    if (!link.trusted) this.#begin(peerId, link)
  }

  /** Let it go: it was revoked, or refused us for good. */
  drop(peerId: string): void {
    const link = this.#links.get(peerId)
    if (link == null) return
    link.wanted = false
    link.cancel?.()
  }

  /** Peers to be connected with, of which nobody told where they are. */
  unplaced(): string[] {
    const found: string[] = []
    for (const [peerId, link] of this.#links) {
      const isPlaced = addressesOf(link).length > 0 || this.#isConnected(peerId)
      if (link.wanted && link.trusted && !isPlaced) found.push(peerId)
    }
    return found
  }

  /** Known addresses of a peer. */
  addresses(peerId: string): string[] {
    const link = this.#links.get(peerId)
    return link == null ? [] : addressesOf(link)
  }

  /** It let this peer in: whatever kept them apart before is over. A mere connection may be closed again at once. */
  met(peerId: string): void {
    const link = this.#links.get(peerId)
    if (link == null) return
    Object.assign(link, { retryMs: FIRST_RETRY_MS, failures: 0, trusted: true })
    const { reachedAt } = link
    if (reachedAt == null) return
    link.proven = [reachedAt, ...link.proven.filter((address) => address !== reachedAt)].slice(0, MAX_PROVEN)
    link.addresses = link.addresses.filter((address) => address !== reachedAt)
  }

  /** A connection ended: try again, soon if they had met. */
  lost(peerId: string): void {
    const link = this.#links.get(peerId)
    if (link?.wanted === true && !this.#isConnected(peerId)) this.#again(peerId, link)
  }

  stop(): void {
    this.#stopped = true
    this.#abort.abort(new Error('The peer stops'))
    for (const link of this.#links.values()) link.cancel?.()
  }

  #link(peerId: string): Link {
    const known = this.#links.get(peerId)
    if (known != null) return known
    const link = newLink()
    this.#links.set(peerId, link)
    return link
  }

  #begin(peerId: string, link: Link): void {
    if (link.wanted) return
    link.wanted = true
    this.#dialSoon(peerId, 0)
  }

  /** An attempt led to nothing that lasts. */
  #again(peerId: string, link: Link): void {
    link.failures++
    if (link.trusted || link.failures < MAX_STRANGER_FAILURES) {
      this.#dialSoon(peerId, this.#nextDelay(link))
    } else if (!link.dialling) {
      link.cancel?.()
      this.#links.delete(peerId)
    }
  }

  #dialSoon(peerId: string, afterMs: number): void {
    const link = this.#link(peerId)
    link.cancel?.()
    if (this.#stopped || link.dialling) return
    link.cancel = this.#init.clock.setTimer(afterMs, () => void this.#dial(peerId, link))
  }

  async #dial(peerId: string, link: Link): Promise<void> {
    const known = addressesOf(link)
    if (!link.wanted || this.#isConnected(peerId) || known.length === 0) return
    link.dialling = true
    try {
      const signal = AbortSignal.any([this.#abort.signal, AbortSignal.timeout(DIAL_TIMEOUT_MS)])
      const addresses = known.map((address) => multiaddr(withPeerId(address, peerId)))
      const { remoteAddr } = await this.#init.node.dial(addresses, { signal })
      const reached = withPeerId(remoteAddr.toString(), peerId)
      link.reachedAt = known.find((address) => withPeerId(address, peerId) === reached) ?? null
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
    if (!this.#isConnected(peerId)) this.#again(peerId, link)
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

function newLink(): Link {
  return {
    addresses: [],
    proven: [],
    reachedAt: null,
    trusted: false,
    failures: 0,
    retryMs: FIRST_RETRY_MS,
    cancel: null,
    dialling: false,
    wanted: false
  }
}

function addressesOf({ proven, addresses }: Link): string[] {
  return [...proven, ...addresses]
}
