/** The compute backends that only Node.js has: each found when it is asked for, none a dependency. */
import { nativeBackend } from './native/backend.ts'
import { webgpuBackend } from './webgpu.ts'
import type { NativeOptions } from './native/backend.ts'
import type { BackendCandidate } from '../../../src/compute/choose.ts'

/** In the order of preference; they come before the embedded ones. Nothing is loaded yet. */
export function nodeBackends(options: NativeOptions = {}): BackendCandidate[] {
  return [
    nativeBackend('tfjs-node-gpu', options),
    nativeBackend('tfjs-node', options),
    webgpuBackend(options)
  ]
}
