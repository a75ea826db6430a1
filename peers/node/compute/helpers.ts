/** Helper threads of this platform: see src/compute/wasm/helpers. */
import { Worker } from 'node:worker_threads'
import type { HelperThread, StartHelper } from '../../../src/compute/wasm/helpers/index.ts'

/** Start one. It does not keep the process alive, and ends with the thread that started it. */
export const startHelper: StartHelper = (init, onEnd) => {
  const file = import.meta.url.endsWith('.ts') ? './helper.ts' : './helper.js'
  const worker = new Worker(new URL(file, import.meta.url), { workerData: init, name: 'murmur-helper' })
  let isStopped = false
  const stop = async (): Promise<void> => {
    isStopped = true
    await worker.terminate()
  }
  return new Promise<HelperThread>((resolve, reject) => {
    const ended = (cause: Error): void => {
      reject(cause)
      if (!isStopped) onEnd(cause)
      isStopped = true
    }
    worker.once('error', ended)
    worker.once('exit', (code) => ended(new Error(`exit code ${code}`)))
    worker.once('message', () => {
      worker.unref()
      resolve({ stop })
    })
  })
}
