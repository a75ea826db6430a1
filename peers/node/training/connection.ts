/** One training thread: calls by number, each answered once, whatever happens to the thread. */
import { SHARE_ENV, Worker } from 'node:worker_threads'
import { TrainingWorkerError } from './errors.ts'
import { fromErrorMessage } from './messages.ts'
import type { WorkerOptions } from 'node:worker_threads'
import type { Calls, CallName, Reply, Request, WorkerInit } from './messages.ts'
import type { TrainerInfo, TrainingProgress } from '../../../src/training/types.ts'

export interface CallOptions {
  signal?: AbortSignal
  onProgress?(progress: TrainingProgress): void
  transfer?: ArrayBuffer[]
}

interface Pending {
  resolve(value: Calls[CallName]['reply']): void
  reject(error: unknown): void
  onProgress?(progress: TrainingProgress): void
}

/** A thread that is up, its data open. */
export class WorkerConnection {
  readonly info: TrainerInfo
  readonly #worker: Worker
  readonly #pending = new Map<number, Pending>()
  #lastId = 0
  /** Why no call can be answered any more. */
  #ended: Error | undefined

  constructor(worker: Worker, info: TrainerInfo, onEnd: () => void) {
    this.#worker = worker
    this.info = info
    worker.on('message', (reply: Reply) => this.#receive(reply))
    whenEnded(worker, (error) => {
      this.#end(error)
      onEnd()
    })
  }

  /** Rejects with the signal's reason as soon as it aborts; the thread is told, and stops within 200 ms. */
  call<K extends CallName>(
    kind: K,
    request: Calls[K]['request'],
    { signal, onProgress, transfer = [] }: CallOptions = {}
  ): Promise<Calls[K]['reply']> {
    signal?.throwIfAborted()
    if (this.#ended != null) return Promise.reject(this.#ended)
    const id = ++this.#lastId
    const reply = new Promise<Calls[CallName]['reply']>((resolve, reject) => {
      this.#pending.set(id, { resolve, reject, onProgress })
    })
    const onAbort = (): void => this.#abort(id, signal?.reason)
    signal?.addEventListener('abort', onAbort, { once: true })
    this.#worker.postMessage({ kind, id, ...request } as Request, transfer)
    return reply.finally(() => signal?.removeEventListener('abort', onAbort)) as Promise<Calls[K]['reply']>
  }

  /** End the thread; calls under way reject with `reason`. */
  async close(reason: Error): Promise<void> {
    this.#end(reason)
    await this.#worker.terminate()
  }

  #receive(reply: Reply): void {
    if (!('id' in reply)) return
    const call = this.#pending.get(reply.id)
    // Absent: it was aborted, and its caller has been told.
    if (call == null) return
    if (reply.kind === 'progress') {
      call.onProgress?.(reply.progress)
      return
    }
    this.#pending.delete(reply.id)
    if (reply.kind === 'done') call.resolve(reply.value)
    else call.reject(fromErrorMessage(reply.error))
  }

  #abort(id: number, reason: unknown): void {
    this.#worker.postMessage({ kind: 'abort', id } satisfies Request)
    this.#pending.get(id)?.reject(reason)
    this.#pending.delete(id)
  }

  #end(error: Error): void {
    this.#ended ??= error
    for (const call of this.#pending.values()) call.reject(this.#ended)
    this.#pending.clear()
  }
}

export interface ConnectionOptions {
  signal: AbortSignal
  onEnd(): void
  onWarning?(error: Error): void
}

/**
 * Start a thread and wait until it can be called.
 *
 * @param onEnd - called once if it ends later
 * @param onWarning - called with what it goes on without
 * @throws the error that kept it from starting (data, model or backend), under its own name
 */
export function openConnection(
  init: WorkerInit,
  { signal, onEnd, onWarning }: ConnectionOptions
): Promise<WorkerConnection> {
  signal.throwIfAborted()
  const file = import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js'
  // Libraries of engines read the process' variables, not a thread's copy of them.
  const options: WorkerOptions = { workerData: init, name: 'murmur-training', env: SHARE_ENV }
  const worker = new Worker(new URL(file, import.meta.url), options)
  return new Promise<WorkerConnection>((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error)
    signal.addEventListener('abort', onAbort, { once: true })
    whenEnded(worker, reject)
    worker.on('message', (reply: Reply) => {
      if (reply.kind === 'warning') onWarning?.(fromErrorMessage(reply.error))
      if (reply.kind !== 'ready' && reply.kind !== 'failed') return
      signal.removeEventListener('abort', onAbort)
      if (reply.kind === 'ready') resolve(new WorkerConnection(worker, reply.info, onEnd))
      else reject(fromErrorMessage(reply.error))
    })
  }).catch(async (error: unknown) => {
    await worker.terminate()
    throw error
  })
}

/** An uncaught error ends the thread; an exit without one is just as unexpected. Told once, by what comes first. */
function whenEnded(worker: Worker, callback: (error: Error) => void): void {
  const onError = (cause: Error): void => {
    worker.off('exit', onExit)
    callback(new TrainingWorkerError(`${cause.name}: ${cause.message}`, { cause }))
  }
  const onExit = (code: number): void => {
    worker.off('error', onError)
    callback(new TrainingWorkerError(`exit code ${code}`))
  }
  worker.once('error', onError)
  worker.once('exit', onExit)
}
