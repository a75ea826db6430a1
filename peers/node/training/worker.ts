/** The training thread: opens the data itself, trains, and answers calls by number. */
import { setImmediate } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { CID } from 'multiformats/cid'
import { noteSlower, withoutSlower } from '../compute/choices.ts'
import { startHelper } from '../compute/helpers.ts'
import { nodeBackends } from '../compute/index.ts'
import { toErrorMessage } from './messages.ts'
import type { Calls, CallName, Reply, Request, WorkerInit } from './messages.ts'
import type { HelperOptions } from '../../../src/compute/wasm/helpers/index.ts'
import type { Manifest } from '../../../src/federation/manifest/schema.ts'
import type { Dataset, DataSplit } from '../../../src/data/dataset.ts'
import type { Trainer } from '../../../src/training/types.ts'

const port = parentPort ?? notAThread()
const running = new Map<number, AbortController>()

function notAThread(): never {
  throw new Error('This file is the training thread; start it with startTrainingWorker()')
}

async function open({ manifest: cloned, data: options, backend, threads = 1 }: WorkerInit): Promise<Trainer> {
  const manifest = withCid(cloned)
  // Both are large: neither waits for the other to be loaded.
  const opening =
    options == null ? noData() : import('../data/open.ts').then(({ openData }) => openData(options, manifest))
  const loading = import('../../../src/training/trainer.ts')
  const [data, { createTrainer }] = await Promise.all([opening, loading])
  const yieldToEvents = (): Promise<void> => setImmediate()
  const choice = { manifest, threads, nowMs: Date.now() }
  // Who asks for one by name gets it, however slow.
  const backends = backend == null ? await withoutSlower(nodeBackends(), choice) : nodeBackends()
  const now = (): number => performance.now()
  const helpers = threads > 1 ? helpersOf(threads) : undefined
  const trainer = await createTrainer({ manifest, data, backend, backends, helpers, now, yieldToEvents })
  await noteSlower(trainer.info.attempts ?? [], choice)
  return trainer
}

/** This thread is one of them. */
const helpersOf = (threads: number): HelperOptions => ({
  count: threads - 1,
  start: startHelper,
  onLost: (error) => send({ kind: 'warning', error: toErrorMessage(error) })
})

const noData = (): DataSplit => {
  const nothing: Dataset = { size: 0, shape: [], read: () => undefined }
  return { train: nothing, test: nothing }
}

/** Cloning between threads leaves a CID's data, not its methods. */
function withCid(manifest: Manifest): Manifest {
  const { initial } = manifest.model
  if (!('cid' in initial)) return manifest
  const cid = CID.asCID(initial.cid) ?? initial.cid
  return { ...manifest, model: { ...manifest.model, initial: { cid } } }
}

function send(reply: Reply, transfer: ArrayBuffer[] = []): void {
  port.postMessage(reply, transfer)
}

function answer(trainer: Trainer, request: Request): void {
  if (request.kind === 'abort') {
    running.get(request.id)?.abort()
    return
  }
  const { id } = request
  const controller = new AbortController()
  running.set(id, controller)
  perform(trainer, request, controller.signal)
    .then((value) => send({ kind: 'done', id, value }, buffersOf(value)))
    .catch((error: unknown) => send({ kind: 'error', id, error: toErrorMessage(error) }))
    .finally(() => running.delete(id))
}

function perform(
  trainer: Trainer,
  request: Exclude<Request, { kind: 'abort' }>,
  signal: AbortSignal
): Promise<Calls[CallName]['reply']> {
  switch (request.kind) {
    case 'initialWeights':
      return trainer.initialWeights() as Promise<Float32Array<ArrayBuffer>>
    case 'evaluate':
      return trainer.evaluate(request.weights, { signal })
    case 'train': {
      const { id, job, wantsProgress } = request
      const onProgress = wantsProgress ? { onProgress: reporter(id) } : {}
      return trainer.train(job, { signal, ...onProgress })
    }
  }
}

const reporter =
  (id: number) =>
  (progress: Extract<Reply, { kind: 'progress' }>['progress']): void =>
    send({ kind: 'progress', id, progress })

/** Vectors move to the other thread; they are not copied. */
function buffersOf(value: Calls[CallName]['reply']): ArrayBuffer[] {
  if (value instanceof Float32Array) return [value.buffer]
  return 'delta' in value && value.delta instanceof Float32Array ? [value.delta.buffer as ArrayBuffer] : []
}

try {
  const trainer = await open(workerData as WorkerInit)
  port.on('message', (request: Request) => answer(trainer, request))
  send({ kind: 'ready', info: trainer.info })
} catch (error) {
  send({ kind: 'failed', error: toErrorMessage(error) })
}
