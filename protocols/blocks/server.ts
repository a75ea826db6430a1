/** Who is served, and how much at once. Access control comes before: by the registrar that was handed in. */
import { asError } from '../common/errors.ts'
import { refuse } from '../common/refusal.ts'
import { MAX_SERVED_STREAMS, MAX_SERVED_STREAMS_PER_PEER, WANTS_PER_SECOND } from './constants.ts'
import { TokenBucket } from './limiter.ts'
import { BUSY } from './refusals.ts'
import { ServedStream } from './served-stream.ts'
import type { Clock } from '../common/clock.ts'
import type { BlockSource } from '../../src/blocks/store.ts'
import type { Connection, Logger, PeerId, Stream } from '@libp2p/interface'

export interface BlockServerInit {
  serve: BlockSource
  clock: Clock
  stallMs: number
  log: Logger
  onReceived(peer: PeerId, bytes: number): void
  onSent(peer: PeerId, bytes: number): void
  onBlock(peer: PeerId, sizeBytes: number): void
}

interface ServedPeer {
  streams: Set<Stream>
  bucket: TokenBucket
}

/** Serves incoming streams until `stop()`. */
export class BlockServer {
  readonly #init: BlockServerInit
  readonly #peers = new Map<string, ServedPeer>()
  #streams = 0

  constructor(init: BlockServerInit) {
    this.#init = init
  }

  /** Streams served now. */
  get size(): number {
    return this.#streams
  }

  /** The stream handler. Resolves when the stream is over; never rejects. */
  async handle(stream: Stream, { remotePeer }: Pick<Connection, 'remotePeer'>): Promise<void> {
    const ofPeer = this.#peers.get(remotePeer.toString())?.streams.size ?? 0
    if (this.#streams >= MAX_SERVED_STREAMS || ofPeer >= MAX_SERVED_STREAMS_PER_PEER) {
      this.#init.log('refused %p: %d of its streams are served, %d in all', remotePeer, ofPeer, this.#streams)
      return refuse(stream, BUSY)
    }
    const peer = this.#peerOf(remotePeer)
    this.#streams++
    peer.streams.add(stream)
    try {
      await this.#serve(stream, remotePeer, peer.bucket)
    } finally {
      this.#streams--
      peer.streams.delete(stream)
      if (peer.streams.size === 0) this.#peers.delete(remotePeer.toString())
    }
  }

  /** Reset every stream. */
  stop(reason: Error): void {
    for (const { streams } of this.#peers.values())
      for (const stream of streams) stream.abort(asError(reason))
  }

  async #serve(stream: Stream, peer: PeerId, bucket: TokenBucket): Promise<void> {
    const { serve, clock, stallMs, log, onReceived, onSent, onBlock } = this.#init
    await new ServedStream(stream, {
      serve,
      clock,
      stallMs,
      bucket,
      log,
      onReceived: (bytes) => onReceived(peer, bytes),
      onSent: (bytes) => onSent(peer, bytes),
      onBlock: (sizeBytes) => onBlock(peer, sizeBytes)
    }).run()
  }

  #peerOf(peer: PeerId): ServedPeer {
    const key = peer.toString()
    const bucket = new TokenBucket(this.#init.clock, WANTS_PER_SECOND)
    const served = this.#peers.get(key) ?? { streams: new Set(), bucket }
    this.#peers.set(key, served)
    return served
  }
}
