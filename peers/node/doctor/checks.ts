/** What a peer needs of its machine, looked at one by one. Nothing is changed. */
import { createSocket } from 'node:dgram'
import { constants } from 'node:fs'
import { access, readdir, stat, statfs } from 'node:fs/promises'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { once } from 'node:events'

/** `warning`: the peer runs, but not with all it could have. */
export type CheckStatus = 'ok' | 'warning' | 'failed'

/** One line of the report. */
export interface MachineCheck {
  name: string
  status: CheckStatus
  /** What was found; if it is not well, what to do. */
  found: string
}

/** The oldest Node.js that runs murmuration: libp2p's own demand, and running TypeScript without a build. */
const NODE = { major: 22, minor: 18 }
/** Below this a federation of small models still runs, large ones do not. */
const WANTED_DISK_BYTES = 2e9
/** Below this not even the logs fit. */
const LEAST_DISK_BYTES = 50e6
/** No release of murmuration is older: a clock before it was never set. */
const RELEASED = Date.UTC(2026, 0, 1)
/** Clocks that were set by hand are off by as much. */
const CLOCK_SLACK_MS = 5 * 60_000
const MDNS = { group: '224.0.0.251', port: 5353 }

export interface CheckOptions {
  /** The state directory, which need not exist. */
  home: string
  /** Milliseconds since the epoch. */
  now: number
  /** `process.versions.node`. */
  nodeVersion?: string
}

/** All checks of the machine; none rejects. */
export async function checkMachine(options: CheckOptions): Promise<MachineCheck[]> {
  const checks: [string, () => Promise<Finding> | Finding][] = [
    ['Node.js', () => checkNode(options.nodeVersion ?? process.versions.node)],
    ['state directory', () => checkHome(options.home)],
    ['disk', () => checkDisk(options.home)],
    ['clock', () => checkClock(options)],
    ['TCP', checkTcp],
    ['mDNS', checkMdns]
  ]
  return Promise.all(checks.map(async ([name, check]) => ({ name, ...(await finding(check)) })))
}

async function finding(check: () => Promise<Finding> | Finding): Promise<Finding> {
  try {
    return await check()
  } catch (error) {
    return { status: 'warning', found: `could not be looked at: ${(error as Error).message}` }
  }
}

type Finding = Omit<MachineCheck, 'name'>

function checkNode(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const isOld = major < NODE.major || (major === NODE.major && minor < NODE.minor)
  if (!isOld) return { status: 'ok', found: version }
  return { status: 'failed', found: `${version}; ${NODE.major}.${NODE.minor} or newer is needed` }
}

async function checkHome(home: string): Promise<Finding> {
  const existing = await nearestDirectory(home)
  const isFile = !(await stat(existing)).isDirectory()
  if (isFile) return { status: 'failed', found: `${existing} is a file; choose another with --home` }
  try {
    await access(existing, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch {
    return { status: 'failed', found: `${existing} may not be written to; choose another with --home` }
  }
  if (existing !== home) return { status: 'ok', found: `${home} is not there yet and can be made` }
  const { mode } = await stat(home)
  const isOpen = process.platform !== 'win32' && (mode & 0o077) !== 0 && (await readdir(home)).length > 0
  if (!isOpen) return { status: 'ok', found: home }
  return {
    status: 'warning',
    found: `${home} is open to others of this machine; close it with chmod 700 ${home}`
  }
}

async function checkDisk(home: string): Promise<Finding> {
  const { bavail, bsize } = await statfs(await nearestDirectory(home))
  const free = bavail * bsize
  const found = `${(free / 1e9).toFixed(1)} GB free`
  if (free >= WANTED_DISK_BYTES) return { status: 'ok', found }
  const status = free < LEAST_DISK_BYTES ? 'failed' : 'warning'
  return { status, found: `${found}; models, updates and the ledger may need more: free some` }
}

/** Invites expire by the clock, and proposers write theirs into commits. Nobody is asked for the right time. */
async function checkClock({ home, now }: CheckOptions): Promise<Finding> {
  const found = new Date(now).toISOString()
  const advice = 'set it, or have the system do so (NTP)'
  if (now < RELEASED) return { status: 'failed', found: `${found} is in the past; ${advice}` }
  const written = await newestWrite(home)
  if (written <= now + CLOCK_SLACK_MS) return { status: 'ok', found }
  const ahead = new Date(written).toISOString()
  return { status: 'warning', found: `${found}, yet files were written here at ${ahead}; ${advice}` }
}

async function checkTcp(): Promise<Finding> {
  const server = createServer()
  try {
    server.listen(0, '0.0.0.0')
    await once(server, 'listening')
    return { status: 'ok', found: 'can listen' }
  } catch (error) {
    return {
      status: 'failed',
      found: `cannot listen (${(error as Error).message}); others cannot dial this peer`
    }
  } finally {
    server.close()
  }
}

async function checkMdns(): Promise<Finding> {
  const socket = createSocket({ type: 'udp4', reuseAddr: true })
  try {
    socket.bind(MDNS.port)
    await once(socket, 'listening')
    socket.addMembership(MDNS.group)
    return { status: 'ok', found: 'can look for members on the local network' }
  } catch (error) {
    const found = `not here (${(error as Error).message}); name addresses with --bootstrap, or start with --no-mdns`
    return { status: 'warning', found }
  } finally {
    socket.close()
  }
}

/** The directory itself, else the nearest above it that exists. */
async function nearestDirectory(path: string): Promise<string> {
  try {
    await stat(path)
    return path
  } catch {
    const parent = dirname(path)
    return parent === path ? path : nearestDirectory(parent)
  }
}

/** When a file of the directory was last written, ms since the epoch; 0 for none. */
async function newestWrite(home: string): Promise<number> {
  try {
    const names = await readdir(home)
    const times = await Promise.all(names.map(async (name) => (await stat(join(home, name))).mtimeMs))
    return Math.max(0, ...times)
  } catch {
    // Not there yet, or not to be read: `checkHome` tells.
    return 0
  }
}
