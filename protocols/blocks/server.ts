/** Who is served, and how much at once. Access control comes before: by the registrar that was handed in. */
import { asError } from '../common/errors.ts'
import { RateLimits } from '../common/rate-limits.ts'
import { refuse } from '../common/refusal.ts'
import {
  MAX_RATED_PEERS,
  MAX_SERVED_STREAMS,
  MAX_SERVED_STREAMS_PER_PEER,
  WANTS_PER_SECOND
} from './constants.ts'
import { BUSY } from './refusals.ts'
import { ServedStream } from './served-stream.ts'
import type { Clock } from '../common/clock.ts'
import type { Uplink } from './uplink.ts'
import type { BlockSource } from '../../src/blocks/store.ts'
import type { Connection, Logger, PeerId, Stream } from '@libp2p/interface'

export interface BlockServerInit {
  serve: BlockSource
  clock: Clock
  stallMs: number
  uplink: Uplink
  log: Logger
  /** A request that is none. */
  onUnreadable(peer: PeerId): void
  onReceived(peer: PeerId, bytes: number): void
  onSent(peer: PeerId, bytes: number): void
  onBlock(peer: PeerId, sizeBytes: number): void
}

/** Serves incoming streams until `stop()`. */
export class BlockServer {
  readonly #init: BlockServerInit
  /** Of wants. Outlives the streams: whoever closes them all has no new start. */
  readonly #rates: RateLimits
  /** Streams by peer; a peer without one has no entry. */
  readonly #peers = new Map<string, Set<Stream>>()
  #streams = 0

  constructor(init: BlockServerInit) {
    this.#init = init
    this.#rates = new RateLimits({
      perSecond: WANTS_PER_SECOND,
      burst: WANTS_PER_SECOND,
      nowMs: () => init.clock.nowMs(),
      maxKeys: MAX_RATED_PEERS
    })
  }

  /** Streams served now. */
  get size(): number {
    return this.#streams
  }

  /** The stream handler. Resolves when the stream is over; never rejects. */
  async handle(stream: Stream, { remotePeer }: Pick<Connection, 'remotePeer'>): Promise<void> {
    const key = remotePeer.toString()
    const streams = this.#peers.get(key) ?? new Set()
    const ofPeer = streams.size
    if (this.#streams >= MAX_SERVED_STREAMS || ofPeer >= MAX_SERVED_STREAMS_PER_PEER) {
      this.#init.log('refused %p: %d of its streams are served, %d in all', remotePeer, ofPeer, this.#streams)
      return refuse(stream, BUSY)
    }
    this.#streams++
    this.#peers.set(key, streams.add(stream))
    try {
      await this.#serve(stream, remotePeer)
    } finally {
      this.#streams--
      streams.delete(stream)
      if (streams.size === 0) this.#peers.delete(key)
    }
  }

  /** Reset every stream. */
  stop(reason: Error): void {
    for (const streams of this.#peers.values()) for (const stream of streams) stream.abort(asError(reason))
  }

  async #serve(stream: Stream, peer: PeerId): Promise<void> {
    const { serve, clock, stallMs, uplink, log, onUnreadable, onReceived, onSent, onBlock } = this.#init
    await new ServedStream(stream, {
      serve,
      clock,
      stallMs,
      uplink,
      waitMs: () => this.#rates.reserve(peer.toString()),
      log,
      onUnreadable: () => onUnreadable(peer),
      onReceived: (bytes) => onReceived(peer, bytes),
      onSent: (bytes) => onSent(peer, bytes),
      onBlock: (sizeBytes) => onBlock(peer, sizeBytes)
    }).run()
  }
}
