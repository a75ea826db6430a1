/** The in-process trainer: what a worker thread runs, and what tests use directly. */
import { backendCandidates } from '../compute/backend.ts'
import { dismissHelpers, helpersAtWork } from '../compute/wasm/index.ts'
import { BackendRefusedError, chooseBackend, NoBackendError } from '../compute/choose.ts'
import { readFlat, setFlat } from '../model/build.ts'
import { ModelMismatchError } from '../model/errors.ts'
import { initialWeights } from '../model/initial.ts'
import { checkLength } from '../model/layout.ts'
import { planFor } from '../model/task.ts'
import { NoInitialSeedError, TrainerStoppedError, TrainingDivergedError } from './errors.ts'
import { evaluate } from './evaluate.ts'
import { headNetwork, onlyHead } from './head.ts'
import { trainRound } from './loop.ts'
import { measureStep } from './measure.ts'
import { buildNetwork } from './network.ts'
import { createPace } from './pace.ts'
import { backendCheck } from './selfCheck.ts'
import { createTurns } from '../turns.ts'
import type { Network } from './network.ts'
import type { Clock } from './pace.ts'
import type { Turns } from '../turns.ts'
import type { TrainOptions, Trainer, TrainerInfo, TrainingJob, TrainingResult } from './types.ts'
import type { WasmOptions } from '../compute/backend.ts'
import type { BackendCandidate, ChosenBackend } from '../compute/choose.ts'
import type { BackendName } from '../compute/names.ts'
import type { DataSplit } from '../data/dataset.ts'
import type { Metrics } from '../federation/records.ts'
import type { ModelManifest } from '../model/task.ts'

export interface TrainerInit extends Clock, WasmOptions {
  manifest: ModelManifest
  data: DataSplit
  /** Use this backend, and no other. Default: the fastest of those that pass their self-check. */
  backend?: BackendName
  /** Backends of this platform, tried before the embedded ones. */
  backends?: readonly BackendCandidate[]
}

/**
 * A trainer on this thread. TensorFlow.js has one active backend a thread: two trainers must use the same.
 *
 * @throws {NoBackendError | BackendRefusedError} no backend, or not the named one, passed its self-check
 * @throws {InvalidTopologyError | ModelTooLargeError | ModelMismatchError} the model cannot be used, or not with this data
 */
export async function createTrainer(init: TrainerInit): Promise<Trainer> {
  checkData(init)
  try {
    const chosen = await selectBackend(init)
    const network = await buildNetwork(init.manifest)
    if (chosen.name !== 'wasm') await dismiss(init)
    return new LocalTrainer(init, network, chosen)
  } catch (error) {
    await dismiss(init)
    throw error
  }
}

/** Helpers are those of the trainer that asked for them. */
async function dismiss({ helpers }: TrainerInit): Promise<void> {
  if (helpers != null) await dismissHelpers()
}

/**
 * Start the backend for a manifest's model: the named one, or the fastest of those that pass.
 *
 * @throws {BackendRefusedError} the named one did not pass
 * @throws {NoBackendError} none did
 */
export async function selectBackend(init: Omit<TrainerInit, 'data'>): Promise<ChosenBackend> {
  const { manifest, backend, backends = [], wasmDirectory, helpers } = init
  const now = (): number => init.now()
  const candidates = [...backends, ...backendCandidates({ wasmDirectory, helpers })]
  const options = { check: backendCheck(manifest), measure: () => measureStep(manifest, { now }), now }
  if (backend == null) return chooseBackend(candidates, options)
  const named = candidates.filter(({ name }) => name === backend)
  try {
    return await chooseBackend(named, options)
  } catch (cause) {
    if (!(cause instanceof NoBackendError)) throw cause
    const [attempt] = cause.attempts
    throw new BackendRefusedError(backend, attempt?.reason ?? 'there is none of this name here', { cause })
  }
}

function checkData({ manifest, data }: TrainerInit): void {
  const expected = planFor(manifest).topology.input.join(', ')
  for (const { shape, size } of [data.train, data.test]) {
    if (size > 0 && shape.join(', ') !== expected) {
      throw new ModelMismatchError('the shape of the data', `[${shape.join(', ')}]`, `[${expected}]`)
    }
  }
}

class LocalTrainer implements Trainer {
  readonly info: TrainerInfo
  readonly #init: TrainerInit
  readonly #network: Network
  /** The network holds one set of weights, so one call has it at a time. */
  readonly #turns: Turns = createTurns()
  #isStopped = false

  constructor(init: TrainerInit, network: Network, chosen: ChosenBackend) {
    this.#init = init
    this.#network = network
    this.info = {
      backend: chosen.name,
      threads: 1 + (init.helpers == null ? 0 : helpersAtWork()),
      attempts: chosen.attempts,
      parameters: network.layout.size,
      trainSamples: init.data.train.size,
      testSamples: init.data.test.size
    }
  }

  initialWeights(): Promise<Float32Array> {
    return this.#run(() => {
      const { initial } = this.#init.manifest.model
      if ('cid' in initial) throw new NoInitialSeedError(initial.cid.toString())
      return Promise.resolve(initialWeights(this.#network.layout, initial.seed))
    })
  }

  evaluate(weights: Float32Array, { signal }: { signal?: AbortSignal } = {}): Promise<Metrics> {
    return this.#run(() => {
      setFlat(this.#network, weights)
      return this.#evaluate(signal)
    }, signal)
  }

  train(job: TrainingJob, options: TrainOptions = {}): Promise<TrainingResult> {
    return this.#run(() => this.#train(job, options), options.signal)
  }

  /** Lets the present call end, frees the model's memory, ends the threads that helped. */
  async stop(): Promise<void> {
    if (this.#isStopped) return
    this.#isStopped = true
    await this.#turns.take(() => Promise.resolve(this.#network.dispose()))
    await dismiss(this.#init)
  }

  async #run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    if (this.#isStopped) throw new TrainerStoppedError()
    return this.#turns.take(work, signal)
  }

  async #train(job: TrainingJob, options: TrainOptions): Promise<TrainingResult> {
    const startedAt = this.#init.now()
    const { weights, control = null } = job
    checkLength(weights, this.#network.layout)
    if (control != null) checkLength(control, this.#network.layout)
    setFlat(this.#network, weights)
    const before = await this.#evaluate(options.signal)
    const { delta, samples } = await this.#move({ ...job, control }, options)
    const after = await this.#evaluate(options.signal)
    return { delta, samples, before, after, trainingMs: this.#init.now() - startedAt }
  }

  /** From the weights that the network has been given. */
  async #move(
    { weights, round, seed, control, layers }: TrainingJob & { control: Float32Array | null },
    options: TrainOptions
  ): Promise<Pick<TrainingResult, 'delta' | 'samples'>> {
    const { manifest, data } = this.#init
    const isWhole = layers !== 'head'
    const network = isWhole ? this.#network : headNetwork(this.#network)
    const pace = createPace(this.#init, options.signal)
    const onProgress = options.onProgress?.bind(options)
    const loop = { training: manifest.training, round, seed, clock: this.#init, pace, onProgress }
    const samples = await trainRound(network, data.train, { ...loop, control: isWhole ? control : null })
    const delta = subtractFrom(await readFlat(network), weights, round)
    if (!isWhole) {
      onlyHead(delta, network.layout)
      setFlat(
        network,
        delta.map((value, i) => weights[i] + value)
      )
    }
    return { delta, samples }
  }

  #evaluate(signal?: AbortSignal): Promise<Metrics> {
    const { manifest, data } = this.#init
    return evaluate(this.#network, data.test, { task: manifest.task, pace: createPace(this.#init, signal) })
  }
}

/** trained − weights, in place of `trained`. */
function subtractFrom(trained: Float32Array, weights: Float32Array, round: number): Float32Array {
  for (let i = 0; i < trained.length; i++) {
    trained[i] -= weights[i]
    if (!Number.isFinite(trained[i]))
      throw new TrainingDivergedError(round, `weight ${i} changed by ${trained[i]}`)
  }
  return trained
}
