/** GPUs by WebGPU: Dawn in the package `webgpu`, kernels in `@tensorflow/tfjs-backend-webgpu`. Both are optional. */
import { dirname } from 'node:path'
import { readFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { activate } from '../../../src/compute/backend.ts'
import { BackendAbsentError } from '../../../src/compute/choose.ts'
import { findPackage } from './cache.ts'
import { checkOnce } from './native/trust.ts'
import type { BackendCandidate } from '../../../src/compute/choose.ts'

const DAWN = 'webgpu'
const KERNELS = '@tensorflow/tfjs-backend-webgpu'

/** Set: a renderer in software will do. For tests of function on machines without a GPU; it is slower than WebAssembly. */
export const SOFTWARE_VARIABLE = 'MURMUR_WEBGPU_SOFTWARE'

/** The parts of WebGPU that are used here. */
interface Adapter {
  info: { vendor: string; architecture: string; description: string; isFallbackAdapter?: boolean }
}
interface Gpu {
  requestAdapter(options?: { powerPreference?: string }): Promise<Adapter | null>
}
interface Dawn {
  create(options: string[]): Gpu
  globals: object
}

let loaded: string | undefined

export interface WebgpuOptions {
  /** In a process that may be brought down: load it without having tried it in another one. */
  isTrial?: boolean
}

/** The candidate; nothing is loaded before its start. */
export function webgpuBackend({ isTrial = false }: WebgpuOptions = {}): BackendCandidate {
  return { name: 'webgpu', start: () => start(isTrial), version: () => loaded ?? 'not loaded' }
}

async function start(isTrial: boolean): Promise<void> {
  if (loaded == null) {
    const [dawn, kernels] = [DAWN, KERNELS].map((name) => findPackage(name))
    if (dawn == null || kernels == null) {
      const missing = [dawn == null ? DAWN : null, kernels == null ? KERNELS : null].filter(
        (name) => name != null
      )
      const advice = `with a GPU: npm install ${DAWN} ${KERNELS} beside murmuration`
      throw new BackendAbsentError(`not installed (${missing.join(' and ')})`, advice)
    }
    const folder = { path: dirname(dawn), version: versionOf(dawn) }
    if (!isTrial) await checkOnce('webgpu', folder)
    loaded = await load(dawn, kernels)
  }
  await activate('webgpu')
}

/** @returns what computes */
async function load(dawn: string, kernels: string): Promise<string> {
  const { create, globals } = (await import(pathToFileURL(dawn).href)) as Dawn
  const gpu = create([])
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' })
  if (adapter == null)
    throw new BackendAbsentError('no GPU that Dawn can use', 'if there is one, install its Vulkan driver')
  const { vendor, architecture, description, isFallbackAdapter } = adapter.info
  const device = description || `${vendor} ${architecture}`
  if (isFallbackAdapter === true && process.env[SOFTWARE_VARIABLE] == null)
    throw new BackendAbsentError(`only a renderer in software (${device})`, 'it is slower than WebAssembly')
  // What a page has, for the kernels' code.
  Object.assign(globalThis, globals)
  Object.defineProperty(globalThis.navigator, 'gpu', { value: gpu, configurable: true })
  await import(pathToFileURL(kernels).href)
  return `${versionOf(kernels)}, Dawn ${versionOf(dawn)}, ${device}`
}

/** Of the package that a file belongs to. */
function versionOf(file: string): string {
  for (let folder = dirname(file); folder !== dirname(folder); folder = dirname(folder)) {
    try {
      const text = readFileSync(`${folder}/package.json`, 'utf8')
      const { version } = JSON.parse(text) as { version?: string }
      if (version != null) return version
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
  }
  return 'of unknown version'
}
