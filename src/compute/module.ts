/** Our own WebAssembly modules: they come as base64 in the sources, so that nothing has to be fetched. */
import { fromString } from 'uint8arrays/from-string'

/** A module's bytes; null where the engine cannot run it. */
export function runnable(base64: string): Uint8Array<ArrayBuffer> | null {
  const bytes = new Uint8Array(fromString(base64, 'base64pad'))
  return WebAssembly.validate(bytes) ? bytes : null
}
