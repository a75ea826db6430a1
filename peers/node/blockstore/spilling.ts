/** Memory up to a budget, files beyond it. */
import { rm } from 'node:fs/promises'
import { BaseBlockstore } from 'blockstore-core'
import { collect, owned } from './bytes.ts'
import { FileBlockstore } from './durable.ts'
import { CountedMemoryBlockstore } from './memory.ts'
import type { BlockInput } from './bytes.ts'
import type { TransientBlockstore } from './types.ts'
import type { AbortOptions } from '@libp2p/interface'
import type { Pair } from 'interface-blockstore'
import type { CID } from 'multiformats/cid'

/** A block stays where it was put: moving it later would cost the write that memory was to save. */
export class SpillingBlockstore extends BaseBlockstore implements TransientBlockstore {
  readonly #memory = new CountedMemoryBlockstore()
  readonly #files: FileBlockstore
  readonly #budgetBytes: number

  private constructor(files: FileBlockstore, budgetBytes: number) {
    super()
    this.#files = files
    this.#budgetBytes = budgetBytes
  }

  /** Starts empty: what an earlier process left in `path` is deleted. */
  static async create(path: string, budgetBytes: number): Promise<SpillingBlockstore> {
    await rm(path, { recursive: true, force: true })
    return new SpillingBlockstore(await FileBlockstore.create(path), budgetBytes)
  }

  get memoryBytes(): number {
    return this.#memory.memoryBytes
  }

  override async put(cid: CID, input: BlockInput, options?: AbortOptions): Promise<CID> {
    const bytes = await collect(input)
    if (this.#memory.has(cid)) return cid
    // Checked and taken without a pause in between, so that puts at once cannot overrun the budget together.
    if (this.#hasRoomFor(bytes)) this.#memory.offer(cid, owned(bytes))
    else await this.#files.put(cid, bytes, options)
    return cid
  }

  /** Keep a block if there is room in memory. `bytes` stays as it is: a view is not copied. */
  offer(cid: CID, bytes: Uint8Array): void {
    if (this.#hasRoomFor(bytes)) this.#memory.offer(cid, bytes)
  }

  override async *get(cid: CID, options?: AbortOptions): AsyncGenerator<Uint8Array> {
    yield* this.#memory.has(cid) ? this.#memory.get(cid) : this.#files.get(cid, options)
  }

  override async has(cid: CID): Promise<boolean> {
    return this.#memory.has(cid) || (await this.#files.has(cid))
  }

  override async delete(cid: CID, options?: AbortOptions): Promise<void> {
    this.#memory.delete(cid)
    await this.#files.delete(cid, options)
  }

  override async *getAll(options?: AbortOptions): AsyncGenerator<Pair> {
    yield* this.#memory.getAll()
    yield* this.#files.getAll(options)
  }

  /** Forget everything. */
  async close(): Promise<void> {
    await this.#files.settle()
    await rm(this.#files.path, { recursive: true, force: true })
  }

  #hasRoomFor(bytes: Uint8Array): boolean {
    return this.memoryBytes + bytes.byteLength <= this.#budgetBytes
  }
}
