/** The threads of a simulation and what they have in memory: kept from variant to variant for as long as these need the same. */
import { availableParallelism } from 'node:os'
import { layoutOf } from '../../src/model/layout.ts'
import { planFor } from '../../src/model/task.ts'
import { dataKey, loadData } from './data/load.ts'
import { shared } from './data/shared.ts'
import { manifestOf } from './plan/parse.ts'
import { openPool } from './worker/pool.ts'
import type { BackendName } from '../../src/compute/names.ts'
import type { DataPlace, LoadedData } from './data/load.ts'
import type { Plan } from './plan/schema.ts'
import type { Pool } from './worker/pool.ts'

export interface ThreadsInit extends DataPlace {
  /** Default: one a core. */
  workers?: number
  /** Default: wasm, which is everywhere: another one computes other last bits. */
  backend?: BackendName
  signal: AbortSignal
}

/** Threads that are up, and what they share. */
export interface Threads {
  pool: Pool
  count: number
  data: LoadedData
  /** The model that the threads see. */
  weights: Float32Array<SharedArrayBuffer>
}

/** Starts threads when they are needed, and stops them when others are. */
export class ThreadKeeper {
  readonly #init: ThreadsInit
  #data: { key: string; loading: Promise<LoadedData> } | null = null
  #threads: { key: string; started: Threads } | null = null

  constructor(init: ThreadsInit) {
    this.#init = init
  }

  /** Threads for the runs of a plan. Those of the call before are stopped, unless they are the same. */
  async threadsFor(plan: Plan): Promise<Threads> {
    const { task, model, training, exchange } = manifestOf(plan, 1)
    const key = JSON.stringify([dataKey(plan), task, model, training, exchange])
    if (this.#threads?.key === key) return this.#threads.started
    await this.close()
    const { backend = 'wasm', signal, workers } = this.#init
    const data = await this.#load(plan)
    const weights = shared(layoutOf(planFor({ task, model, training })).size)
    const { train, test } = data
    const count = workers ?? availableParallelism()
    const init = { manifest: { task, model, training, exchange }, train, test, weights, backend }
    const started = { pool: await openPool(init, count, signal), count, data, weights }
    this.#threads = { key, started }
    return started
  }

  async close(): Promise<void> {
    const threads = this.#threads
    this.#threads = null
    await threads?.started.pool.close()
  }

  /** Keeps the data of one plan, for those after it that have the same. */
  #load(plan: Plan): Promise<LoadedData> {
    const key = dataKey(plan)
    if (this.#data?.key !== key) this.#data = { key, loading: loadData(plan, this.#init) }
    return this.#data.loading
  }
}
