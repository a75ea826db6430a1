/**
 * A model of one's own: the federation's, trained further on one's own data, all of it or its head alone (as personal
 * layers are in Arivazhagan et al. 2019, arXiv 1912.00818; fine-tuning afterwards, as in Yu et al. 2020, arXiv 2002.04758).
 */
import type { Trainer, TrainingJob } from './types.ts'
import type { Metrics } from '../federation/records.ts'
import type { ModelManifest } from '../model/task.ts'

export interface PersonalInit {
  /** Of the federation's model. Not changed. */
  weights: Float32Array
  layers: NonNullable<TrainingJob['layers']>
  /** At most so many. */
  epochs: number
  seed: number
  signal?: AbortSignal
  onEpoch?(epoch: number, metrics: Metrics): void
}

export interface PersonalModel {
  weights: Float32Array
  /** After which epoch it was best on the held-out data; 0: none made it better. */
  epoch: number
  /** On the held-out data: of the federation's model, and of this one. */
  before: Metrics
  after: Metrics
}

/** What a trainer is to be made with: plain local training, an epoch at a time. */
export function personalManifest<M extends ModelManifest>(manifest: M, learningRate?: number): M {
  const { training } = manifest
  const rate = learningRate ?? training.learningRate
  const plain = { work: { epochs: 1 }, client: { name: 'fedavg' as const }, learningRate: rate }
  return { ...manifest, training: { ...training, ...plain, learningRateDecay: 1 } }
}

/**
 * Train further. What is best on the held-out data is kept, by its loss; where nothing is held out, the last.
 *
 * @param trainer - made with the `personalManifest`
 */
export async function personalise(trainer: Trainer, init: PersonalInit): Promise<PersonalModel> {
  const { layers, epochs, seed, signal, onEpoch } = init
  const options = signal == null ? {} : { signal }
  const before = await trainer.evaluate(init.weights, options)
  let best: PersonalModel = { weights: init.weights, epoch: 0, before, after: before }
  let weights = init.weights
  for (let epoch = 1; epoch <= epochs; epoch++) {
    const job = { weights, round: 1, seed: seed + epoch, layers }
    const { delta, after } = await trainer.train(job, options)
    weights = delta.map((value, i) => weights[i] + value)
    onEpoch?.(epoch, after)
    if (isBetter(after, best.after)) best = { weights, epoch, before, after }
  }
  return best
}

function isBetter(now: Metrics, before: Metrics): boolean {
  const isMeasured = (now['samples'] ?? 0) > 0
  return !isMeasured || now['loss'] < before['loss']
}
