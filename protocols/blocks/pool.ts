/** Open streams, kept between fetches: a small fetch then costs one round trip and no negotiation. */
import { BlockStream } from './block-stream.ts'
import { BLOCKS_PROTOCOL, MAX_STREAMS_PER_PEER, MIN_PROGRESS_BYTES, OPEN_TIMEOUT_MS } from './constants.ts'
import { BlocksStoppedError, OpenTimeoutError } from './errors.ts'
import type { StreamOpenerLike } from '../common/components.ts'
import type { Clock } from '../common/clock.ts'
import type { PeerId, Stream } from '@libp2p/interface'

export interface StreamPoolInit {
  opener: StreamOpenerLike
  clock: Clock
  stallMs: number
  /** Streams nobody uses are closed after this time. */
  idleMs: number
  runOnLimitedConnection: boolean
  /** `stall`: a peer has been silent for long in answers of which none got to its end. */
  onOffence(peer: PeerId, offence: 'stall' | 'break-off' | 'unreadable'): void
  onReceived(peer: PeerId, bytes: number): void
  onSent(peer: PeerId, bytes: number): void
}

/** Shorter silences are what a busy machine and a long way make. */
const MIN_SILENCE_MS = 1_000
/** Peers whose silence is remembered. */
const MAX_SILENCES = 1024

interface PeerStreams {
  open: Set<BlockStream>
  opening: Set<Promise<unknown>>
}

/** At most `MAX_STREAMS_PER_PEER` streams to a peer, the least used handed out first. */
export class StreamPool {
  readonly #init: StreamPoolInit
  readonly #peers = new Map<string, PeerStreams>()
  readonly #idle = new Map<BlockStream, () => void>()
  readonly #stop = new AbortController()
  /** Peer → for how long it has been silent in answers, less what it has paid for. */
  readonly #silences = new Map<string, number>()

  constructor(init: StreamPoolInit) {
    this.#init = init
  }

  /** A stream is open already: asking this peer costs no negotiation. */
  has(peer: PeerId): boolean {
    return (this.#peers.get(peer.toString())?.open.size ?? 0) > 0
  }

  /** Streams open now, to all peers. */
  get size(): number {
    let size = 0
    for (const { open } of this.#peers.values()) size += open.size
    return size
  }

  /**
   * A stream to use until `release()`. Opens one only when all there are are in use.
   *
   * @throws whatever opening a stream throws: no address, refused, unknown protocol, aborted
   */
  async acquire(peer: PeerId, signal: AbortSignal): Promise<BlockStream> {
    for (;;) {
      signal.throwIfAborted()
      const streams = this.#streamsOf(peer)
      const best = leastUsed(streams.open)
      const full = streams.open.size + streams.opening.size >= MAX_STREAMS_PER_PEER
      if (best != null && (best.users === 0 || full)) return this.#use(best)
      if (!full) return this.#use(await this.#open(peer, streams, signal))
      // All are being opened by others; their failures are theirs, we look again.
      await Promise.allSettled([Promise.race(streams.opening)])
    }
  }

  /** Undo one `acquire()`. A stream that nobody waits for but on which answers are due is reset. */
  release(stream: BlockStream): void {
    stream.users--
    if (stream.users > 0 || stream.failure != null) return
    if (stream.pending > 0) return stream.abort(new BlocksStoppedError())
    this.#idle.set(
      stream,
      this.#init.clock.after(this.#init.idleMs, () => stream.close())
    )
  }

  /** Reset every stream; nothing can be acquired afterwards. */
  stop(): void {
    this.#stop.abort(new BlocksStoppedError())
    for (const { open } of this.#peers.values()) {
      for (const stream of open) stream.abort(new BlocksStoppedError())
    }
  }

  #streamsOf(peer: PeerId): PeerStreams {
    const key = peer.toString()
    const streams = this.#peers.get(key) ?? { open: new Set(), opening: new Set() }
    this.#peers.set(key, streams)
    return streams
  }

  #use(stream: BlockStream): BlockStream {
    stream.users++
    this.#wake(stream)
    return stream
  }

  #wake(stream: BlockStream): void {
    this.#idle.get(stream)?.()
    this.#idle.delete(stream)
  }

  async #open(peer: PeerId, streams: PeerStreams, signal: AbortSignal): Promise<BlockStream> {
    const opening = this.#negotiate(peer, streams, signal)
    streams.opening.add(opening)
    try {
      return await opening
    } finally {
      streams.opening.delete(opening)
      this.#forget(peer, streams)
    }
  }

  async #negotiate(peer: PeerId, streams: PeerStreams, signal: AbortSignal): Promise<BlockStream> {
    const { opener, clock, runOnLimitedConnection } = this.#init
    const late = new AbortController()
    const cancel = clock.after(OPEN_TIMEOUT_MS, () => late.abort(new OpenTimeoutError(OPEN_TIMEOUT_MS)))
    try {
      const stream = await opener.openStream(peer, BLOCKS_PROTOCOL, {
        signal: AbortSignal.any([signal, late.signal, this.#stop.signal]),
        maxOutboundStreams: 2 * MAX_STREAMS_PER_PEER,
        runOnLimitedConnection
      })
      return this.#adopt(peer, streams, stream)
    } finally {
      cancel()
    }
  }

  #adopt(peer: PeerId, streams: PeerStreams, stream: Stream): BlockStream {
    const { clock, stallMs, onReceived, onSent, onOffence } = this.#init
    const adopted = new BlockStream(stream, {
      clock,
      stallMs,
      onUnreadable: () => onOffence(peer, 'unreadable'),
      onAnswered: (sizeBytes) => this.#onAnswered(peer, sizeBytes),
      onUnanswered: (silentMs, byThem) => this.#onUnanswered(peer, silentMs, byThem),
      onReceived: (bytes) => onReceived(peer, bytes),
      onSent: (bytes) => onSent(peer, bytes),
      onEnd: () => {
        streams.open.delete(adopted)
        this.#wake(adopted)
        this.#forget(peer, streams)
      }
    })
    streams.open.add(adopted)
    if (this.#stop.signal.aborted) adopted.abort(new BlocksStoppedError())
    return adopted
  }

  /**
   * Who wants a block may give up long before it must be said that the peer stalls, again and again: what adds up is the
   * silence at the end. A slow peer is hardly ever silent, and what it gives pays for that.
   */
  #onUnanswered(peer: PeerId, silentMs: number, byThem: boolean): void {
    const key = peer.toString()
    if (silentMs < MIN_SILENCE_MS) {
      // Whoever ends it later may have lost patience with a line that stood still.
      if (byThem) this.#init.onOffence(peer, 'break-off')
      return
    }
    const total = (this.#silences.get(key) ?? 0) + silentMs
    this.#silences.delete(key)
    if (total >= this.#init.stallMs / 2) return this.#init.onOffence(peer, 'stall')
    this.#silences.set(key, total)
    const [oldest] = this.#silences.keys()
    if (this.#silences.size > MAX_SILENCES) this.#silences.delete(oldest)
  }

  /** A block pays for as much silence as it may take at the slowest. */
  #onAnswered(peer: PeerId, sizeBytes: number): void {
    const key = peer.toString()
    const silentMs = this.#silences.get(key)
    if (silentMs == null) return
    const left = silentMs - (sizeBytes / MIN_PROGRESS_BYTES) * this.#init.stallMs
    if (left > 0) this.#silences.set(key, left)
    else this.#silences.delete(key)
  }

  /** Peers come and go; their empty entries must not stay. */
  #forget(peer: PeerId, streams: PeerStreams): void {
    if (streams.open.size + streams.opening.size === 0) this.#peers.delete(peer.toString())
  }
}

function leastUsed(streams: Set<BlockStream>): BlockStream | null {
  let best: BlockStream | null = null
  for (const stream of streams) if (best == null || stream.users < best.users) best = stream
  return best
}
