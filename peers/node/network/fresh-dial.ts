/** One attempt to reach a peer by a connection of its own, whatever connections to it there are. */
import type { Clock } from '../../engine/components.ts'
import type { Connection, Libp2p } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'

/**
 * Within so long a network that is whole lets a connection through: its first packet is sent twice in this time. A new
 * attempt sends it sooner than TCP would, whose patience doubles.
 */
const CONNECT_MS = 2_000
/** From then on somebody is there, and may be slow, or stand still: dialling again and again would not help it. */
const ANSWER_MS = 10_000
/** Told by libp2p once the transport has connected, and the two begin to speak. */
const CONNECTED = 'upgrader:encrypt-outbound-connection'

export interface FreshDialInit {
  node: Pick<Libp2p, 'dial'>
  clock: Pick<Clock, 'setTimer'>
  /** With the peer id that is expected there. */
  address: Multiaddr
}

export class FreshDial {
  /** Whoever is there has proven who it is. Rejects when nobody answers in time, or the attempt was ended. */
  readonly connection: Promise<Connection>
  readonly #init: FreshDialInit
  readonly #abort = new AbortController()
  #cancel: () => void
  #isThrough = false

  constructor(init: FreshDialInit) {
    this.#init = init
    this.#cancel = this.#limit(CONNECT_MS)
    this.connection = this.#dial()
  }

  /** Nobody needs it any more, unless it came through already. */
  giveUp(): void {
    if (!this.#isThrough) this.end()
  }

  end(): void {
    this.#cancel()
    this.#abort.abort(new Error('Not needed any more'))
  }

  /** Resolves after a time. @throws the attempt was ended */
  async pause(ms: number): Promise<void> {
    const { signal } = this.#abort
    await new Promise<void>((resolve) => {
      this.#cancel = this.#init.clock.setTimer(ms, resolve)
      signal.addEventListener('abort', () => resolve(), { once: true })
    })
    signal.throwIfAborted()
  }

  async #dial(): Promise<Connection> {
    try {
      const connection = await this.#init.node.dial(this.#init.address, {
        force: true,
        signal: this.#abort.signal,
        onProgress: ({ type }) => {
          if (type !== CONNECTED) return
          this.#cancel()
          this.#cancel = this.#limit(ANSWER_MS)
        }
      })
      this.#isThrough = true
      return connection
    } finally {
      this.#cancel()
    }
  }

  #limit(ms: number): () => void {
    return this.#init.clock.setTimer(ms, () =>
      this.#abort.abort(new Error(`No answer within ${ms / 1000} s`))
    )
  }
}
