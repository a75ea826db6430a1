/** The holder's end of one stream: reads wants, answers them in order, never holds more than two blocks. */
import { Uint8ArrayList } from 'uint8arraylist'
import { BlockMissingError } from '../../src/blocks/errors.ts'
import { MAX_BLOCK_BYTES } from '../../src/blocks/limits.ts'
import { getBytes } from '../../src/blocks/store.ts'
import { decode } from '../../src/federation/cbor.ts'
import { asError } from '../common/errors.ts'
import { refuse } from '../common/refusal.ts'
import {
  CLOSE_TIMEOUT_MS,
  MAX_QUEUED_WANTS,
  MAX_REQUEST_BYTES,
  MAX_WRITE_BUFFER_BYTES,
  REQUEST_TIMEOUT_MS,
  SERVER_IDLE_MS
} from './constants.ts'
import { encodeFrame, FrameParser } from './framing.ts'
import { MALFORMED, TOO_MANY_WANTS, TOO_SLOW } from './refusals.ts'
import { requestType } from './schema.ts'
import { Watchdog } from './watchdog.ts'
import type { Clock } from '../common/clock.ts'
import type { Uplink } from './uplink.ts'
import type { BlockSource } from '../../src/blocks/store.ts'
import type { Refusal } from '../common/refusal.ts'
import type { Logger, Stream, StreamMessageEvent } from '@libp2p/interface'
import type { CID } from 'multiformats/cid'

export interface ServedStreamInit {
  serve: BlockSource
  clock: Clock
  stallMs: number
  /** Called for each want: how long to wait before it is answered. */
  waitMs(): number
  /** Told of bytes that have to wait, and of what then leaves. */
  uplink: Pick<Uplink, 'wait' | 'moved' | 'go'>
  log: Logger
  /** What came is no request. */
  onUnreadable(): void
  onReceived(bytes: number): void
  onSent(bytes: number): void
  /** A block went out (or rather: was handed to the transport). */
  onBlock(sizeBytes: number): void
}

const MISSING = encodeFrame({ missing: true }).subarray()

export class ServedStream {
  readonly #stream: Stream
  readonly #init: ServedStreamInit
  readonly #parser: FrameParser
  readonly #watchdog: Watchdog
  readonly #wants: CID[] = []
  #open = true
  /** In the write buffer at the last look. */
  #queued = 0
  #remoteEnded = false
  /** Resolved when there is something new: wants, room to write, the end. */
  #wake: (() => void) | null = null
  #cancelRequestTimer: (() => void) | null = null

  constructor(stream: Stream, init: ServedStreamInit) {
    this.#stream = stream
    this.#init = init
    this.#parser = new FrameParser({
      maxFrameBytes: MAX_REQUEST_BYTES,
      onFrame: (bytes) => this.#onRequest(bytes),
      onBody: () => {}
    })
    const { clock, stallMs: intervalMs } = init
    this.#watchdog = new Watchdog({ clock, intervalMs, onStall: (error) => stream.abort(error) })
  }

  /** Resolves when the stream is over, however it ended. */
  async run(): Promise<void> {
    const stream = this.#stream
    stream.addEventListener('close', () => this.#end())
    stream.addEventListener('remoteCloseWrite', () => this.#onRemoteEnd())
    stream.addEventListener('drain', () => this.#wake?.())
    for (const event of ['drain', 'idle'] as const) stream.addEventListener(event, () => this.#account(0))
    stream.addEventListener('message', (event) => this.#onMessage(event))
    // The other side may have finished before the listeners were there; its last wants are dispatched first.
    if (stream.remoteWriteStatus === 'closed') queueMicrotask(() => this.#onRemoteEnd())
    try {
      await this.#answerAll()
    } catch (err) {
      this.#init.log('serving blocks ended - %e', err)
      stream.abort(asError(err))
    } finally {
      this.#end()
    }
  }

  async #answerAll(): Promise<void> {
    for (let cid = await this.#nextWant(); cid != null; cid = await this.#nextWant()) {
      const waitMs = this.#init.waitMs()
      if (waitMs > 0) await this.#pause(waitMs)
      const bytes = await this.#load(cid)
      await this.#send(bytes == null ? new Uint8ArrayList(MISSING) : blockFrame(bytes))
      if (bytes != null) this.#init.onBlock(bytes.byteLength)
    }
    if (this.#open) await this.#close()
  }

  /** Null when the stream is over, or nobody asked for anything for long. */
  async #nextWant(): Promise<CID | null> {
    let idle = false
    const cancel = this.#init.clock.after(SERVER_IDLE_MS, () => {
      idle = true
      this.#wake?.()
    })
    while (this.#open && this.#wants.length === 0 && !this.#remoteEnded && !idle) await this.#woken()
    cancel()
    return this.#open ? (this.#wants.shift() ?? null) : null
  }

  /** Null when it is not here; a store that fails is logged and answered likewise, so that the puller goes elsewhere. */
  async #load(cid: CID): Promise<Uint8Array | null> {
    try {
      const bytes = await getBytes(this.#init.serve, cid)
      return bytes.byteLength <= MAX_BLOCK_BYTES ? bytes : null
    } catch (err) {
      if (!(err instanceof BlockMissingError)) this.#init.log.error('could not read block %c - %e', cid, err)
      return null
    }
  }

  async #send(frame: Uint8ArrayList): Promise<void> {
    await this.#room(frame.byteLength)
    if (!this.#open) return
    this.#init.onSent(frame.byteLength)
    this.#stream.send(frame)
    this.#account(frame.byteLength)
  }

  /** Tell the uplink what left the write buffer since the last look, while there was more in it than could leave. */
  #account(sent: number): void {
    const { uplink } = this.#init
    if (!this.#open) return
    const queued = this.#stream.writeBufferLength
    const before = this.#queued
    this.#queued = queued
    if (before > 0) uplink.moved(Math.max(0, before + sent - queued))
    if (before === 0 && queued > 0) uplink.wait()
    if (before > 0 && queued === 0) uplink.go()
  }

  /**
   * Wait until the write buffer is small. Not by `stream.onDrain()`, which resolves at once from its second use on;
   * and again after each drain, because a drain may have made room for one byte only.
   */
  async #room(bytes: number): Promise<void> {
    if (!this.#isFull(bytes)) return
    this.#watchdog.start()
    while (this.#open && this.#isFull(bytes)) {
      const before = this.#stream.writeBufferLength
      await this.#woken()
      this.#watchdog.moved(Math.max(0, before - this.#stream.writeBufferLength))
    }
    this.#watchdog.stop()
  }

  #isFull(bytes: number): boolean {
    const queued = this.#stream.writeBufferLength
    return queued > 0 && queued + bytes > MAX_WRITE_BUFFER_BYTES
  }

  async #pause(delayMs: number): Promise<void> {
    let over = false
    const cancel = this.#init.clock.after(delayMs, () => {
      over = true
      this.#wake?.()
    })
    while (this.#open && !over) await this.#woken()
    cancel()
  }

  async #woken(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#wake = resolve
    await promise
  }

  #onMessage({ data }: StreamMessageEvent): void {
    if (!this.#open) return
    this.#init.onReceived(data.byteLength)
    try {
      this.#parser.push(data)
    } catch (err) {
      this.#init.log('bad request - %e', err)
      this.#init.onUnreadable()
      return this.#refuse(MALFORMED)
    }
    this.#timeRequest()
  }

  #onRequest(bytes: Uint8Array): number {
    if (!this.#open) return 0
    const { want } = decode(requestType, bytes)
    if (this.#wants.length + want.length > MAX_QUEUED_WANTS) {
      this.#refuse(TOO_MANY_WANTS)
      return 0
    }
    this.#wants.push(...want)
    this.#wake?.()
    return 0
  }

  /** A request that trickles in must not keep a stream for ever. */
  #timeRequest(): void {
    if (!this.#parser.partial || !this.#open) {
      this.#cancelRequestTimer?.()
      this.#cancelRequestTimer = null
      return
    }
    this.#cancelRequestTimer ??= this.#init.clock.after(REQUEST_TIMEOUT_MS, () => this.#refuse(TOO_SLOW))
  }

  #refuse(refusal: Refusal): void {
    if (!this.#open) return
    this.#end()
    const { signal, cancel } = this.#deadline()
    refuse(this.#stream, refusal, { signal }).finally(cancel).catch(this.#init.log.error)
  }

  async #close(): Promise<void> {
    const { signal, cancel } = this.#deadline()
    try {
      await this.#stream.close({ signal })
    } finally {
      cancel()
    }
  }

  /** Flushing to a peer that does not read must end some time. */
  #deadline(): { signal: AbortSignal; cancel(): void } {
    const controller = new AbortController()
    const late = new Error(`closing took more than ${CLOSE_TIMEOUT_MS} ms`)
    const cancel = this.#init.clock.after(CLOSE_TIMEOUT_MS, () => controller.abort(late))
    return { signal: controller.signal, cancel }
  }

  #onRemoteEnd(): void {
    this.#remoteEnded = true
    this.#wake?.()
  }

  #end(): void {
    this.#open = false
    if (this.#queued > 0) this.#init.uplink.go()
    this.#queued = 0
    this.#wants.length = 0
    this.#watchdog.stop()
    this.#cancelRequestTimer?.()
    this.#cancelRequestTimer = null
    this.#wake?.()
  }
}

/** Header and bytes in one list: the block itself is not copied. */
function blockFrame(bytes: Uint8Array): Uint8ArrayList {
  const frame = encodeFrame({ size: bytes.byteLength })
  frame.append(bytes)
  return frame
}
