/** Runs a peer until its work is done, somebody says stop, or Ctrl-C: what `start` and `join` both end in. */
import { exitCodes, UserError } from '../output/exit.ts'
import { eventLine } from '../output/json.ts'
import { openLogger } from './logger.ts'
import { dataOf } from './options.ts'
import { passphraseFor } from './passphrase.ts'
import { startReporter } from './reporter.ts'
import type { CommandContext, GlobalOptions } from '../context.ts'
import type { HomeInfo } from '../library/types.ts'
import type { ExitCode } from '../output/exit.ts'
import type { RunOptions } from './options.ts'
import type { Peer, PeerInit } from '../../node/types.ts'

/**
 * Run the peer of a home directory.
 *
 * @returns 0 when the wanted round was reached or `murmur` was told to stop
 * @throws {InterruptedError} on Ctrl-C or SIGTERM, after the peer has left cleanly
 */
export async function runPeer(
  context: CommandContext,
  home: HomeInfo,
  options: RunOptions & GlobalOptions
): Promise<ExitCode> {
  const { logger, close } = openLogger(context, options)
  try {
    const init = await peerInit(context, home, options)
    const peer = await context.library.createPeer(logger == null ? init : { ...init, logger })
    return await superviseOne(context, peer, options)
  } finally {
    close()
  }
}

/** From here on the peer exists: whatever happens, it is stopped. */
async function superviseOne(
  context: CommandContext,
  peer: Peer,
  options: RunOptions & GlobalOptions
): Promise<ExitCode> {
  const asked = new AbortController()
  const reporter = startReporter(context, peer, options)
  let control: { stop(): Promise<void> } | undefined
  try {
    control = await context.library.serveControl({ home: options.home, peer, stop: () => asked.abort() })
    const signal = AbortSignal.any([context.signal, asked.signal])
    await Promise.race([peer.start(), aborted(signal)])
    if (options.json)
      context.stdout.write(eventLine('listen', context.now(), { addresses: peer.addresses() }))
    await workDone(context, peer, options, signal)
  } catch (error) {
    if (!asked.signal.aborted) throw error
  } finally {
    await control?.stop()
    await peer.stop()
    reporter.stop()
  }
  context.signal.throwIfAborted()
  return exitCodes.ok
}

async function workDone(
  context: CommandContext,
  peer: Peer,
  options: RunOptions,
  signal: AbortSignal
): Promise<void> {
  const bounded = options.untilRound != null || options.exitWhenFinished
  if (!bounded) return await aborted(signal)
  await peer.waitForRound(options.untilRound, { signal })
  await stayFor(context, peer, options.linger, signal)
}

/** Rejects with the signal's reason when it aborts. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason as Error)
    else signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
  })
}

/** Until nobody is connected any more, at most `lingerMs`. */
async function stayFor(
  context: CommandContext,
  peer: Peer,
  lingerMs: number,
  signal: AbortSignal
): Promise<void> {
  const until = context.now() + lingerMs
  const alone = (): boolean => !peer.status().members.some((member) => member.connected && !member.self)
  let stop: () => void = () => undefined
  const over = new Promise<void>((resolve) => {
    const check = (): void => {
      if (alone() || context.now() >= until) resolve()
    }
    stop = context.every(100, check)
    check()
  })
  try {
    await Promise.race([over, aborted(signal)])
  } finally {
    stop()
  }
}

async function peerInit(
  context: CommandContext,
  home: HomeInfo,
  options: RunOptions & GlobalOptions
): Promise<PeerInit> {
  const data = dataOf(options, context.cwd) ?? home.remembered.data
  if (data == null && options.train) {
    throw new UserError(
      'This peer has no data to train on. Say --data <path> (or --data demo:1 for generated digits), or --no-train.'
    )
  }
  const listen = options.listen ?? home.remembered.listen
  await context.library.remember(options.home, {
    ...(data == null ? {} : { data }),
    ...(listen == null ? {} : { listen })
  })
  const passphrase = await passphraseFor(context, options.home)
  const given = { passphrase, data, listen, bootstrap: options.bootstrap, metrics: options.metrics }
  const chosen = { ...given, backend: options.backend }
  return { home: options.home, mdns: options.mdns, train: options.train, ...withoutUndefined(chosen) }
}

function withoutUndefined<T extends object>(value: T): { [K in keyof T]?: NonNullable<T[K]> } {
  const entries = Object.entries(value).filter(([, inner]) => inner != null)
  return Object.fromEntries(entries) as { [K in keyof T]?: NonNullable<T[K]> }
}
