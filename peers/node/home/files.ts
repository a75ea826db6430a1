/** Files that are there whole or not at all, whatever happens while they are written. */
import { randomBytes } from 'node:crypto'
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { DamagedHomeError, PermissionsError } from './errors.ts'

const PRIVATE_DIR = 0o700
const PRIVATE_FILE = 0o600
const OTHERS = 0o077
/** Nothing in a home directory but models and ledgers, which are elsewhere, is larger. */
const MAX_FILE_BYTES = 8 * 1024 * 1024

/** Write a file that only this user reads: temporary file, fsync, rename, fsync of the directory. */
export async function writeAtomically(path: string, content: Uint8Array | string): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`)
  try {
    await writeSynced(temporary, content)
    await rename(temporary, path)
    await syncDirectory(dirname(path))
  } catch (cause) {
    await rm(temporary, { force: true })
    throw explained(cause, path)
  }
}

/** The file's bytes, or undefined when there is none. */
export async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  try {
    const { size } = await stat(path)
    if (size > MAX_FILE_BYTES)
      throw new DamagedHomeError(path, `${size} bytes, at most ${MAX_FILE_BYTES} expected`)
    return new Uint8Array(await readFile(path))
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return undefined
    throw explained(cause, path)
  }
}

/** Make a directory that only this user enters; one that is there is checked. */
export async function privateDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: PRIVATE_DIR })
    const info = await stat(path)
    if (!info.isDirectory()) throw new DamagedHomeError(path, 'it is a file, not a directory')
  } catch (cause) {
    throw explained(cause, path)
  }
  await checkPrivate(path, 'chmod 700')
}

/** @throws {PermissionsError} the path is open to other users */
export async function checkPrivate(path: string, command: string): Promise<void> {
  // Windows has no such modes: there the user's profile directory protects.
  if (process.platform === 'win32') return
  const { mode } = await stat(path)
  if ((mode & OTHERS) === 0) return
  const found = (mode & 0o777).toString(8)
  throw new PermissionsError(path, `is open to other users (mode ${found})`, `run ${command} '${path}'`)
}

async function writeSynced(path: string, content: Uint8Array | string): Promise<void> {
  const file = await open(path, 'wx', PRIVATE_FILE)
  try {
    await file.writeFile(content)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** Makes the rename itself durable. */
async function syncDirectory(path: string): Promise<void> {
  // Windows cannot open a directory; there the rename is durable by itself.
  if (process.platform === 'win32') return
  const directory = await open(path, 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}

function explained(cause: unknown, path: string): unknown {
  const code = codeOf(cause)
  if (code !== 'EACCES' && code !== 'EPERM' && code !== 'EROFS') return cause
  const fix = 'make it yours (chown, chmod u+rwX), or use another directory (--home <dir>)'
  return new PermissionsError(path, `cannot be used by this user (${code})`, fix, { cause })
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
