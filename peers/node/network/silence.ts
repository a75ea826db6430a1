/**
 * Members that are connected and do not answer. A machine that stands still and a network that fell apart tell nobody.
 *
 * Rounds should not wait for them: who does not answer for as long as one is ready to wait counts as away until it is
 * heard again.
 *
 * And connections that are dead have to be given up though nobody said so: after a network fell apart and is one again, TCP goes on
 * with what it had to send only when it tries again, and the longer it was cut the longer that takes (a minute and more).
 * A fresh connection is there at once. So where a connection does not answer, the peer is dialled beside it; only when
 * that comes through while the old one stays silent, all that connects the two is closed, and `Links` connects anew. A
 * peer that is merely stopped, or busy, answers no fresh connection either.
 *
 * To go on with the fresh connection and close the old one alone would not do: protocols that keep a stream open to each
 * peer, as gossipsub does, notice that a peer is lost when its last connection is.
 */
import { multiaddr } from '@multiformats/multiaddr'
import { FreshDial } from './fresh-dial.ts'
import { Hearing, TICK_MS } from './hearing.ts'
import { withPeerId } from './addresses.ts'
import type { HearingInit } from './hearing.ts'
import type { Links } from './links.ts'
import type { Clock } from '../../engine/components.ts'
import type { Connection, Libp2p, Logger } from '@libp2p/interface'

/** A peer that stood still and goes on answers on the old connection no later than on a fresh one. */
const GRACE_MS = 250
const CLOSE_TIMEOUT_MS = 1_000

/** A connection did not answer, while its peer could be reached by another. */
export class SilentConnectionError extends Error {
  static override name = 'SilentConnectionError'

  constructor(peerId: string, options?: ErrorOptions) {
    super(
      `The connection to ${peerId} does not answer, and a fresh one does: it is closed, and made anew`,
      options
    )
    this.name = 'SilentConnectionError'
  }
}

export interface SilenceInit {
  node: Pick<Libp2p, 'getConnections' | 'dial'>
  links: Pick<Links, 'addresses'>
  traffic: HearingInit['traffic']
  clock: Pick<Clock, 'setTimer'>
  log: Logger
}

/** What is done about those who do not answer. */
export interface SilenceListener {
  /** How long others are ready to wait for a member that does not answer. */
  patienceMs(peerId: string): number
  /** These do not answer for longer than that; told after every change. */
  onMute(peers: ReadonlySet<string>): void
}

/** What there is between this peer and another. */
interface Between {
  silent: Connection[]
  /** Heard lately. */
  alive: Connection[]
  /** None of them was heard for as long as one waits. */
  isMute: boolean
}

export class SilenceWatch {
  readonly #init: SilenceInit
  readonly #hearing: Hearing
  /** Peer → the attempt to reach it beside a silent connection. */
  readonly #dials = new Map<string, FreshDial>()
  /** Peer → attempts that led to nothing: each takes another address. */
  readonly #attempts = new Map<string, number>()
  #mute: ReadonlySet<string> = new Set()
  #cancel: (() => void) | null = null

  constructor(init: SilenceInit) {
    this.#init = init
    this.#hearing = new Hearing(init)
  }

  start(listener: SilenceListener): void {
    this.#cancel ??= this.#init.clock.setTimer(TICK_MS, () => this.#tick(listener))
  }

  stop(): void {
    this.#cancel?.()
    this.#cancel = null
    for (const dial of this.#dials.values()) dial.end()
    this.#dials.clear()
  }

  #tick(listener: SilenceListener): void {
    this.#cancel = this.#init.clock.setTimer(TICK_MS, () => this.#tick(listener))
    const peers = new Map<string, Between>()
    for (const connection of this.#init.node.getConnections()) {
      if (connection.status !== 'open') continue
      const peerId = connection.remotePeer.toString()
      const between = peers.get(peerId) ?? { silent: [], alive: [], isMute: true }
      peers.set(peerId, between)
      const patienceMs = listener.patienceMs(peerId)
      const { isSilent, isMute } = this.#hearing.tick(connection, patienceMs)
      between[isSilent ? 'silent' : 'alive'].push(connection)
      between.isMute &&= isMute
    }
    for (const [peerId, between] of peers) this.#consider(peerId, between)
    for (const [peerId, dial] of this.#dials) if (!peers.has(peerId)) dial.end()
    for (const peerId of this.#attempts.keys()) if (!peers.has(peerId)) this.#attempts.delete(peerId)
    this.#tellMute(peers, listener)
  }

  #tellMute(peers: ReadonlyMap<string, Between>, listener: SilenceListener): void {
    const mute = new Set([...peers].filter(([, { isMute }]) => isMute).map(([peerId]) => peerId))
    if (mute.size === this.#mute.size && [...mute].every((peerId) => this.#mute.has(peerId))) return
    this.#mute = mute
    listener.onMute(mute)
  }

  #consider(peerId: string, { silent, alive }: Omit<Between, 'isMute'>): void {
    const dial = this.#dials.get(peerId)
    if (silent.length === 0) this.#attempts.delete(peerId)
    // Whoever answers after all, or dialled this peer first, need not be dialled. A dial that came through ends by itself.
    if (silent.length === 0 || alive.length > 0) dial?.giveUp()
    if (silent.length === 0 || dial != null) return
    if (alive.length > 0) this.#part(peerId, silent, alive)
    else this.#dialAfresh(peerId, silent)
  }

  #dialAfresh(peerId: string, silent: readonly Connection[]): void {
    const addresses = this.#addresses(peerId, silent)
    if (addresses.length === 0) return
    const attempt = this.#attempts.get(peerId) ?? 0
    this.#attempts.set(peerId, attempt + 1)
    const { node, clock } = this.#init
    const dial = new FreshDial({ node, clock, address: multiaddr(addresses[attempt % addresses.length]) })
    this.#dials.set(peerId, dial)
    this.#follow(peerId, dial).catch((error: unknown) =>
      this.#init.log(
        '%s does not answer, neither on a fresh connection: %s',
        peerId,
        (error as Error).message
      )
    )
  }

  async #follow(peerId: string, dial: FreshDial): Promise<void> {
    try {
      const fresh = await dial.connection
      // The other side parted meanwhile: to close this one would be to part again.
      if (this.#beside(fresh).length === 0) return
      await dial.pause(GRACE_MS)
      const others = this.#beside(fresh)
      const silent = others.filter((connection) => this.#hearing.isUnheard(connection))
      // Were it kept after the others closed, protocols would wait on streams that closed with them.
      if (silent.length > 0) this.#part(peerId, silent, [fresh, ...others])
      else this.#close(fresh)
    } finally {
      if (this.#dials.get(peerId) === dial) this.#dials.delete(peerId)
    }
  }

  #beside(fresh: Connection): Connection[] {
    return this.#init.node
      .getConnections(fresh.remotePeer)
      .filter((connection) => connection !== fresh && connection.status === 'open')
  }

  /** Where it was reached first of all; then wherever it may be. */
  #addresses(peerId: string, silent: readonly Connection[]): string[] {
    const reached = silent.filter(({ direction }) => direction === 'outbound')
    const addresses = [
      ...reached.map(({ remoteAddr }) => remoteAddr.toString()),
      ...this.#init.links.addresses(peerId)
    ]
    return [...new Set(addresses.map((address) => withPeerId(address, peerId)))]
  }

  #part(peerId: string, silent: readonly Connection[], all: readonly Connection[]): void {
    const error = new SilentConnectionError(peerId)
    this.#init.log('%s', error.message)
    for (const connection of silent) connection.abort(error)
    for (const connection of all) if (!silent.includes(connection)) this.#close(connection)
  }

  #close(connection: Connection): void {
    connection.close({ signal: AbortSignal.timeout(CLOSE_TIMEOUT_MS) }).catch((error: unknown) => {
      this.#init.log('closing a connection to %p took too long - %e', connection.remotePeer, error)
      connection.abort(new SilentConnectionError(connection.remotePeer.toString()))
    })
  }
}
