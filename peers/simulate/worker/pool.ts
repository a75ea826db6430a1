/** Threads that take jobs from one queue, each one job at a time. */
import { Worker } from 'node:worker_threads'
import { orAborted } from '../../../src/turns.ts'
import type { EvaluateJob, Job, Reply, Request, Results, TrainJob, WorkerInit } from './messages.ts'
import type { Metrics } from '../../../src/federation/records.ts'

/** A thread of the simulation ended, or failed at what it was told to do. */
export class SimulationThreadError extends Error {
  static override name = 'SimulationThreadError'

  constructor(what: string, options?: ErrorOptions) {
    super(`A thread of the simulation failed: ${what}`, options)
    this.name = 'SimulationThreadError'
  }
}

interface Waiting {
  job: Job
  resolve(value: Results[Job['kind']]): void
  reject(error: unknown): void
}

interface Thread {
  worker: Worker
  /** What it works on; null while it has nothing to do. */
  busy: (Waiting & { id: number }) | null
}

/** A number of threads with the same examples and weights. */
export interface Pool {
  /** What computes, e.g. 'wasm'. */
  readonly backend: string
  train(job: TrainJob): Promise<Results['train']>
  evaluate(job: EvaluateJob): Promise<Metrics>
  close(): Promise<void>
}

/**
 * Start threads. They keep the process alive until `close()`.
 *
 * @throws {SimulationThreadError} a thread did not start
 */
export async function openPool(init: WorkerInit, threads: number, signal?: AbortSignal): Promise<Pool> {
  signal?.throwIfAborted()
  const pool = new ThreadPool(init, threads)
  try {
    await (signal == null ? pool.started : orAborted(pool.started, signal))
    return pool
  } catch (error) {
    await pool.close()
    throw error
  }
}

class ThreadPool implements Pool {
  backend = ''
  readonly started: Promise<void>
  readonly #threads: Thread[]
  readonly #queue: Waiting[] = []
  #lastId = 0
  /** Why no job is taken any more. */
  #ended: Error | null = null

  constructor(init: WorkerInit, threads: number) {
    this.#threads = Array.from({ length: threads }, () => ({ worker: startWorker(init), busy: null }))
    this.started = Promise.all(this.#threads.map((thread) => this.#watch(thread))).then(() => undefined)
    // Whoever opens the pool is told; a thread that fails after another one did has nobody to tell.
    this.started.catch(() => undefined)
  }

  train(job: TrainJob): Promise<Results['train']> {
    return this.#add(job) as Promise<Results['train']>
  }

  evaluate(job: EvaluateJob): Promise<Metrics> {
    return this.#add(job) as Promise<Metrics>
  }

  async close(): Promise<void> {
    this.#end(new SimulationThreadError('it was stopped'))
    await Promise.all(this.#threads.map(({ worker }) => worker.terminate()))
  }

  #add(job: Job): Promise<Results[Job['kind']]> {
    if (this.#ended != null) return Promise.reject(this.#ended)
    return new Promise((resolve, reject) => {
      this.#queue.push({ job, resolve, reject })
      const idle = this.#threads.find(({ busy }) => busy == null)
      if (idle != null) this.#next(idle)
    })
  }

  #next(thread: Thread): void {
    const waiting = this.#queue.shift()
    thread.busy = waiting == null ? null : { ...waiting, id: ++this.#lastId }
    if (thread.busy == null) return
    const { id, job } = thread.busy
    thread.worker.postMessage({ id, job } satisfies Request)
  }

  /** Resolves once the thread is up. */
  #watch(thread: Thread): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (error: Error): void => {
        this.#end(error)
        reject(error)
      }
      thread.worker.on('error', (cause) => end(new SimulationThreadError(String(cause), { cause })))
      thread.worker.on('exit', (code) => end(new SimulationThreadError(`exit code ${code}`)))
      thread.worker.on('message', (reply: Reply) => {
        if (reply.kind === 'done') return this.#done(thread, reply)
        if (reply.kind === 'error') return end(errorOf(reply))
        this.backend = reply.backend
        resolve()
      })
    })
  }

  #done(thread: Thread, { value }: Extract<Reply, { kind: 'done' }>): void {
    const { busy } = thread
    this.#next(thread)
    busy?.resolve(value)
  }

  #end(error: Error): void {
    this.#ended ??= error
    const busy = this.#threads.flatMap((thread) => thread.busy ?? [])
    for (const { reject } of [...busy, ...this.#queue.splice(0)]) reject(this.#ended)
  }
}

function startWorker(init: WorkerInit): Worker {
  const file = import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js'
  return new Worker(new URL(file, import.meta.url), { workerData: init, name: 'murmur-simulate' })
}

/** Under the name that it had in its thread, for what a person can mend. */
function errorOf({ name, message, stack }: Extract<Reply, { kind: 'error' }>): Error {
  const error = new Error(message)
  error.name = name
  if (stack != null) error.stack = stack
  return error
}
