/** The names of compute backends, apart from the backends: naming one loads none. */

/** All there are, in the order of preference. Those before `wasm` belong to a platform, which hands them in. */
export const backendNames = ['tfjs-node-gpu', 'tfjs-node', 'webgpu', 'wasm', 'cpu'] as const

/** Threads of one peer that train, at most: what is copied for them grows with their number. */
export const MAX_THREADS = 16

export type BackendName = (typeof backendNames)[number]
