/** The demo's federation: real processes, a real invite, until all have finished. */
import { UserError } from '../../output/exit.ts'
import { startChild } from './child.ts'
import type { CommandContext } from '../../context.ts'
import type { BackendName } from '../../../../src/compute/names.ts'
import type { DataOptions } from '../../../node/types.ts'
import type { Child, ChildEvent } from './child.ts'

export interface FederationInit {
  context: CommandContext
  /** State directories; the first is founded already. */
  homes: string[]
  data: DataOptions[]
  /** What all train on; default: what each finds best. */
  backend?: BackendName
  threads?: number
  onEvent(index: number, event: ChildEvent): void
}

/** What came of it. */
export interface FederationRun {
  /** The model all agree on, layout order. */
  weights: Float32Array
  peers: { commit: string; bytesOut: number }[]
  /** Mean over the rounds. */
  secondsPerRound: number
}

/** An hour is enough for every joiner to use the invite. */
const INVITE_MS = 3_600_000

/** Run it. All children are gone when this settles, however it ends. */
export async function runFederation(init: FederationInit): Promise<FederationRun> {
  const { context, homes } = init
  const children: Child[] = []
  const roundMs: number[] = []
  const start = (index: number, args: string[]): Child => {
    const onEvent = (event: ChildEvent): void => {
      if (index === 0 && event.event === 'commit') noteRound(event, roundMs)
      init.onEvent(index, event)
    }
    const { self, env } = context
    const child = startChild({ self, name: `peer ${index + 1}`, args, env, onEvent })
    children.push(child)
    return child
  }
  try {
    const founder = start(0, ['start', ...runArgs(init, 0)])
    const invite = await within(context.signal, invitation(context, founder, homes))
    homes.slice(1).forEach((_, i) => start(i + 1, ['join', invite, '--yes', ...runArgs(init, i + 1)]))
    await within(context.signal, allFinished(children))
    return await collect(context, homes, roundMs)
  } finally {
    await Promise.all(children.map((child) => child.stop()))
  }
}

function runArgs({ homes, data, backend, threads }: FederationInit, index: number): string[] {
  const { path, part } = data[index] ?? { path: '' }
  const split = part == null ? [] : ['--part', `${part.index + 1}/${part.count}`]
  const local = ['--listen', '/ip4/127.0.0.1/tcp/0', '--no-mdns']
  const engine = backend == null ? [] : ['--backend', backend]
  const more = threads == null ? [] : ['--threads', String(threads)]
  return ['--home', homes[index] ?? '', '--data', path, ...split, ...local, ...engine, ...more]
}

/** The founder's own invite, good for all the others. */
async function invitation(context: CommandContext, founder: Child, homes: string[]): Promise<string> {
  await founder.waitFor('listen')
  const peer = await context.library.connect(homes[0] ?? '')
  if (peer == null) throw new UserError(`${founder.name} runs but does not answer on its control socket.`)
  try {
    return await peer.invite({ maxUses: homes.length - 1, expiresInMs: INVITE_MS })
  } finally {
    await peer.close()
  }
}

async function allFinished(children: Child[]): Promise<void> {
  const finished = Promise.all(children.map((child) => child.waitFor('finished')))
  await Promise.race([finished, ...children.map((child) => child.failed)])
}

/** Ask every peer, while all still run, where it ended. */
async function collect(context: CommandContext, homes: string[], roundMs: number[]): Promise<FederationRun> {
  const peers = []
  let weights = new Float32Array()
  for (const [index, home] of homes.entries()) {
    const peer = await context.library.connect(home)
    if (peer == null)
      throw new UserError(`peer ${index + 1} finished but does not answer on its control socket.`)
    try {
      const { commit, bytesOut } = await peer.status()
      if (index === 0) weights = new Float32Array(await peer.weights())
      peers.push({ commit: commit ?? 'none', bytesOut })
    } finally {
      await peer.close()
    }
  }
  const total = roundMs.reduce((sum, ms) => sum + ms, 0)
  return { weights, peers, secondsPerRound: total / Math.max(1, roundMs.length) / 1000 }
}

/** Only commits that complete a training round count for the mean. */
function noteRound(event: ChildEvent, roundMs: number[]): void {
  if (Number(event['round']) > roundMs.length) roundMs.push(Number(event['roundMs']))
}

/** The work, or the signal's reason as soon as it aborts. */
async function within<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  signal.throwIfAborted()
  let abort: () => void = () => undefined
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason as Error)
    signal.addEventListener('abort', abort, { once: true })
  })
  try {
    return await Promise.race([work, aborted])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
