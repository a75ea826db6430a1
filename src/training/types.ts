/** Local training as the round engine sees it, wherever it runs (a worker thread, a page, a test). */
import type { BackendAttempt } from '../compute/choose.ts'
import type { Metrics } from '../federation/records.ts'

export interface TrainOptions {
  signal?: AbortSignal
  /** Called at most about ten times a second. */
  onProgress?(progress: TrainingProgress): void
}

export interface TrainingProgress {
  step: number
  /** Steps in this round's local training. */
  steps: number
  /** Mean training loss since the last report. */
  loss: number
}

export interface TrainingJob {
  /** Flat fp32 weights of the global model, in layout order. Not changed. */
  weights: Float32Array
  /** Training round, from 1 on: decides the learning rate, and with `seed` the order of examples. */
  round: number
  seed: number
  /** What a client algorithm corrects by (`jobControl`), layout order. Absent or null: zeros. Not changed. */
  control?: Float32Array | null
  /** What is trained: `head` is the last layer that has anything to train. Default: all of it. No control goes with `head`. */
  layers?: 'all' | 'head'
}

export interface TrainingResult {
  /** Trained minus global weights, layout order. */
  delta: Float32Array
  /** Examples trained on (each counted once, however many epochs). */
  samples: number
  /** Metrics of the global model and of the locally trained one on this peer's held-out data. */
  before: Metrics
  after: Metrics
  trainingMs: number
}

export interface TrainerInfo {
  /** Which engine computes, e.g. 'wasm' or 'cpu'. */
  backend: string
  /** Which engines were tried in which order, and why those before the last were not used. */
  attempts?: BackendAttempt[]
  /** How many threads compute products of large matrices, at its start. */
  threads?: number
  /** Number of weights: the length of every flat vector. */
  parameters: number
  trainSamples: number
  testSamples: number
}

/**
 * Trains and evaluates one model on one peer's data. One call runs at a time; others wait their turn.
 * Everything rejects with the signal's reason within 200 ms of an abort.
 */
export interface Trainer {
  readonly info: TrainerInfo
  /** The weights that round 1 starts from, equal bit by bit on every peer. */
  initialWeights(): Promise<Float32Array>
  train(job: TrainingJob, options?: TrainOptions): Promise<TrainingResult>
  /** On the held-out data. */
  evaluate(weights: Float32Array, options?: { signal?: AbortSignal }): Promise<Metrics>
  stop(): Promise<void>
}
