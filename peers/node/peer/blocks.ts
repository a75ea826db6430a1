/** Vectors and payloads as the engine needs them, over the block stores and the blocks protocol. */
import { peerIdFromString } from '@libp2p/peer-id'
import { BlockMissingError, checkDag, DagSizeError, readFloats, writeDag } from '../../../src/blocks/index.ts'
import { PayloadMismatchError } from '../../engine/height/updates.ts'
import { InvalidRecordError } from '../../../src/federation/cbor.ts'
import { createTurns } from '../../../src/turns.ts'
import { cut, readRange } from './cut.ts'
import type { DagRoot } from '../../../src/blocks/index.ts'
import type { ByteSpan } from '../../../src/codecs/index.ts'
import type { Cut } from './cut.ts'
import type { BlockExchange, FetchOptions } from '../../engine/components.ts'
import type { Blocks, BlockTarget } from '../../../protocols/blocks/index.ts'
import type { Blockstores } from '../blockstore/index.ts'
import type { PeerId } from '@libp2p/interface'
import type { CID } from 'multiformats/cid'

/** Blocks of a model written at once: libuv has four threads for files. */
const CONCURRENT_PUTS = 4

export interface NodeBlocksInit {
  stores: Blockstores
  exchange: Pick<Blocks, 'fetchDag'>
  blockSizeBytes: number
}

export class NodeBlocks implements BlockExchange {
  readonly #init: NodeBlocksInit
  /** Vectors that may be stored soon, as blocks that are views of them: hashing once is enough. */
  readonly #hashed = new WeakMap<Float32Array, Cut>()
  /** What is written has no root yet that would save it from being pruned: one after the other. */
  readonly #turns = createTurns()
  /** Roots used since the latest pruning began: payloads of the current height, candidates for the next model. */
  #inUse = new Map<string, CID>()
  /** Settles when the latest pruning is over. */
  #pruning: Promise<unknown> = Promise.resolve()

  constructor(init: NodeBlocksInit) {
    this.#init = init
  }

  async putModel(weights: Float32Array): Promise<CID> {
    const { stores, blockSizeBytes } = this.#init
    return await this.#turns.take(async () => {
      const hashed = this.#hashed.get(weights) ?? (await cut(weights, blockSizeBytes))
      // Whoever heals one block after the other stores the same vector each time.
      this.#hashed.set(weights, hashed)
      const { root, blocks } = hashed
      const queue = blocks.values()
      const lane = async (): Promise<void> => {
        for (const { cid, bytes } of queue) await stores.durable.put(cid, bytes)
      }
      await Promise.all(Array.from({ length: CONCURRENT_PUTS }, lane))
      await stores.durable.sync()
      return this.#use(root)
    })
  }

  async hashModel(weights: Float32Array): Promise<CID> {
    const hashed = await cut(weights, this.#init.blockSizeBytes)
    this.#hashed.set(weights, hashed)
    return hashed.root
  }

  async getModel(root: CID, length: number, options: FetchOptions): Promise<Float32Array> {
    const { stores } = this.#init
    await this.#reserve(root)
    const maxBytes = length * Float32Array.BYTES_PER_ELEMENT
    const fetchAndRead = async (): Promise<Float32Array> => {
      await this.#fetch(root, { ...options, store: stores.durable, maxBytes })
      return await readFloats(stores.durable, root, length)
    }
    return await healing(fetchAndRead, async () => {
      // Reading is what finds out: all that is damaged at once, so that it is fetched at once.
      await checkDag(stores.durable, root, { signal: options.signal })
    })
  }

  async putPayload(bytes: Uint8Array, options: { blockSizeBytes?: number } = {}): Promise<CID> {
    const { stores } = this.#init
    const { blockSizeBytes = this.#init.blockSizeBytes } = options
    return await this.#turns.take(async () =>
      this.#use((await writeDag(stores.outgoing, bytes, { blockSizeBytes })).root)
    )
  }

  async getPayload(
    root: CID,
    sizeBytes: number,
    options: FetchOptions & { spans?: readonly ByteSpan[] }
  ): Promise<(offset: number, length: number) => Promise<Uint8Array>> {
    const { view, incoming } = this.#init.stores
    await this.#reserve(root)
    const fetch = async (spans = options.spans): Promise<DagRoot> =>
      await this.#fetchExactly(root, sizeBytes, { ...options, store: incoming, spans })
    const dag = await healing(fetch)
    return async (offset, length) => {
      const span = { offset, length }
      return await healing(
        async () => await readRange(view, dag, span),
        async () => await fetch([span])
      )
    }
  }

  async putShard(payload: Uint8Array): Promise<CID> {
    const { stores, blockSizeBytes } = this.#init
    return await this.#turns.take(async () =>
      this.#use((await writeDag(stores.transient, payload, { blockSizeBytes })).root)
    )
  }

  /** What was used before this call and is not among `keep` goes; what is used from now on stays. */
  async prune(keep: readonly CID[]): Promise<void> {
    this.#inUse = new Map()
    const pruning = this.#turns.take(async () => {
      await this.#init.stores.prune(this.#kept(keep))
    })
    this.#pruning = pruning.catch(() => {})
    await pruning
  }

  /**
   * Keep a root from now on. A pruning under way has made up its mind: blocks that another height had as well (a stretch
   * that did not change, say) may seem to be here and go in a moment.
   */
  async #reserve(root: CID): Promise<void> {
    this.#use(root)
    await this.#pruning
  }

  /** Read when the stores ask, which is after they have listed what may go. */
  *#kept(keep: readonly CID[]): Iterable<CID> {
    yield* keep
    yield* this.#inUse.values()
  }

  #use(root: CID): CID {
    this.#inUse.set(root.toString(), root)
    return root
  }

  /** A payload that is not what its announcement says will never be. */
  async #fetchExactly(
    root: CID,
    sizeBytes: number,
    options: FetchOptions & { store: BlockTarget; spans?: readonly ByteSpan[] }
  ): Promise<DagRoot> {
    try {
      const dag = await this.#fetch(root, { ...options, maxBytes: sizeBytes })
      if (dag.size !== sizeBytes) throw new PayloadMismatchError(`${dag.size} bytes instead of ${sizeBytes}`)
      return dag
    } catch (cause) {
      if (!(cause instanceof InvalidRecordError || cause instanceof DagSizeError)) throw cause
      throw new PayloadMismatchError(cause.message, { cause })
    }
  }

  async #fetch(
    root: CID,
    options: FetchOptions & { store: BlockTarget; maxBytes: number; spans?: readonly ByteSpan[] }
  ): Promise<DagRoot> {
    const { holders, signal, store, maxBytes, spans } = options
    const peers = (): PeerId[] => holders().map((holder) => peerIdFromString(holder))
    return await this.#init.exchange.fetchDag(root, { holders: peers, signal, store, maxBytes, spans })
  }
}

/** Try once more after a block turned out to be damaged: by then it is deleted, and can be had from others. */
async function healing<T>(attempt: () => Promise<T>, before?: () => Promise<unknown>): Promise<T> {
  try {
    return await attempt()
  } catch (error) {
    if (!(error instanceof BlockMissingError)) throw error
    await before?.()
    return await attempt()
  }
}
