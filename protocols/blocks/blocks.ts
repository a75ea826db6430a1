import { TypedEventEmitter } from 'main-event'
import { DagSizeError } from '../../src/blocks/errors.ts'
import { MAX_BLOCK_BYTES, MAX_DAG_BYTES } from '../../src/blocks/limits.ts'
import { readRoot } from '../../src/blocks/root.ts'
import { parse } from '../../src/federation/cbor.ts'
import { cidField } from '../../src/federation/fields.ts'
import { Claims } from './claims.ts'
import { systemClock } from '../common/clock.ts'
import { BLOCKS_PROTOCOL, IDLE_MS, MAX_SERVED_STREAMS_PER_PEER, STALL_MS, WINDOW_BYTES } from './constants.ts'
import { BlocksStoppedError } from './errors.ts'
import { FetchJob } from './job.ts'
import { StreamPool } from './pool.ts'
import { BlockServer } from './server.ts'
import { Uplink } from './uplink.ts'
import type { ForeignClaim } from './claims.ts'
import type {
  Blocks,
  BlocksComponents,
  BlocksEvents,
  BlocksInit,
  BlockTarget,
  FetchDagOptions,
  FetchOptions,
  TransferCounters
} from './index.ts'
import type { DagRoot } from '../../src/blocks/root.ts'
import type { Logger, PeerId } from '@libp2p/interface'
import type { CID } from 'multiformats/cid'

/** Blocks looked up in the store at once before fetching. */
const CONCURRENT_LOOKUPS = 32
/** Liars remembered; the oldest are forgotten first. */
const MAX_DISTRUSTED = 1024

/** See the interface in index.ts. */
export class BlocksService extends TypedEventEmitter<BlocksEvents> implements Blocks {
  readonly #components: BlocksComponents
  readonly #init: BlocksInit
  readonly #log: Logger
  readonly #claims = new WeakMap<BlockTarget, Claims>()
  readonly #distrusted = new Set<string>()
  readonly #counters: TransferCounters = { bytesSent: 0, bytesReceived: 0, blocksSent: 0, blocksReceived: 0 }
  readonly #uplink: Uplink
  #running: { pool: StreamPool; server: BlockServer; stop: AbortController } | null = null

  constructor(components: BlocksComponents, init: BlocksInit) {
    super()
    this.#components = components
    this.#init = init
    this.#log = components.logger.forComponent('murmur:blocks')
    this.#uplink = new Uplink(init.clock ?? systemClock)
  }

  readonly [Symbol.toStringTag] = '@murmuration/blocks'

  get counters(): TransferCounters {
    return { ...this.#counters }
  }

  get uplinkBytesPerSecond(): number | null {
    return this.#uplink.bytesPerSecond
  }

  /** Serve, and allow fetching. Idempotent. */
  async start(): Promise<void> {
    if (this.#running != null) return
    const running = { pool: this.#newPool(), server: this.#newServer(), stop: new AbortController() }
    this.#running = running
    await this.#components.registrar.handle(
      BLOCKS_PROTOCOL,
      (stream, connection) => running.server.handle(stream, connection),
      {
        maxInboundStreams: MAX_SERVED_STREAMS_PER_PEER,
        runOnLimitedConnection: this.#init.runOnLimitedConnection ?? false
      }
    )
  }

  /** Fetches under way fail with `BlocksStoppedError`; every stream is closed. Idempotent. */
  async stop(): Promise<void> {
    const running = this.#running
    if (running == null) return
    this.#running = null
    const reason = new BlocksStoppedError()
    running.stop.abort(reason)
    running.pool.stop()
    running.server.stop(reason)
    await this.#components.registrar.unhandle(BLOCKS_PROTOCOL)
  }

  async fetch(cids: CID[], options: FetchOptions): Promise<void> {
    const store = options.store ?? this.#init.store
    const claims = this.#claimsOn(store)
    let wanted = distinct(cids)
    while (wanted.length > 0) {
      const { mine, others } = claims.split(wanted)
      try {
        await this.#pull(mine, { ...options, store })
      } finally {
        claims.release(mine)
      }
      // A fetch that gave up on a block had other holders than ours: what it did not bring, we ask for ourselves.
      wanted = await unfinished(others, options)
    }
  }

  async fetchDag(root: CID, options: FetchDagOptions): Promise<DagRoot> {
    const store = options.store ?? this.#init.store
    await this.fetch([root], { ...options, maxBlockBytes: MAX_BLOCK_BYTES })
    const dag = await readRoot(store, root, options)
    const maxBytes = options.maxBytes ?? MAX_DAG_BYTES
    if (dag.size > maxBytes) throw new DagSizeError(`Payload ${root}`, dag.size, `at most ${maxBytes}`)
    await this.fetch(blocksOf(dag, options.spans), { ...options, maxBlockBytes: dag.blockSize })
    return dag
  }

  async #pull(cids: CID[], options: FetchOptions & { store: BlockTarget }): Promise<void> {
    const { store, holders } = options
    const running = this.#running
    if (running == null) throw new BlocksStoppedError()
    const stored = (cid: CID): void => {
      this.#claimsOn(store).settle(cid)
      options.onBlock?.(cid)
    }
    const missing = await lookUp(cids, store, stored)
    if (missing.length === 0) return
    const stop = running.stop.signal
    await new FetchJob({
      cids: missing,
      maxBlockBytes: Math.min(options.maxBlockBytes ?? MAX_BLOCK_BYTES, MAX_BLOCK_BYTES),
      windowBytes: this.#init.windowBytes ?? WINDOW_BYTES,
      holders: typeof holders === 'function' ? holders : () => holders,
      store,
      pool: running.pool,
      clock: this.#init.clock ?? systemClock,
      signal: options.signal == null ? stop : AbortSignal.any([options.signal, stop]),
      isDistrusted: (peer) => this.#distrusted.has(peer.toString()),
      onLie: (peer, cid) => this.#distrust(peer, cid),
      onStored: (cid, peer, sizeBytes) => {
        stored(cid)
        this.#counters.blocksReceived++
        this.safeDispatchEvent('block:received', { detail: { peer, cid, sizeBytes } })
      }
    }).run()
  }

  #claimsOn(store: BlockTarget): Claims {
    const claims = this.#claims.get(store) ?? new Claims()
    this.#claims.set(store, claims)
    return claims
  }

  #distrust(peer: PeerId, cid: CID): void {
    this.#log('%p sent bytes that do not hash to %c', peer, cid)
    this.#distrusted.add(peer.toString())
    this.#init.judge?.blame(peer.toString(), 'false-block')
    const [oldest] = this.#distrusted
    if (this.#distrusted.size > MAX_DISTRUSTED && oldest != null) this.#distrusted.delete(oldest)
    this.safeDispatchEvent('holder:lied', { detail: { peer, cid } })
  }

  #newPool(): StreamPool {
    const {
      clock = systemClock,
      stallMs = STALL_MS,
      idleMs = IDLE_MS,
      runOnLimitedConnection = false
    } = this.#init
    return new StreamPool({
      opener: this.#components.connectionManager,
      clock,
      stallMs,
      idleMs,
      runOnLimitedConnection,
      onOffence: (peer, offence) => this.#init.judge?.blame(peer.toString(), offence),
      ...this.#meters()
    })
  }

  #newServer(): BlockServer {
    const { serve, clock = systemClock, stallMs = STALL_MS } = this.#init
    return new BlockServer({
      serve,
      clock,
      stallMs,
      uplink: this.#uplink,
      log: this.#log.newScope('server'),
      onUnreadable: (peer) => this.#init.judge?.blame(peer.toString(), 'unreadable'),
      ...this.#meters(),
      onBlock: (peer, sizeBytes) => {
        this.#counters.blocksSent++
        this.safeDispatchEvent('block:sent', { detail: { peer, sizeBytes } })
      }
    })
  }

  #meters(): Record<'onSent' | 'onReceived', (peer: PeerId, bytes: number) => void> {
    return {
      onSent: (_peer, bytes) => void (this.#counters.bytesSent += bytes),
      onReceived: (_peer, bytes) => void (this.#counters.bytesReceived += bytes)
    }
  }
}

function blocksOf({ blocks, blockSize }: DagRoot, spans: FetchDagOptions['spans']): CID[] {
  if (spans == null) return blocks
  return spans.flatMap(({ offset, length }) => {
    const end = length === 0 ? 0 : Math.ceil((offset + length) / blockSize)
    return blocks.slice(Math.floor(offset / blockSize), end)
  })
}

/** Each CID once, checked to be one that peers answer for (CIDv1, sha2-256). */
function distinct(cids: CID[]): CID[] {
  const byKey = new Map<string, CID>()
  for (const cid of cids) byKey.set(cid.toString(), parse({ name: 'block address', schema: cidField }, cid))
  return [...byKey.values()]
}

/** Report what the store has, return what it has not. */
async function lookUp(cids: CID[], store: BlockTarget, had: (cid: CID) => void): Promise<CID[]> {
  const missing: CID[] = []
  for (let at = 0; at < cids.length; at += CONCURRENT_LOOKUPS) {
    const batch = cids.slice(at, at + CONCURRENT_LOOKUPS)
    const found = await Promise.all(batch.map(async (cid) => store.has(cid)))
    batch.forEach((cid, i) => (found[i] === true ? had(cid) : missing.push(cid)))
  }
  return missing
}

/** Wait for blocks that other fetches bring; returns those they did not. */
async function unfinished(claims: ForeignClaim[], { signal, onBlock }: FetchOptions): Promise<CID[]> {
  const left: CID[] = []
  for (const { cid, stored } of claims) {
    if (await unlessAborted(stored, signal)) onBlock?.(cid)
    else left.push(cid)
  }
  return left
}

async function unlessAborted<T>(promise: Promise<T>, signal?: AbortSignal): Promise<T> {
  if (signal == null) return promise
  signal.throwIfAborted()
  const aborted = Promise.withResolvers<never>()
  const onAbort = (): void => aborted.reject(signal.reason)
  signal.addEventListener('abort', onAbort)
  try {
    return await Promise.race([promise, aborted.promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
