/** Every backend, tried one after the other in processes of their own. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { backendNames } from '../../../src/compute/names.ts'
import type { BackendName } from '../../../src/compute/names.ts'
import type { StdioOptions } from 'node:child_process'
import type { ModelManifest } from '../../../src/model/task.ts'
import type { TrialOrder, TrialResult } from './trial.ts'

/** How one backend fared. */
export interface BackendDiagnosis {
  name: BackendName
  /** Whether it may train: it started, and computes what the reference does. */
  ok: boolean
  /** Null where it did not start. */
  version: string | null
  /** Why it may not, and what would help; null where it may. */
  reason: string | null
  /** Product of two square matrices with `size` rows; null where it may not train. */
  gflops: number | null
  size: number | null
  /** The same by two threads; null where the engine has one, or the machine. */
  gflopsOfTwo: number | null
  /** Milliseconds of a training step of a 784-200-200-10 network on 32 examples. */
  stepMs: number | null
  /** Milliseconds of a step of the federation's own model, where there is one. */
  ownStepMs: number | null
}

/** A backend that takes longer hangs: loading TensorFlow takes some seconds on a slow disk. */
const TRIAL_MS = 60_000
/** Characters of a dying process' last words. */
const MOST_WORDS = 300

export interface TryOptions {
  signal?: AbortSignal
  /** A model to try beside the reference. */
  manifest?: ModelManifest | null
}

export interface DiagnoseOptions extends TryOptions {
  /** Before each trial. */
  onTrial?(name: BackendName): void
}

/** Try all backends in the order of preference. Rejects only with the signal's reason. */
export async function diagnoseBackends(options: DiagnoseOptions = {}): Promise<BackendDiagnosis[]> {
  const found: BackendDiagnosis[] = []
  for (const name of backendNames) {
    options.signal?.throwIfAborted()
    options.onTrial?.(name)
    found.push(await diagnose(name, options))
  }
  return found
}

const UNKNOWN = { gflops: null, size: null, gflopsOfTwo: null, stepMs: null, ownStepMs: null }

async function diagnose(name: BackendName, options: TryOptions): Promise<BackendDiagnosis> {
  const result = await tryBackend(name, options)
  if (!result.ok) return { name, ...result, ...UNKNOWN }
  return { name, ...result, reason: null }
}

/** One trial. A process that ends without an answer is refused by how it ended. */
export async function tryBackend(
  name: string,
  { signal, manifest = null }: TryOptions = {}
): Promise<TrialResult> {
  const file = new URL(import.meta.url.endsWith('.ts') ? './trial.ts' : './trial.js', import.meta.url)
  const stdio: StdioOptions = ['ignore', 'ignore', 'pipe', 'ipc']
  const child = fork(file, [name], { stdio, execArgv: [], serialization: 'advanced' })
  child.send({ manifest } satisfies TrialOrder)
  let [words, result] = ['', null as TrialResult | null]
  child.stderr?.on('data', (chunk: Buffer) => (words = (words + chunk.toString()).slice(-MOST_WORDS)))
  child.on('message', (message: TrialResult) => (result = message))
  const timeout = AbortSignal.timeout(TRIAL_MS)
  const end = (): void => void child.kill('SIGKILL')
  for (const one of [timeout, signal]) one?.addEventListener('abort', end, { once: true })
  try {
    const [code, killedBy] = (await once(child, 'close')) as [number | null, string | null]
    signal?.throwIfAborted()
    const how = timeout.aborted ? `no answer in ${TRIAL_MS / 1000} s` : (killedBy ?? `exit code ${code}`)
    const last = words.trim().split('\n').pop() ?? ''
    const reason = `its process ended by itself: ${how}${last === '' ? '' : `, ${last}`}`
    return result ?? { ok: false, version: null, reason }
  } finally {
    signal?.removeEventListener('abort', end)
  }
}
