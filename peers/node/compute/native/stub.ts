/**
 * One TensorFlow.js for both: the binding's JavaScript asks for the package `@tensorflow/tfjs`, which would bring copies of
 * all that is loaded already. In the cache that name stands for whatever murmuration itself uses.
 */
import { createRequire } from 'node:module'

const KEY = 'murmuration.tfjs'

/** The whole of the stand-in package's code. */
export const stubSource = `// Written by murmuration: its own TensorFlow.js, see shareEngine().
module.exports = globalThis[Symbol.for('${KEY}')]
`

/** Put it where the stand-in finds it. */
export function shareEngine(): void {
  const require = createRequire(import.meta.url)
  const shared = globalThis as unknown as Record<symbol, unknown>
  shared[Symbol.for(KEY)] ??= require('@tensorflow/tfjs-core') as unknown
}
