/**
 * Who passes messages on to whom. An author sends its message to everybody it is connected to, so a peer that is
 * connected to all authors needs no copies of third peers: in a federation of n members it would get n − 1 of each
 * message, and receiving, decrypting and dropping them was half of what a short round costs. So copies are asked for (by
 * being in a mesh, which a GRAFT starts and a PRUNE ends) only by peers that lack a connection to an author. Gossipsub's
 * own news of what there is to have (IHAVE, each heartbeat) stays.
 *
 * Spec: https://github.com/libp2p/specs/blob/master/pubsub/gossipsub/gossipsub-v1.0.md
 */
import type { PeerId } from '@libp2p/interface'

/** How many peers a mesh is to have; gossipsub reads them anew at each heartbeat. */
export interface MeshSize {
  /** Wanted. */
  D: number
  /** With fewer, others are asked. */
  Dlo: number
  /** With more, some are let go; nobody who asks is let in. */
  Dhi: number
}

/** While messages of some author come only by others. The sizes of the specification. */
const ASKING: MeshSize = { D: 6, Dlo: 4, Dhi: 12 }
/** For one heartbeat, once nothing is lacking any more: those that were asked stop. */
const LEAVING: MeshSize = { D: 0, Dlo: 0, Dhi: 0 }
/** From then on nobody is asked, and who asks is served. */
const SERVING: MeshSize = { D: 0, Dlo: 0, Dhi: 12 }

/** What is needed of gossipsub. Its `opts` are a public field of the class that its published interface leaves out. */
export interface Relay {
  getSubscribers(topic: string): PeerId[]
  addEventListener(type: 'gossipsub:heartbeat', listener: () => void): void
  removeEventListener(type: 'gossipsub:heartbeat', listener: () => void): void
}

export interface RelayingInit {
  relay: Relay
  topic: string
  /** Peer ids of those whose messages matter, this peer's own left out. */
  authors(): Iterable<string>
}

export class Relaying {
  readonly #init: RelayingInit
  readonly #size: MeshSize

  /** @throws {TypeError} a gossipsub whose mesh cannot be sized */
  constructor(init: RelayingInit) {
    this.#init = init
    this.#size = sizeOf(init.relay)
  }

  start(): void {
    Object.assign(this.#size, ASKING)
    this.#init.relay.addEventListener('gossipsub:heartbeat', this.#adjust)
  }

  stop(): void {
    this.#init.relay.removeEventListener('gossipsub:heartbeat', this.#adjust)
  }

  readonly #adjust = (): void => {
    Object.assign(this.#size, this.#isLacking() ? ASKING : this.#size.D > 0 ? LEAVING : SERVING)
  }

  #isLacking(): boolean {
    const { relay, topic, authors } = this.#init
    const heard = new Set(relay.getSubscribers(topic).map(String))
    for (const author of authors()) if (!heard.has(author)) return true
    return false
  }
}

function sizeOf(relay: Relay): MeshSize {
  const size = (relay as Relay & { opts?: Partial<MeshSize> }).opts
  if (typeof size?.D === 'number' && typeof size.Dlo === 'number' && typeof size.Dhi === 'number') {
    return size as MeshSize
  }
  throw new TypeError(
    'This gossipsub keeps the size of its mesh elsewhere than in opts.D, opts.Dlo and opts.Dhi'
  )
}
