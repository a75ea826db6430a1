/** TensorFlow's own library by `@tensorflow/tfjs-node`: built into the cache, or as a package beside murmuration. */
import { createRequire } from 'node:module'
import util from 'node:util'
import { join } from 'node:path'
import { registerBackend } from '@tensorflow/tfjs-core'
import { activate } from '../../../../src/compute/backend.ts'
import { BackendAbsentError } from '../../../../src/compute/choose.ts'
import { findPackage } from '../cache.ts'
import { findNative } from './folder.ts'
import { shareEngine } from './stub.ts'
import { checkOnce } from './trust.ts'
import type { KernelBackend } from '@tensorflow/tfjs-core'
import type { BackendCandidate } from '../../../../src/compute/choose.ts'
import type { BackendName } from '../../../../src/compute/names.ts'
import type { NativeFolder } from './folder.ts'

type NativeName = Extract<BackendName, 'tfjs-node' | 'tfjs-node-gpu'>

/** The name under which both register with TensorFlow.js. */
const ENGINE = 'tensorflow'

/** Read by the library when it is loaded. One thread: faster for small models, and several peers share a machine. */
const SETTINGS = { TF_CPP_MIN_LOG_LEVEL: '2', TF_NUM_INTRAOP_THREADS: '1', TF_NUM_INTEROP_THREADS: '1' }

const ADVICE = {
  'tfjs-node': 'murmur doctor --install builds it (npm run setup:native)',
  'tfjs-node-gpu': 'with an NVIDIA GPU and CUDA: npm install @tensorflow/tfjs-node-gpu beside murmuration'
}

/** The compiled half, as far as it is asked here. */
interface Binding {
  TF_Version: string
}

let loaded: { name: NativeName; version: string } | undefined

export interface NativeOptions {
  /** In a process that may be brought down: load it without having tried it in another one. */
  isTrial?: boolean
}

/** The candidate; nothing is loaded before its start. One of both a thread. */
export function nativeBackend(name: NativeName, { isTrial = false }: NativeOptions = {}): BackendCandidate {
  return {
    name,
    start: () => start(name, isTrial),
    version: () => (loaded?.name === name ? loaded.version : 'not loaded')
  }
}

async function start(name: NativeName, isTrial: boolean): Promise<void> {
  if (loaded == null) {
    const folder = findNative(name)
    if (folder == null) throw new BackendAbsentError(whatIsThere(name), ADVICE[name])
    if (!isTrial) await checkOnce(name, folder)
    loaded = { name, version: load(name, folder) }
  }
  if (loaded.name !== name)
    throw new BackendAbsentError(`${loaded.name} is in its place`, 'ask for one of both')
  await activate(ENGINE)
}

function whatIsThere(name: NativeName): string {
  const isHalf = findPackage(`@tensorflow/${name}/package.json`) != null
  return isHalf ? 'installed without its compiled half (its install script did not run)' : 'not installed'
}

/** @returns the versions of both halves */
function load(name: NativeName, { path, binding, version }: NativeFolder): string {
  for (const [key, value] of Object.entries(SETTINGS)) process.env[key] ??= value
  restoreHelpers()
  shareEngine()
  const require = createRequire(join(path, 'package.json'))
  const native = require(binding) as Binding
  const { NodeJSKernelBackend } = require('./dist/nodejs_kernel_backend.js') as {
    NodeJSKernelBackend: new (binding: Binding, packageName: string) => KernelBackend
  }
  registerBackend(ENGINE, () => new NodeJSKernelBackend(native, `@tensorflow/${name}`))
  require('./dist/register_all_kernels.js')
  return `${version}, TensorFlow ${native.TF_Version}`
}

/** The binding's JavaScript asks `util` for two functions that Node.js 23 took away, and of which those before warn. */
function restoreHelpers(): void {
  const helpers = util as unknown as Record<string, unknown>
  helpers['isNullOrUndefined'] = (value: unknown) => value == null
  helpers['isArray'] = (value: unknown) => Array.isArray(value)
}
