/** GPUs by WebGPU: Dawn in the package `webgpu`, kernels in `@tensorflow/tfjs-backend-webgpu`. Both are optional. */
import { BackendAbsentError } from '../../../src/compute/backend.ts'
import { findPackage } from './cache.ts'
import type { BackendCandidate } from '../../../src/compute/backend.ts'

const PACKAGES = ['webgpu', '@tensorflow/tfjs-backend-webgpu']

/** The candidate; nothing is loaded before its start. */
export function webgpuBackend(): BackendCandidate {
  return { name: 'webgpu', start }
}

async function start(): Promise<void> {
  const missing = PACKAGES.filter((name) => findPackage(name) == null)
  if (missing.length > 0) {
    const found = `not installed (${missing.join(' and ')})`
    throw new BackendAbsentError(found, `with a GPU: npm install ${PACKAGES.join(' ')} beside murmuration`)
  }
  await Promise.resolve()
  throw new BackendAbsentError(
    'installed, but training reads results while it computes',
    'WebGPU cannot; wait for it'
  )
}
