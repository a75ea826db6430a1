/**
 * Choosing what computes: each candidate is started and must pass a numeric check of what training will ask of it; the
 * first that does is used, and why the others were not is kept.
 */
import { enableProdMode, env, getBackend, ready, setBackend } from '@tensorflow/tfjs-core'
// Registers the gradients of all kernels; tfjs-core alone has none.
import '@tensorflow/tfjs-layers'
import { installTrainingKernels } from './wasm/index.ts'

export type BackendName = 'wasm' | 'cpu'

/** A way to compute. `start` makes it TensorFlow.js' active backend. */
export interface BackendCandidate {
  name: string
  start(): Promise<void>
}

/** How one candidate fared. */
export interface BackendAttempt {
  name: string
  /** Why it was not used; absent for the one that was. */
  reason?: string
  /** Time to start and check it. */
  durationMs: number
}

export interface ChosenBackend {
  name: string
  /** In the order tried; the last is the chosen one. */
  attempts: BackendAttempt[]
}

export interface ChooseOptions {
  /** Throws when the active backend computes what it should not. */
  check?(name: string): Promise<void>
  /** Milliseconds, from any origin. */
  now(): number
}

/** No candidate both started and passed its check. The message lists each with its reason. */
export class NoBackendError extends Error {
  static override name = 'NoBackendError'
  readonly attempts: BackendAttempt[]

  constructor(attempts: BackendAttempt[], options?: ErrorOptions) {
    const reasons = attempts.map(({ name, reason }) => `${name}: ${reason}`).join('; ')
    super(`No compute backend passed its self-check (${reasons}). Reinstall, or report the reasons`, options)
    this.name = 'NoBackendError'
    this.attempts = attempts
  }
}

/** TensorFlow.js would not make a backend active. */
export class BackendStartError extends Error {
  static override name = 'BackendStartError'

  constructor(name: string, found: string) {
    super(`Backend '${name}' did not start: '${found || 'none'}' is active. Is its package installed whole?`)
    this.name = 'BackendStartError'
  }
}

/** Where the `.wasm` files lie; default: beside the package's code. A path or URL ending in '/'. */
export interface WasmOptions {
  wasmDirectory?: string
  /** False: TensorFlow.js' own kernels alone, for comparison. Decided by the first start on a thread. */
  trainingKernels?: boolean
}

/** The candidates in the order of preference: wasm (SIMD, one thread, our training kernels), then cpu. */
export function backendCandidates(options: WasmOptions = {}): BackendCandidate[] {
  return [
    { name: 'wasm', start: () => startWasm(options) },
    { name: 'cpu', start: startCpu }
  ]
}

/** Make one backend active, without a check. */
export async function startBackend(name: BackendName, options: WasmOptions = {}): Promise<void> {
  return name === 'wasm' ? startWasm(options) : startCpu()
}

/**
 * Start the candidates in turn until one passes `check`; it is then the active backend.
 *
 * @throws {NoBackendError} none did
 */
export async function chooseBackend(
  candidates: readonly BackendCandidate[],
  options: ChooseOptions
): Promise<ChosenBackend> {
  const attempts: BackendAttempt[] = []
  let cause: unknown
  for (const candidate of candidates) {
    const startedAt = options.now()
    try {
      await candidate.start()
      await options.check?.(candidate.name)
      attempts.push({ name: candidate.name, durationMs: options.now() - startedAt })
      return { name: candidate.name, attempts }
    } catch (error) {
      cause = error
      const reason = error instanceof Error ? error.message : String(error)
      attempts.push({ name: candidate.name, reason, durationMs: options.now() - startedAt })
    }
  }
  throw new NoBackendError(attempts, { cause })
}

async function startWasm({ wasmDirectory, trainingKernels = true }: WasmOptions): Promise<void> {
  const wasm = await import('@tensorflow/tfjs-backend-wasm')
  // Threads would need a worker's worker, and their sums depend on scheduling.
  env().set('WASM_HAS_MULTITHREAD_SUPPORT', false)
  if (wasmDirectory != null) wasm.setWasmPaths(wasmDirectory)
  await withoutProcessHandlers(() => activate('wasm'))
  if (trainingKernels) await installTrainingKernels()
}

async function startCpu(): Promise<void> {
  await import('@tensorflow/tfjs-backend-cpu')
  await activate('cpu')
}

async function activate(name: BackendName): Promise<void> {
  // No advice on the console, no debugging checks in each operation.
  enableProdMode()
  const started = await setBackend(name)
  if (!started || getBackend() !== name) throw new BackendStartError(name, getBackend())
  await ready()
}

/** Emscripten makes any uncaught error of the whole process its own, and rethrows it: take its handlers off again. */
async function withoutProcessHandlers(start: () => Promise<void>): Promise<void> {
  const host = (globalThis as { process?: ProcessEvents }).process
  if (typeof host?.listeners !== 'function') return start()
  const before = processErrors.map((event) => host.listeners(event))
  try {
    await start()
  } finally {
    for (const [i, event] of processErrors.entries())
      for (const listener of host.listeners(event))
        if (!before[i].includes(listener)) host.removeListener(event, listener)
  }
}

const processErrors = ['uncaughtException', 'unhandledRejection'] as const

/** The part of Node.js' `process` used here; browsers have none. */
interface ProcessEvents {
  listeners(event: string): unknown[]
  removeListener(event: string, listener: unknown): void
}
