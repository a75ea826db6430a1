/** Starting the backends that are always there, and what they have in common with those of a platform. */
import { enableProdMode, env, getBackend, ready, setBackend, version_core } from '@tensorflow/tfjs-core'
// Registers the gradients of all kernels; tfjs-core alone has none.
import '@tensorflow/tfjs-layers'
import { employHelpers, installedPack, installTrainingKernels } from './wasm/index.ts'
import type { BackendCandidate } from './choose.ts'
import type { BackendName } from './names.ts'
import type { HelperOptions } from './wasm/helpers/index.ts'

/** Those that need nothing but what murmuration depends on. */
export type EmbeddedBackend = Extract<BackendName, 'wasm' | 'cpu'>

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
  /** Threads that help with products of large matrices. Default: none. Of the first start with any, until they are dismissed. */
  helpers?: HelperOptions
}

/** The candidates that are always there: wasm (SIMD, one thread, our training kernels), then cpu. */
export function backendCandidates(options: WasmOptions = {}): BackendCandidate[] {
  return [
    { name: 'wasm', start: () => startWasm(options), version: wasmVersion },
    { name: 'cpu', start: startCpu, version: () => `${version_core}, plain JavaScript`, isLastResort: true }
  ]
}

/** Make one of the embedded backends active, without a check. */
export async function startBackend(name: EmbeddedBackend, options: WasmOptions = {}): Promise<void> {
  return name === 'wasm' ? startWasm(options) : startCpu()
}

async function startWasm({ wasmDirectory, trainingKernels = true, helpers }: WasmOptions): Promise<void> {
  const wasm = await import('@tensorflow/tfjs-backend-wasm')
  // Threads would need a worker's worker, and their sums depend on scheduling.
  env().set('WASM_HAS_MULTITHREAD_SUPPORT', false)
  if (wasmDirectory != null) wasm.setWasmPaths(wasmDirectory)
  await withoutProcessHandlers(() => activate('wasm'))
  if (trainingKernels) await installTrainingKernels()
  if (helpers != null) await employHelpers(helpers)
}

async function startCpu(): Promise<void> {
  await import('@tensorflow/tfjs-backend-cpu')
  await activate('cpu')
}

function wasmVersion(): string {
  const pack = installedPack()
  const kernels =
    pack == null ? 'stock kernels' : `kernel pack${pack.hasFma ? ' with fused multiply-add' : ''}`
  return `${version_core}, ${kernels}`
}

/**
 * Make a backend that is registered with TensorFlow.js the active one.
 *
 * @throws {BackendStartError}
 */
export async function activate(name: string): Promise<void> {
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
