/** One holder within one fetch: its stream, and what it was asked for. */
import { asError, RefusedError } from '../common/errors.ts'
import { StalledError } from './errors.ts'
import type { BlockStream } from './block-stream.ts'
import type { StreamPool } from './pool.ts'
import type { PeerId } from '@libp2p/interface'

/** A holder whose stream ends is tried once more: a pooled stream may have been closed by the other side just then. */
const MAX_ATTEMPTS = 2

export interface LaneInit {
  peer: PeerId
  pool: StreamPool
  signal: AbortSignal
  /** The stream is there. */
  onOpen(): void
  /** This holder cannot be used in this fetch any more. */
  onFail(error: Error): void
}

/** Opens its stream by itself, again if it breaks, until it fails for good or is closed. */
export class Lane {
  readonly id: string
  readonly peer: PeerId
  /** Blocks asked for and not yet stored, and their bytes at most. */
  active = 0
  activeBytes = 0
  readonly #init: LaneInit
  #stream: BlockStream | null = null
  #attempts = 0
  #over = false

  constructor(init: LaneInit) {
    this.#init = init
    this.peer = init.peer
    this.id = init.peer.toString()
  }

  get stream(): BlockStream | null {
    return this.#stream
  }

  /** Works on something or is about to. */
  get isBusy(): boolean {
    return !this.#over && (this.active > 0 || this.#stream == null)
  }

  async open(): Promise<void> {
    const { pool, peer, signal, onOpen } = this.#init
    this.#attempts++
    try {
      const stream = await pool.acquire(peer, signal)
      if (this.#over) return pool.release(stream)
      this.#stream = stream
    } catch (err) {
      return this.#fail(asError(err))
    }
    onOpen()
  }

  /** A block arrived in good order: a later failure is a first failure again. */
  delivered(): void {
    this.#attempts = 0
  }

  /** A request on `stream` failed. Only the first failure of a stream counts: the others follow from it. */
  async broken(stream: BlockStream, error: Error): Promise<void> {
    if (this.#over || stream !== this.#stream) return
    this.#drop()
    const final = error instanceof RefusedError || error instanceof StalledError
    if (final || this.#attempts >= MAX_ATTEMPTS) return this.#fail(error)
    await this.open()
  }

  /** This holder is not to be used any more; its stream is reset. */
  condemn(error: Error): void {
    this.#stream?.abort(error)
    this.#drop()
    this.#fail(error)
  }

  close(): void {
    this.#over = true
    this.#drop()
  }

  #drop(): void {
    if (this.#stream != null) this.#init.pool.release(this.#stream)
    this.#stream = null
  }

  #fail(error: Error): void {
    if (this.#over) return
    this.#over = true
    this.#init.onFail(error)
  }
}
