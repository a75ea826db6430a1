/**
 * Bulk bytes between peers: content-addressed blocks, pulled with a window of credit from every holder at once, each
 * hash checked before the block is stored.
 *
 * A puller opens a stream and keeps it; requests and answers are small DAG-CBOR frames with the raw bytes between
 * them (see schema.ts). The puller only ever has asked for what it has room for and consumes bytes as they arrive, so
 * neither side's stream buffer grows; the holder waits for the transport before each block.
 *
 * Who may ask is decided by the registrar that is handed in; a refusal reaches the puller as a `RefusedError`.
 *
 * @example
 *
 * ```ts
 * const node = await createLibp2p({
 *   services: { blocks: blocks({ serve: stores.view, store: stores.transient }) }
 * })
 * await node.services.blocks.fetchDag(update.payload, { holders: [author], maxBytes: update.sizeBytes })
 * ```
 */
import { BlocksService } from './blocks.ts'
import type { RegistrarLike, StreamOpenerLike } from '../common/components.ts'
import type { Clock } from '../common/clock.ts'
import type { Judge } from '../common/conduct.ts'
import type { DagRoot } from '../../src/blocks/root.ts'
import type { AbortOptions, ComponentLogger, PeerId, Startable, TypedEventTarget } from '@libp2p/interface'
import type { Blockstore } from 'interface-blockstore'
import type { CID } from 'multiformats/cid'

/** Where fetched blocks go. What it already `has` is not fetched. */
export type BlockTarget = Pick<Blockstore, 'has' | 'get' | 'put'>

export interface BlocksInit {
  /** What other peers may have. */
  serve: Pick<Blockstore, 'get' | 'has'>
  /** Where fetched blocks go unless a fetch says otherwise. */
  store: BlockTarget
  /** Bytes asked for and not yet stored, per holder and fetch. Default 3 MiB. */
  windowBytes?: number
  /** A peer that moves fewer than 16 KiB in this time is given up. Default 10 s. */
  stallMs?: number
  /** An unused stream is closed after this time. Default 60 s. */
  idleMs?: number
  /** Also over relayed connections with limits. Default false: their limits are below any model's size. */
  runOnLimitedConnection?: boolean
  /** Told of who gives false blocks, stalls, or asks for what nobody can read. */
  judge?: Judge
  /** Default: the host's. */
  clock?: Clock
}

export interface BlocksComponents {
  registrar: RegistrarLike
  connectionManager: StreamOpenerLike
  logger: ComponentLogger
}

export interface FetchOptions extends AbortOptions {
  /** Who to ask. A function is called again and again, so holders may appear while fetching. */
  holders: PeerId[] | (() => PeerId[])
  /** Default: the service's store. */
  store?: BlockTarget
  /** No block is larger; default and most 1 MiB. */
  maxBlockBytes?: number
  /** A block is in the store now, or was there already. */
  onBlock?(cid: CID): void
}

export interface FetchDagOptions extends FetchOptions {
  /** Refuse a larger payload before asking for its blocks. Default: the most a DAG may have (4 GiB). */
  maxBytes?: number
  /** Only the blocks that have some of these bytes. Default: all. */
  spans?: readonly { offset: number; length: number }[]
}

/** Bytes on block streams since the start, framing included. */
export interface TransferCounters {
  bytesSent: number
  bytesReceived: number
  blocksSent: number
  blocksReceived: number
}

export interface BlocksEvents {
  /** A holder's bytes did not match the hash asked for. It is not asked again while this peer runs. */
  'holder:lied': CustomEvent<{ peer: PeerId; cid: CID }>
  'block:received': CustomEvent<{ peer: PeerId; cid: CID; sizeBytes: number }>
  'block:sent': CustomEvent<{ peer: PeerId; sizeBytes: number }>
}

export interface Blocks extends TypedEventTarget<BlocksEvents>, Startable {
  /** A snapshot. */
  readonly counters: TransferCounters
  /** How fast blocks leave this peer where they have to queue, all streams together; null before any had to. */
  readonly uplinkBytesPerSecond: number | null
  /**
   * Bring blocks into the store, each verified. Skips those it has, so an interrupted fetch can simply be repeated.
   *
   * @throws {BlocksUnavailableError} no holder is left; names each one's failure
   * @throws {BlocksStoppedError} not started
   * @throws the signal's reason
   */
  fetch(cids: CID[], options: FetchOptions): Promise<void>
  /**
   * Bring a DAG (src/blocks) into the store: its root, then its blocks. Returns the root.
   *
   * @throws as `fetch`
   * @throws {InvalidRecordError} the root is malformed
   * @throws {DagSizeError} the payload is larger than `maxBytes`
   */
  fetchDag(root: CID, options: FetchDagOptions): Promise<DagRoot>
}

/** The service's factory, for libp2p's `services`, or called with stand-ins. */
export function blocks(init: BlocksInit): (components: BlocksComponents) => Blocks {
  return (components) => new BlocksService(components, init)
}

export { BLOCKS_PROTOCOL } from './constants.ts'
export {
  BlocksProtocolError,
  BlocksStoppedError,
  BlocksUnavailableError,
  DistrustedHolderError,
  NotHeldError,
  OpenTimeoutError,
  StalledError,
  StreamEndedError,
  WrongBytesError
} from './errors.ts'
export type { HolderFailure } from './errors.ts'
export { systemClock } from '../common/clock.ts'
export type { Clock } from '../common/clock.ts'
