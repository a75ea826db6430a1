/** Runs a peer until its work is done, somebody says stop, or Ctrl-C: what `start` and `join` both end in. */
import { exitCodes, UserError } from '../output/exit.ts'
import { openLogger } from './logger.ts'
import { dataOf } from './options.ts'
import { passphraseFor } from './passphrase.ts'
import { startReporter } from './reporter.ts'
import type { CommandContext, GlobalOptions } from '../context.ts'
import type { HomeInfo, RememberedOptions } from '../library/types.ts'
import type { ExitCode } from '../output/exit.ts'
import type { RunOptions } from './options.ts'
import type { Reporter } from './reporter.ts'
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
    const chosen = chosenOptions(context, home, options)
    const init = await peerInit(context, chosen, options)
    const peer = await context.library.createPeer(logger == null ? init : { ...init, logger })
    return await superviseOne(context, peer, { ...options, chosen })
  } finally {
    close()
  }
}

/**
 * Data and addresses: as given, else those of the last start.
 *
 * @throws {UserError} there is nothing to train on, and training is wanted
 */
export function chosenOptions(
  context: CommandContext,
  home: Pick<HomeInfo, 'remembered'> | null,
  options: RunOptions
): RememberedOptions {
  const data = dataOf(options, context.cwd) ?? home?.remembered.data
  if (data == null && options.train) {
    throw new UserError(
      'This peer has no data to train on. Say --data <path> (or --data demo:1 for generated digits), or --no-train.'
    )
  }
  return withoutUndefined({ data, listen: options.listen ?? home?.remembered.listen })
}

type Supervised = RunOptions & GlobalOptions & { chosen: RememberedOptions }

/** From here on the peer exists: whatever happens, it is stopped. */
async function superviseOne(context: CommandContext, peer: Peer, options: Supervised): Promise<ExitCode> {
  const asked = new AbortController()
  const finished = federationFinished(peer)
  let reporter: Reporter | undefined
  let control: { stop(): Promise<void> } | undefined
  try {
    reporter = startReporter(context, peer, options)
    await context.library.remember(options.home, options.chosen)
    control = await context.library.serveControl({ home: options.home, peer, stop: () => asked.abort() })
    const signal = AbortSignal.any([context.signal, asked.signal])
    signal.throwIfAborted()
    await Promise.race([peer.start(), aborted(signal)])
    reporter.listening()
    await workDone(peer, options, finished, signal)
    await stayFor(context, peer, options.linger, signal)
  } catch (error) {
    if (!asked.signal.aborted) throw error
  } finally {
    await leave(peer, control, reporter)
  }
  context.signal.throwIfAborted()
  return exitCodes.ok
}

/** Every part is stopped, whatever becomes of the others. */
async function leave(
  peer: Peer,
  control: { stop(): Promise<void> } | undefined,
  reporter: Reporter | undefined
): Promise<void> {
  try {
    await control?.stop()
  } finally {
    await peer.stop().finally(() => reporter?.stop())
  }
}

/** Until what the options ask for is there. A target metric may finish the federation before the wanted round. */
async function workDone(
  peer: Peer,
  { untilRound, exitWhenFinished }: RunOptions,
  finished: Promise<void>,
  signal: AbortSignal
): Promise<void> {
  const ends = untilRound != null || exitWhenFinished ? [finished] : []
  const rounds = untilRound == null ? [] : [peer.waitForRound(untilRound, { signal })]
  await Promise.race([...ends, ...rounds, aborted(signal)])
}

/** Resolves when the last round is committed and the final model is measured, or cannot be. */
function federationFinished(peer: Peer): Promise<void> {
  return new Promise((resolve) => {
    peer.addEventListener('finished', () => resolve())
    peer.addEventListener('error', () => {
      if (peer.status().phase === 'finished') resolve()
    })
  })
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
  chosen: RememberedOptions,
  options: RunOptions & GlobalOptions
): Promise<PeerInit> {
  const { home, mdns, train, bootstrap, metrics, backend, threads } = options
  const passphrase = await passphraseFor(context, home)
  // Only a `--no-mdns` says anything: without it the configuration file decides.
  const engine = { backend, threads }
  const network = { bootstrap, metrics, mdns: mdns ? undefined : false }
  const given = withoutUndefined({ passphrase, ...network, ...engine })
  return { home, train, ...chosen, ...given }
}

function withoutUndefined<T extends object>(value: T): { [K in keyof T]?: NonNullable<T[K]> } {
  const entries = Object.entries(value).filter(([, inner]) => inner != null)
  return Object.fromEntries(entries) as { [K in keyof T]?: NonNullable<T[K]> }
}
