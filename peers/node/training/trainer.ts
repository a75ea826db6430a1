/** A trainer in a thread of its own, so that training never blocks the peer's event loop. */
import { TrainerStoppedError } from '../../../src/training/errors.ts'
import { orAborted } from '../../../src/turns.ts'
import { openConnection } from './connection.ts'
import type { WorkerConnection } from './connection.ts'
import type { WorkerInit } from './messages.ts'
import type { Metrics } from '../../../src/federation/records.ts'
import type {
  Trainer,
  TrainerInfo,
  TrainingJob,
  TrainingResult,
  TrainOptions
} from '../../../src/training/types.ts'

export interface TrainingWorkerInit extends WorkerInit {
  /** Stops the start. */
  signal?: AbortSignal
  /** Called with what training goes on without, such as a thread that helps. */
  onWarning?(error: Error): void
}

/**
 * Start a thread that opens the data and trains on it. The thread keeps the process alive until `stop()`.
 *
 * @param open - how threads are started, for tests
 * @throws {DataError | InvalidTopologyError | …} what the data, the model or the backend did not allow, by its own name
 * @throws {TrainingWorkerError} the thread ended
 */
export async function startTrainingWorker(init: TrainingWorkerInit, open = openConnection): Promise<Trainer> {
  const { signal, onWarning, ...workerInit } = init
  const openWarned: typeof open = (of, options) => open(of, { ...options, onWarning })
  const trainer = new WorkerTrainer(workerInit, openWarned)
  await trainer.start(signal)
  return trainer
}

class WorkerTrainer implements Trainer {
  readonly #init: WorkerInit
  readonly #openConnection: typeof openConnection
  /** Absent after the thread crashed: the next call starts another. */
  #connection: Promise<WorkerConnection> | undefined
  #info: TrainerInfo | undefined
  readonly #stopping = new AbortController()

  constructor(init: WorkerInit, open: typeof openConnection) {
    this.#init = init
    this.#openConnection = open
  }

  get info(): TrainerInfo {
    if (this.#info == null) throw new Error('The training thread is not up yet; await start() first')
    return this.#info
  }

  async start(signal?: AbortSignal): Promise<void> {
    try {
      await this.#connected(signal)
    } catch (error) {
      await this.stop()
      throw error
    }
  }

  async initialWeights(): Promise<Float32Array> {
    const connection = await this.#connected()
    return connection.call('initialWeights', {})
  }

  async evaluate(weights: Float32Array, options: { signal?: AbortSignal } = {}): Promise<Metrics> {
    const connection = await this.#connected(options.signal)
    const { vector, transfer } = movable(weights)
    return connection.call('evaluate', { weights: vector }, { ...options, transfer })
  }

  async train(job: TrainingJob, options: TrainOptions = {}): Promise<TrainingResult> {
    const connection = await this.#connected(options.signal)
    const { vector, transfer } = movable(job.weights)
    const request = { job: { ...job, weights: vector }, wantsProgress: options.onProgress != null }
    const onProgress = options.onProgress?.bind(options)
    return connection.call('train', request, { signal: options.signal, onProgress, transfer })
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new TrainerStoppedError())
    const connection = await this.#connection?.catch(() => undefined)
    await connection?.close(new TrainerStoppedError())
  }

  async #connected(signal?: AbortSignal): Promise<WorkerConnection> {
    this.#stopping.signal.throwIfAborted()
    signal?.throwIfAborted()
    const connection = (this.#connection ??= this.#open())
    return signal == null ? connection : orAborted(connection, signal)
  }

  async #open(): Promise<WorkerConnection> {
    const forget = (): void => void (this.#connection = undefined)
    try {
      const connection = await this.#openConnection(this.#init, {
        signal: this.#stopping.signal,
        onEnd: forget
      })
      this.#info = connection.info
      return connection
    } catch (error) {
      forget()
      throw error
    }
  }
}

/** The caller keeps its weights: shared memory goes as it is, other memory is copied once and the copy moves. */
function movable(weights: Float32Array): { vector: Float32Array; transfer: ArrayBuffer[] } {
  if (weights.buffer instanceof SharedArrayBuffer) return { vector: weights, transfer: [] }
  const vector = new Float32Array(weights)
  return { vector, transfer: [vector.buffer] }
}
