/** Vectors and payloads as the engine needs them, over the block stores and the blocks protocol. */
import { peerIdFromString } from '@libp2p/peer-id'
import {
  DagSizeError,
  floatsToBytes,
  getBytes,
  hashDag,
  readFloats,
  writeDag,
  writeFloats
} from '../../../src/blocks/index.ts'
import { PayloadMismatchError } from '../../engine/updates.ts'
import { InvalidRecordError } from '../../../src/federation/cbor.ts'
import type { DagRoot } from '../../../src/blocks/index.ts'
import type { BlockExchange, FetchOptions } from '../../engine/components.ts'
import type { Blocks, BlockTarget } from '../../../protocols/blocks/index.ts'
import type { PeerId } from '@libp2p/interface'
import type { CID } from 'multiformats/cid'

export interface Stores {
  /** Models and own payloads: survives a restart. */
  durable: BlockTarget
  /** Others' payloads: fetched again when needed. Reads see both. */
  transient: BlockTarget
  /** Both, for reading. */
  all: Pick<BlockTarget, 'get' | 'has'>
  /** Forget what none of these roots holds. */
  prune(keep: readonly CID[]): Promise<void>
}

export interface NodeBlocksInit {
  stores: Stores
  exchange: Pick<Blocks, 'fetchDag'>
  blockSizeBytes: number
}

export class NodeBlocks implements BlockExchange {
  readonly #init: NodeBlocksInit

  constructor(init: NodeBlocksInit) {
    this.#init = init
  }

  async putModel(weights: Float32Array): Promise<CID> {
    const { stores, blockSizeBytes } = this.#init
    return (await writeFloats(stores.durable, weights, { blockSizeBytes })).root
  }

  async hashModel(weights: Float32Array): Promise<CID> {
    return await hashDag(floatsToBytes(weights), { blockSizeBytes: this.#init.blockSizeBytes })
  }

  async getModel(root: CID, length: number, options: FetchOptions): Promise<Float32Array> {
    const { durable } = this.#init.stores
    await this.#fetch(root, { ...options, store: durable, maxBytes: length * Float32Array.BYTES_PER_ELEMENT })
    return await readFloats(durable, root, length)
  }

  async putPayload(bytes: Uint8Array): Promise<CID> {
    const { stores, blockSizeBytes } = this.#init
    return (await writeDag(stores.durable, bytes, { blockSizeBytes })).root
  }

  async getPayload(
    root: CID,
    sizeBytes: number,
    options: FetchOptions
  ): Promise<(offset: number, length: number) => Promise<Uint8Array>> {
    const { all, transient } = this.#init.stores
    const store = { has: all.has.bind(all), get: all.get.bind(all), put: transient.put.bind(transient) }
    const dag = await this.#fetchExactly(root, sizeBytes, { ...options, store })
    return async (offset, length) => await readRange(all, dag, { offset, length })
  }

  async prune(keep: readonly CID[]): Promise<void> {
    await this.#init.stores.prune(keep)
  }

  /** A payload that is not what its announcement says will never be. */
  async #fetchExactly(
    root: CID,
    sizeBytes: number,
    options: FetchOptions & { store: BlockTarget }
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
    options: FetchOptions & { store: BlockTarget; maxBytes: number }
  ): Promise<DagRoot> {
    const { holders, signal, store, maxBytes } = options
    const peers = (): PeerId[] => holders().map((holder) => peerIdFromString(holder))
    return await this.#init.exchange.fetchDag(root, { holders: peers, signal, store, maxBytes })
  }
}

/** A stretch of a payload: one block without a copy where the stretch is one, else pieced together. */
async function readRange(
  store: Pick<BlockTarget, 'get'>,
  dag: DagRoot,
  { offset, length }: { offset: number; length: number }
): Promise<Uint8Array> {
  const first = Math.floor(offset / dag.blockSize)
  const last = Math.floor((offset + length - 1) / dag.blockSize)
  const start = offset - first * dag.blockSize
  if (first === last) return (await getBytes(store, dag.blocks[first])).subarray(start, start + length)
  const bytes = new Uint8Array(length)
  for (let index = first; index <= last; index++) {
    const block = await getBytes(store, dag.blocks[index])
    const from = Math.max(0, offset - index * dag.blockSize)
    const to = Math.min(block.byteLength, offset + length - index * dag.blockSize)
    bytes.set(block.subarray(from, to), index * dag.blockSize + from - offset)
  }
  return bytes
}
