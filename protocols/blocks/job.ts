/**
 * One fetch: blocks on one side, holders on the other.
 *
 * Each holder has a lane that takes blocks from one queue as its credit allows, so a fast holder brings more. A block
 * whose holder fails goes back to the queue; one that a slow holder sits on is asked for elsewhere as well, and the
 * first answer counts. The job ends when every block is stored, or when nobody is left to ask.
 */
import { verifyBlock } from '../../src/federation/cbor.ts'
import { asError } from '../common/errors.ts'
import { MAX_LANES, TICK_MS } from './constants.ts'
import { BlocksUnavailableError, DistrustedHolderError, WrongBytesError } from './errors.ts'
import { Lane } from './lane.ts'
import { WantList } from './want-list.ts'
import type { BlockStream } from './block-stream.ts'
import type { Clock } from '../common/clock.ts'
import type { StreamPool } from './pool.ts'
import type { Entry } from './want-list.ts'
import type { BlockSink } from '../../src/blocks/store.ts'
import type { PeerId } from '@libp2p/interface'
import type { CID } from 'multiformats/cid'

export interface FetchJobInit {
  /** Each once. */
  cids: CID[]
  /** No block is larger. */
  maxBlockBytes: number
  /** Credit per lane. */
  windowBytes: number
  holders(): PeerId[]
  store: BlockSink
  pool: StreamPool
  clock: Clock
  signal: AbortSignal
  isDistrusted(peer: PeerId): boolean
  onLie(peer: PeerId, cid: CID): void
  onStored(cid: CID, from: PeerId, sizeBytes: number): void
}

export class FetchJob {
  readonly #init: FetchJobInit
  readonly #wants: WantList
  readonly #lanes = new Map<string, Lane>()
  /** Holders of no further use, with the reason. */
  readonly #failed = new Map<string, Error>()
  readonly #result = Promise.withResolvers<void>()
  #unstored: number
  /** Questions whose answer is not yet fully handled: while there are any, the job is not lost. */
  #open = 0
  /** Largest block seen: a better measure of credit than the cap. */
  #largestBytes = 0
  /** Lanes beyond one a block, added when blocks are overdue. */
  #spareLanes = 0
  #over = false
  #cancelTick: () => void = () => {}

  constructor(init: FetchJobInit) {
    this.#init = init
    this.#wants = new WantList(init.cids, init.clock)
    this.#unstored = init.cids.length
  }

  /**
   * @throws {BlocksUnavailableError} no holder is left
   * @throws the signal's reason, or what the store threw
   */
  async run(): Promise<void> {
    const { signal } = this.#init
    const onAbort = (): void => this.#finish(asError(signal.reason))
    signal.throwIfAborted()
    signal.addEventListener('abort', onAbort)
    this.#tickLater()
    this.#schedule()
    try {
      await this.#result.promise
    } finally {
      signal.removeEventListener('abort', onAbort)
    }
  }

  #schedule(): void {
    if (this.#over) return
    if (this.#unstored === 0) return this.#finish()
    for (const lane of this.#lanes.values()) this.#assign(lane)
    this.#startLanes()
    if (this.#open === 0 && this.#busyLanes() === 0) this.#finish(this.#unavailable())
  }

  /** Ask a lane's holder for its share: no more than its credit, nor than an equal part of what is left. */
  #assign(lane: Lane): void {
    const { stream } = lane
    if (stream == null) return
    const share = Math.ceil(this.#unstored / this.#lanes.size)
    while (lane.active < share && (lane.active === 0 || lane.activeBytes < this.#init.windowBytes)) {
      const entry = this.#wants.take(lane.id)
      if (entry == null) return
      void this.#ask(lane, stream, entry)
    }
  }

  /** Never rejects: every failure finds its place here. */
  async #ask(lane: Lane, stream: BlockStream, entry: Entry): Promise<void> {
    const { maxBlockBytes } = this.#init
    const costBytes = this.#largestBytes > 0 ? this.#largestBytes : maxBlockBytes
    this.#open++
    lane.active++
    lane.activeBytes += costBytes
    try {
      await this.#accept(lane, entry, await stream.request(entry.cid, maxBlockBytes))
    } catch (err) {
      void lane.broken(stream, asError(err))
    }
    this.#open--
    lane.active--
    lane.activeBytes -= costBytes
    this.#wants.giveBack(entry, lane.id)
    this.#schedule()
  }

  async #accept(lane: Lane, entry: Entry, bytes: Uint8Array | null): Promise<void> {
    if (entry.arrived || this.#over) return
    if (bytes == null) {
      entry.refusedBy.add(lane.id)
      return
    }
    if (!(await verifyBlock(entry.cid, bytes))) {
      this.#init.onLie(lane.peer, entry.cid)
      return lane.condemn(new WrongBytesError(entry.cid))
    }
    if (entry.arrived) return
    this.#wants.arrive(entry)
    lane.delivered()
    this.#largestBytes = Math.max(this.#largestBytes, bytes.byteLength)
    await this.#keep(lane.peer, entry.cid, bytes)
  }

  /** A store (or a listener) that fails is no holder's fault: it ends the fetch. */
  async #keep(from: PeerId, cid: CID, bytes: Uint8Array): Promise<void> {
    try {
      await this.#init.store.put(cid, bytes)
      this.#unstored--
      this.#init.onStored(cid, from, bytes.byteLength)
    } catch (err) {
      this.#finish(asError(err))
    }
  }

  #startLanes(): void {
    const wanted = Math.min(MAX_LANES, this.#unstored) + this.#spareLanes
    const room = wanted - this.#busyLanes()
    if (room <= 0) return
    for (const peer of this.#candidates().slice(0, room)) this.#startLane(peer)
  }

  /** Holders not tried yet, those with an open stream first. */
  #candidates(): PeerId[] {
    const { holders, isDistrusted, pool } = this.#init
    const untried = holders().filter((peer) => {
      const id = peer.toString()
      if (this.#lanes.has(id) || this.#failed.has(id)) return false
      if (isDistrusted(peer)) this.#failed.set(id, new DistrustedHolderError())
      return !isDistrusted(peer)
    })
    return untried.sort((a, b) => Number(pool.has(b)) - Number(pool.has(a)))
  }

  #startLane(peer: PeerId): void {
    const { pool, signal } = this.#init
    const id = peer.toString()
    if (this.#lanes.has(id)) return
    const onFail = (error: Error): void => {
      this.#failed.set(id, error)
      this.#lanes.delete(id)
      this.#schedule()
    }
    const lane = new Lane({ peer, pool, signal, onOpen: () => this.#schedule(), onFail })
    this.#lanes.set(id, lane)
    void lane.open()
  }

  #busyLanes(): number {
    let busy = 0
    for (const lane of this.#lanes.values()) if (lane.isBusy) busy++
    return busy
  }

  #tickLater(): void {
    this.#cancelTick = this.#init.clock.after(TICK_MS, () => {
      if (this.#wants.offerOverdue()) this.#spareLanes = Math.min(this.#spareLanes + 1, MAX_LANES)
      this.#tickLater()
      this.#schedule()
    })
  }

  #unavailable(): BlocksUnavailableError {
    const failed = [...this.#failed].map(([peerId, error]) => ({ peerId, error }))
    const refusals = this.#wants.refusals().filter(({ peerId }) => !this.#failed.has(peerId))
    return new BlocksUnavailableError(this.#wants.missing(), [...failed, ...refusals])
  }

  #finish(error?: Error): void {
    if (this.#over) return
    this.#over = true
    this.#cancelTick()
    for (const lane of this.#lanes.values()) lane.close()
    if (error == null) this.#result.resolve()
    else this.#result.reject(error)
  }
}
