/** The puller's end of one stream: asks for blocks, and hands out the answers in the order asked. */
import { decode, InvalidRecordError } from '../../src/federation/cbor.ts'
import { asError, RefusedError } from '../common/errors.ts'
import {
  CLOSE_TIMEOUT_MS,
  MAX_ANSWER_BYTES,
  MAX_OUTSTANDING_WANTS,
  MAX_WANTS_PER_FRAME
} from './constants.ts'
import { BlocksProtocolError, StreamEndedError } from './errors.ts'
import { encodeFrame, FrameParser } from './framing.ts'
import { answerType } from './schema.ts'
import { Watchdog } from './watchdog.ts'
import type { Clock } from '../common/clock.ts'
import type { Stream, StreamCloseEvent, StreamMessageEvent } from '@libp2p/interface'
import type { CID } from 'multiformats/cid'

interface Want {
  cid: CID
  maxBytes: number
  resolve(bytes: Uint8Array | null): void
  reject(error: Error): void
}

export interface BlockStreamInit {
  clock: Clock
  /** With an answer due, `MIN_PROGRESS_BYTES` must arrive in every such interval. */
  stallMs: number
  /** What came is no answer to what was asked. */
  onUnreadable(): void
  /** A block is here, whole. */
  onAnswered(sizeBytes: number): void
  /** The stream is over while an answer is due, of which nothing has come for so long; `byThem`: they ended it. */
  onUnanswered(silentMs: number, byThem: boolean): void
  /** Bytes on the wire, framing included. */
  onReceived(bytes: number): void
  onSent(bytes: number): void
  /** The stream is of no further use. */
  onEnd(): void
}

/** Any number of fetches may share one stream. Bytes are not verified here. */
export class BlockStream {
  /** Fetches that use the stream now; kept by the pool. */
  users = 0
  readonly #stream: Stream
  readonly #init: BlockStreamInit
  readonly #parser: FrameParser
  readonly #watchdog: Watchdog
  /** Not asked for yet. */
  readonly #queued: Want[] = []
  /** Asked for: answers come in this order. */
  readonly #sent: Want[] = []
  #flushing = false
  #failure: Error | null = null

  constructor(stream: Stream, init: BlockStreamInit) {
    this.#stream = stream
    this.#init = init
    this.#parser = new FrameParser({
      maxFrameBytes: MAX_ANSWER_BYTES,
      onFrame: (bytes) => this.#onAnswer(bytes),
      onBody: (bytes) => {
        init.onAnswered(bytes.byteLength)
        this.#next().resolve(bytes)
      }
    })
    const { clock, stallMs: intervalMs } = init
    this.#watchdog = new Watchdog({ clock, intervalMs, onStall: (error) => this.abort(error) })
    stream.addEventListener('message', (event) => this.#onMessage(event))
    stream.addEventListener('remoteCloseWrite', () => this.#onRemoteEnd())
    stream.addEventListener('close', (event) => this.#onClose(event))
    // Its end may have come before the listeners; what is buffered is dispatched in the microtask before this one.
    if (stream.remoteWriteStatus === 'closed') queueMicrotask(() => this.#onRemoteEnd())
  }

  /** Answers that are due. */
  get pending(): number {
    return this.#queued.length + this.#sent.length
  }

  /** Why the stream is over, null while it can be used. */
  get failure(): Error | null {
    return this.#failure
  }

  /**
   * Ask for a block. Null when the holder does not have it.
   *
   * @throws {RefusedError} the holder refused this peer
   * @throws {StreamEndedError | StalledError | BlocksProtocolError} the holder failed
   */
  async request(cid: CID, maxBytes: number): Promise<Uint8Array | null> {
    if (this.#failure != null) throw this.#failure
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array | null>()
    this.#queued.push({ cid, maxBytes, resolve, reject })
    this.#flushSoon()
    return promise
  }

  /** End politely; resets if the other side does not answer in time. */
  close(): void {
    this.#end(new StreamEndedError())
    if (this.#stream.status !== 'open') return
    const cancel = this.#init.clock.after(CLOSE_TIMEOUT_MS, () => this.#stream.abort(new StreamEndedError()))
    this.#stream.addEventListener('close', cancel)
    this.#stream.close().catch((err: unknown) => this.#stream.abort(asError(err)))
  }

  /** Reset the stream; what is due fails with `error`. */
  abort(error: Error): void {
    this.#end(error)
    this.#stream.abort(error)
  }

  /** Wants of one turn of the event loop travel in one frame. */
  #flushSoon(): void {
    if (this.#flushing) return
    this.#flushing = true
    queueMicrotask(() => {
      this.#flushing = false
      this.#attempt(() => this.#flush())
    })
  }

  #flush(): void {
    for (;;) {
      const room = Math.min(MAX_OUTSTANDING_WANTS - this.#sent.length, MAX_WANTS_PER_FRAME)
      const batch = this.#queued.splice(0, room)
      if (batch.length === 0) return
      this.#sent.push(...batch)
      this.#watchdog.start()
      const frame = encodeFrame({ want: batch.map(({ cid }) => cid) })
      this.#init.onSent(frame.byteLength)
      // No need to wait for a drain: what is outstanding, and so what may be queued here, is bounded.
      this.#stream.send(frame)
    }
  }

  #onMessage({ data }: StreamMessageEvent): void {
    if (this.#failure != null) return
    this.#init.onReceived(data.byteLength)
    this.#watchdog.moved(data.byteLength)
    this.#attempt(() => this.#parser.push(data))
  }

  /** @returns the number of raw bytes that follow */
  #onAnswer(bytes: Uint8Array): number {
    const answer = decode(answerType, bytes)
    if ('refused' in answer) throw new RefusedError(answer.refused)
    const [want] = this.#sent
    if (want == null) throw new BlocksProtocolError('an answer to a question that was not asked')
    if ('missing' in answer) {
      this.#next().resolve(null)
      return 0
    }
    if (answer.size > want.maxBytes) {
      throw new BlocksProtocolError(`${answer.size} bytes for ${want.cid}, at most ${want.maxBytes} expected`)
    }
    if (answer.size === 0) this.#next().resolve(new Uint8Array(0))
    return answer.size
  }

  #next(): Want {
    const want = this.#sent.shift() as Want
    this.#watchdog.answered()
    if (this.#sent.length === 0) this.#watchdog.stop()
    if (this.#queued.length > 0) this.#flushSoon()
    return want
  }

  /** A failure while sending or parsing is the end of the stream, not of the process. */
  #attempt(action: () => void): void {
    if (this.#failure != null) return
    try {
      action()
    } catch (err) {
      const isOffence = err instanceof BlocksProtocolError || err instanceof InvalidRecordError
      if (isOffence) this.#init.onUnreadable()
      this.abort(asError(err))
    }
  }

  #onRemoteEnd(): void {
    if (this.#failure != null) return
    this.#end(new StreamEndedError(), true)
    this.close()
  }

  /** A reset is something that they do; a connection that ends is not. */
  #onClose({ error }: StreamCloseEvent): void {
    this.#end(new StreamEndedError({ cause: error }), error?.name === 'StreamResetError')
  }

  #end(error: Error, byThem = false): void {
    if (this.#failure != null) return
    this.#failure = error
    if (this.#sent.length > 0) this.#init.onUnanswered(this.#watchdog.silentMs, byThem)
    this.#watchdog.stop()
    for (const want of [...this.#sent.splice(0), ...this.#queued.splice(0)]) want.reject(error)
    this.#init.onEnd()
  }
}
