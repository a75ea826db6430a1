/** Files, one a block: written to a temporary name and renamed, so a block is there as a whole or not at all. */
import { open, readdir, readFile, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { NotFoundError } from '@libp2p/interface'
import { FsBlockstore } from 'blockstore-fs'
import { FlatDirectory } from 'blockstore-fs/sharding'

import { verifyBlock } from '../../../src/federation/cbor.ts'
import type { DurableBlockstore } from './types.ts'
import type { AbortOptions } from '@libp2p/interface'
import type { Blockstore, Pair } from 'interface-blockstore'
import type { CID } from 'multiformats/cid'

/** Files synced at once: libuv has four threads for them. */
const CONCURRENT_SYNCS = 4
/** What blockstore-fs leaves when the process dies within a put. */
const TEMPORARY = /^\..*\.tmp$/

/** The peer that used the store has stopped. */
export class BlockstoreClosedError extends Error {
  static override name = 'BlockstoreClosedError'

  constructor(path: string) {
    super(`The block store in ${path} is closed`)
    this.name = 'BlockstoreClosedError'
  }
}

/** What to do about a block that is not as it was written: other bytes, gone, or not to be read. */
export interface DamageOptions {
  /** Told of each such block when somebody wanted to read it, once it is deleted. */
  onDamaged?: (cid: CID, reason: string) => void
  /** Leave it as it is: for one who only looks. Default: it is deleted, so that it is fetched again. */
  keepDamaged?: boolean
}

export class FileBlockstore extends FsBlockstore implements DurableBlockstore {
  readonly #layout: FlatDirectory
  readonly #options: DamageOptions
  /** Files that are there, with their blocks: asking the file system would cost more than most answers. */
  readonly #known = new Map<string, CID>()
  /** Files written since the last `sync()`. */
  #unsynced = new Set<string>()
  readonly #writing = new Map<string, Promise<CID>>()
  readonly #deleting = new Set<Promise<void>>()
  #isClosed = false

  private constructor(path: string, options: DamageOptions) {
    // Flat, so that one directory has to be synced instead of up to a thousand.
    const layout = new FlatDirectory()
    super(path, { shardingStrategy: layout })
    this.#layout = layout
    this.#options = options
  }

  /** Creates the directory; removes what an interrupted put left. One process at a time may have it open. */
  static async create(path: string, options: DamageOptions = {}): Promise<FileBlockstore> {
    const store = new FileBlockstore(path, options)
    await store.open()
    const names = await readdir(path)
    const leftovers = names.filter((name) => TEMPORARY.test(name))
    await Promise.all(leftovers.map((name) => rm(join(path, name), { force: true })))
    for (const name of names) store.#note(join(path, name))
    return store
  }

  override async has(cid: CID): Promise<boolean> {
    return this.#known.has(this.#fileOf(cid))
  }

  /** Puts of one block at once become one: blockstore-fs would let them fight over the temporary file. */
  override async put(...[cid, bytes, options]: Parameters<Blockstore['put']>): Promise<CID> {
    this.#assertOpen()
    const file = this.#fileOf(cid)
    if (this.#known.has(file)) return cid
    const writing = this.#writing.get(file) ?? super.put(cid, bytes, options)
    this.#writing.set(file, writing)
    try {
      await writing
    } catch (err) {
      // What was written of it takes room that the disk may not have.
      await rm(temporaryOf(file), { force: true })
      throw err
    } finally {
      this.#writing.delete(file)
    }
    this.#known.set(file, cid)
    this.#unsynced.add(file)
    return cid
  }

  /** A damaged block is deleted and reported as missing, so that it is fetched again. */
  override async *get(cid: CID, options?: AbortOptions): AsyncGenerator<Uint8Array> {
    const bytes = await this.#read(cid, options)
    if (!(await verifyBlock(cid, bytes)))
      throw await this.#damaged(cid, 'its bytes do not hash to its address')
    yield bytes
  }

  async #damaged(cid: CID, reason: string): Promise<NotFoundError> {
    const { keepDamaged = false, onDamaged } = this.#options
    if (!keepDamaged) await this.delete(cid)
    onDamaged?.(cid, reason)
    if (keepDamaged) return new NotFoundError(`Block ${cid} is damaged: ${reason}`)
    return new NotFoundError(`Block ${cid} was damaged (${reason}) and was deleted: fetch it again`)
  }

  override async delete(cid: CID, options?: AbortOptions): Promise<void> {
    this.#assertOpen()
    this.#known.delete(this.#fileOf(cid))
    this.#unsynced.delete(this.#fileOf(cid))
    const deleting = super.delete(cid, options)
    this.#deleting.add(deleting)
    try {
      await deleting
    } finally {
      this.#deleting.delete(deleting)
    }
  }

  override async *getAll(options?: AbortOptions): AsyncGenerator<Pair> {
    for (const cid of [...this.#known.values()]) yield { cid, bytes: this.get(cid, options) }
  }

  async sync(): Promise<void> {
    const files = [...this.#unsynced]
    if (files.length === 0) return
    this.#unsynced = new Set()
    try {
      await syncAll(files)
      await syncFile(this.path)
    } catch (err) {
      for (const file of files) this.#unsynced.add(file)
      throw err
    }
  }

  /** When it resolves nothing changes in the directory any more: another process may take it over. */
  async settle(): Promise<void> {
    this.#isClosed = true
    await Promise.allSettled([...this.#writing.values(), ...this.#deleting])
  }

  override async close(): Promise<void> {
    await this.settle()
    await this.sync()
    await super.close()
  }

  /** What is no block is left alone. */
  #note(file: string): void {
    if (!file.endsWith(this.#layout.extension)) return
    try {
      this.#known.set(file, this.#layout.decode(file))
    } catch {
      // Not a name that this store gives: somebody else's file.
    }
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new BlockstoreClosedError(this.path)
  }

  async #read(cid: CID, options?: AbortOptions): Promise<Uint8Array> {
    const file = this.#fileOf(cid)
    try {
      const bytes = await readFile(file, options)
      return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    } catch (err) {
      const code = codeOf(err)
      // A sector that cannot be read holds nothing any more.
      if (code === 'EIO') throw await this.#damaged(cid, 'the disk cannot read it')
      if (code !== 'ENOENT') throw err
      if (this.#known.has(file)) throw await this.#damaged(cid, 'its file is gone')
      throw new NotFoundError(`No block ${cid} in ${this.path}`)
    }
  }

  #fileOf(cid: CID): string {
    const { dir, file } = this.#layout.encode(cid)
    return join(this.path, dir, file)
  }
}

/** Where blockstore-fs writes a file before it has its name. */
function temporaryOf(file: string): string {
  return join(dirname(file), `.${basename(file)}.tmp`)
}

async function syncAll(files: string[]): Promise<void> {
  const queue = files.values()
  const lane = async (): Promise<void> => {
    for (const file of queue) await syncFile(file)
  }
  await Promise.all(Array.from({ length: CONCURRENT_SYNCS }, lane))
}

/** A file that was deleted meanwhile needs no syncing. */
async function syncFile(path: string): Promise<void> {
  try {
    const handle = await open(path)
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  } catch (err) {
    if (!isMissing(err)) throw err
  }
}

function isMissing(err: unknown): boolean {
  return codeOf(err) === 'ENOENT'
}

function codeOf(err: unknown): unknown {
  return err instanceof Error && 'code' in err ? err.code : undefined
}
