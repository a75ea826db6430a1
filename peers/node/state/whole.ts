/**
 * Whether the files of a LevelDB directory are all there, and as long as they were written. LevelDB itself takes a MANIFEST
 * that lost its end for one that was never longer: it would open an older state, and delete the newer one's tables. A peer
 * that has forgotten what it voted must not start.
 *
 * Formats: https://github.com/google/leveldb/blob/main/doc/log_format.md, db/version_edit.cc of the same repository.
 */
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { concat } from 'uint8arrays/concat'
import { StateStoreCorruptError } from './errors.ts'

const BLOCK_BYTES = 32 * 1024
/** Checksum, length, type. */
const HEADER_BYTES = 7
/** Types of records that end one. */
const FULL = 1
const LAST = 4
/** A running process may change files between two looks; what is damaged looks the same each time. */
const LOOKS = 3

/** What a MANIFEST says that there is. */
interface Listed {
  /** 0: a database that was never opened. */
  logNumber: number
  /** Number → bytes. */
  tables: Map<number, number>
}

/** @throws {StateStoreCorruptError} names the file that is gone or cut short */
export async function assertWhole(dir: string): Promise<void> {
  let damage: string | null = null
  for (let look = 0; look < LOOKS; look++) {
    damage = await damageIn(dir)
    if (damage == null) return
  }
  throw new StateStoreCorruptError(dir, { cause: new Error(damage ?? '') })
}

async function damageIn(dir: string): Promise<string | null> {
  const sizes = await sizesOf(dir)
  const held = [...sizes].some(([name, size]) => /\.(log|ldb)$/.test(name) && size > 0)
  if (!sizes.has('CURRENT')) return held ? 'CURRENT is gone' : null
  const name = (await readFile(join(dir, 'CURRENT'), 'utf8')).trimEnd()
  if (!/^MANIFEST-\d+$/.test(name)) return null
  if (!sizes.has(name)) return `${name} is gone`
  const listed = readListed(await readFile(join(dir, name)))
  return listed == null ? null : compare(name, listed, sizes)
}

function compare(manifest: string, { logNumber, tables }: Listed, sizes: Map<string, number>): string | null {
  const log = fileName(logNumber, 'log')
  if (logNumber !== 0 && !sizes.has(log)) return `${manifest} is cut short: ${log}, its latest, is gone`
  for (const [number, bytes] of tables) {
    const table = fileName(number, 'ldb')
    const size = sizes.get(table)
    if (size == null) return `${table} is gone`
    if (size < bytes) return `${table} is cut short: ${size} of ${bytes} bytes`
  }
  return null
}

async function sizesOf(dir: string): Promise<Map<string, number>> {
  const sizes = new Map<string, number>()
  for (const name of await readdir(dir)) {
    const info = await stat(join(dir, name)).catch(() => null)
    if (info != null) sizes.set(name, info.size)
  }
  return sizes
}

function fileName(number: number, extension: 'log' | 'ldb'): string {
  return `${String(number).padStart(6, '0')}.${extension}`
}

/** Null: not to be read; LevelDB will say in what. */
function readListed(manifest: Uint8Array): Listed | null {
  const listed: Listed = { logNumber: 0, tables: new Map() }
  try {
    for (const record of records(manifest)) applyEdit(new Reader(record), listed)
    return listed
  } catch (error) {
    if (error instanceof RangeError) return null
    throw error
  }
}

/** Whole records; one that is torn at the end is none. */
function* records(bytes: Uint8Array): Generator<Uint8Array> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let parts: Uint8Array[] = []
  for (let at = 0; at + HEADER_BYTES <= bytes.byteLength;) {
    const leftInBlock = BLOCK_BYTES - (at % BLOCK_BYTES)
    if (leftInBlock < HEADER_BYTES) {
      at += leftInBlock
      continue
    }
    const end = at + HEADER_BYTES + view.getUint16(at + 4, true)
    const type = bytes[at + 6]
    if (end > bytes.byteLength) return
    parts.push(bytes.subarray(at + HEADER_BYTES, end))
    at = end
    if (type !== FULL && type !== LAST) continue
    yield concat(parts)
    parts = []
  }
}

function applyEdit(edit: Reader, listed: Listed): void {
  while (!edit.isAtEnd) {
    switch (edit.number()) {
      case 1: // comparator
        edit.skipBytes()
        break
      case 2:
        listed.logNumber = edit.number()
        break
      case 3: // next file
      case 4: // last sequence
      case 9: // previous log
        edit.number()
        break
      case 5: // compaction pointer
        edit.number()
        edit.skipBytes()
        break
      case 6:
        edit.number()
        listed.tables.delete(edit.number())
        break
      case 7: {
        edit.number()
        const table = edit.number()
        listed.tables.set(table, edit.number())
        edit.skipBytes()
        edit.skipBytes()
        break
      }
      default:
        throw new RangeError('A tag that is not known')
    }
  }
}

class Reader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.byteLength
  }

  /** A varint. @throws {RangeError} it does not end */
  number(): number {
    let value = 0
    for (let scale = 1; ; scale *= 128) {
      if (this.isAtEnd) throw new RangeError('A number that does not end')
      const byte = this.#bytes[this.#at++]
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
    }
  }

  /** Bytes with their length before them. */
  skipBytes(): void {
    const length = this.number()
    this.#at += length
  }
}
