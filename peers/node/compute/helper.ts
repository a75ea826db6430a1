/** A helper thread: computes parts of large matrix products, and nothing else. Started by helpers.ts. */
import { parentPort, workerData } from 'node:worker_threads'
import { serve } from '../../../src/compute/wasm/helpers/serve.ts'
import type { HelperInit } from '../../../src/compute/wasm/helpers/serve.ts'

parentPort?.postMessage('up')
serve(workerData as HelperInit)
