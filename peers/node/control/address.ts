/**
 * Where the control socket is: `<home>/control.sock`. A socket's path must be short; where it would be too long the
 * socket is in the system's temporary directory, and the file in the home directory says where.
 */
import { chmod, lstat, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, isAbsolute, join } from 'node:path'
import { MAX_SOCKET_PATH_BYTES, SOCKET_NAME } from './constants.ts'
import { ControlInUseError } from './errors.ts'
import type { Server } from 'node:net'

/** The prefix of directories for sockets that do not fit into their home. */
const TEMPORARY = 'murmur-'

/** The control path of a home directory. */
export function controlPath(home: string): string {
  return join(home, SOCKET_NAME)
}

/** The socket that `path` is, or that it names; undefined: neither. It may be a dead one. */
export async function findSocket(path: string): Promise<string | undefined> {
  const stats = await lstat(path).catch(ifMissing)
  if (stats == null) return undefined
  if (stats.isSocket()) return path
  if (!stats.isFile() || stats.size > MAX_SOCKET_PATH_BYTES) return undefined
  const named = await readFile(path, 'utf8')
  return isAbsolute(named) ? named : undefined
}

/** Whether a process accepts connections on this socket. */
export async function isAnswered(socket: string): Promise<boolean> {
  return await new Promise((resolve) => {
    const connection = connect(socket)
    connection.once('connect', () => {
      connection.destroy()
      resolve(true)
    })
    connection.once('error', () => resolve(false))
  })
}

/**
 * Listen at `path`, for this user alone. A socket that a dead process left is replaced.
 *
 * @returns removes what was made
 * @throws {ControlInUseError} a living process listens there
 */
export async function listenAt(server: Server, path: string): Promise<() => Promise<void>> {
  await clearStale(path)
  const directory = await privateDirectory(path)
  const socket = join(directory, 's')
  try {
    await listen(server, socket)
    await chmod(socket, 0o600)
    if (fitsAt(path)) await rename(socket, path)
    else await nameAt(path, socket)
  } catch (error) {
    server.close()
    await rm(directory, { recursive: true, force: true })
    throw error
  }
  if (fitsAt(path)) await rm(directory, { recursive: true, force: true })
  return async () => {
    await rm(path, { force: true })
    await rm(directory, { recursive: true, force: true })
  }
}

/**
 * The socket is made in a directory that only this user may enter and then moved: so nobody else can connect in the
 * moment before its own mode is set, and a path that exists always answers.
 */
async function privateDirectory(path: string): Promise<string> {
  return await mkdtemp(fitsAt(path) ? join(dirname(path), '.control-') : join(tmpdir(), TEMPORARY))
}

/** Room for the longer name under which the socket is made. */
function fitsAt(path: string): boolean {
  return Buffer.byteLength(join(dirname(path), '.control-XXXXXX', 's')) <= MAX_SOCKET_PATH_BYTES
}

async function nameAt(path: string, socket: string): Promise<void> {
  const pointer = `${path}.${process.pid}`
  await writeFile(pointer, socket, { mode: 0o600 })
  try {
    await rename(pointer, path)
  } catch (error) {
    await rm(pointer, { force: true })
    throw error
  }
}

async function clearStale(path: string): Promise<void> {
  const socket = await findSocket(path)
  if (socket == null) return
  if (await isAnswered(socket)) throw new ControlInUseError(path)
  await rm(path, { force: true })
  const directory = dirname(socket)
  const isOurs = dirname(directory) === tmpdir() && directory.startsWith(join(tmpdir(), TEMPORARY))
  if (isOurs) await rm(directory, { recursive: true, force: true })
}

async function listen(server: Server, socket: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(socket, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

function ifMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') throw error
}
