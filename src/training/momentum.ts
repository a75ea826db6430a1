/**
 * Worker momentum (Karimireddy, He, Jaggi 2021, "Learning from History for Byzantine Robust Optimization", arXiv 2012.10333;
 * El Mhamdi, Guerraoui, Rouault 2021, "Distributed Momentum for Byzantine-resilient SGD", arXiv 2003.00010): a member sends
 * not the delta of a round but a mean of its own deltas, m ← β·m + (1 − β)·Δ. Noise evens out in it, so that the honest are
 * close together and those that lie stand out.
 *
 * The mean is corrected as Adam corrects its means: a delta that is k rounds old counts β^k, and these weights are divided by
 * their sum. So the first update is the first delta, and who stayed away for long begins anew, as what it remembers is old.
 */
import { power } from '../aggregation/power.ts'
import { untrainedValues } from '../model/untrained.ts'
import type { TrainingSpec } from '../federation/manifest/schema.ts'
import type { ModelManifest } from '../model/task.ts'

/** Numbers behind the mean: the sum of its weights, and the round of its last delta. */
const BESIDE = 2

/** What a member trained in a round, from 1 on. */
export interface RoundDelta {
  delta: Float32Array
  round: number
}

/** What a member sends, in memory of its own, and what it remembers once that has counted; null by other algorithms. */
export interface Remembered {
  sent: Float32Array
  momentum: Float32Array | null
}

/** How long what is remembered is, for so many parameters. */
export function momentumLength(parameters: number): number {
  return parameters + BESIDE
}

export function keepsMomentum({ name }: TrainingSpec['client']): boolean {
  return name === 'workerMomentum'
}

/**
 * The update of a round. Values that no gradient moves are sent as they are.
 *
 * @param before - what this member remembers; null: nothing
 */
export function remember(
  manifest: ModelManifest,
  before: Float32Array | null,
  { delta, round }: RoundDelta
): Remembered {
  const { client } = manifest.training
  if (client.name !== 'workerMomentum') return { sent: delta, momentum: null }
  const { length } = delta
  const [sum, last] = before?.subarray(length) ?? [0, round]
  const weight = sum * power(client.beta, round - last) + 1
  const momentum = new Float32Array(momentumLength(length))
  momentum.set(delta)
  momentum.set([weight, round], length)
  if (before != null) {
    const trained = length - untrainedValues(manifest)
    for (let i = 0; i < trained; i++) momentum[i] = before[i] + (delta[i] - before[i]) / weight
  }
  return { sent: momentum.slice(0, length), momentum }
}
