/** Blocks in memory, counted. */
import { NotFoundError } from '@libp2p/interface'
import { BaseBlockstore } from 'blockstore-core'

import { collect, owned } from './bytes.ts'
import { cidOfKey, keyOf } from './keys.ts'
import type { BlockInput } from './bytes.ts'
import type { DurableBlockstore, TransientBlockstore } from './types.ts'
import type { Pair } from 'interface-blockstore'
import type { CID } from 'multiformats/cid'

export class CountedMemoryBlockstore
  extends BaseBlockstore
  implements DurableBlockstore, TransientBlockstore
{
  readonly #blocks = new Map<string, Uint8Array>()
  #bytes = 0

  get memoryBytes(): number {
    return this.#bytes
  }

  override async put(cid: CID, input: BlockInput): Promise<CID> {
    this.offer(cid, owned(await collect(input)))
    return cid
  }

  /** Kept as they are, a view with the buffer that it is of. */
  offer(cid: CID, bytes: Uint8Array): void {
    const key = keyOf(cid)
    if (this.#blocks.has(key)) return
    this.#blocks.set(key, bytes)
    this.#bytes += bytes.byteLength
  }

  override *get(cid: CID): Generator<Uint8Array> {
    const bytes = this.#blocks.get(keyOf(cid))
    if (bytes == null) throw new NotFoundError(`No block ${cid} in memory`)
    yield bytes
  }

  override has(cid: CID): boolean {
    return this.#blocks.has(keyOf(cid))
  }

  override delete(cid: CID): void {
    const key = keyOf(cid)
    this.#bytes -= this.#blocks.get(key)?.byteLength ?? 0
    this.#blocks.delete(key)
  }

  override *getAll(): Generator<Pair> {
    for (const [key, bytes] of this.#blocks) yield { cid: cidOfKey(key), bytes: once(bytes) }
  }

  /** Nothing to sync: this is not durable, it only stands in for what is. */
  async sync(): Promise<void> {}
}

function* once(bytes: Uint8Array): Generator<Uint8Array> {
  yield bytes
}
