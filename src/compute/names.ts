/** The names of compute backends, apart from the backends: naming one loads none. */

/** All there are, in the order of preference. Those before `wasm` belong to a platform, which hands them in. */
export const backendNames = ['tfjs-node-gpu', 'tfjs-node', 'webgpu', 'wasm', 'cpu'] as const

export type BackendName = (typeof backendNames)[number]
