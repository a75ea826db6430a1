/** Local training of one round: seeded batches, forward, backward, update. */
import { trainedEntries } from '../model/layout.ts'
import { batchOrder, batchReader, planRound } from './batches.ts'
import { dropoutSeeds } from './dropout.ts'
import { TrainingDivergedError } from './errors.ts'
import { learningRateOf } from './optimizer.ts'
import { trainingSteps } from './steps.ts'
import { clientTerm } from './terms.ts'
import type { Network } from './network.ts'
import type { Clock, Pace } from './pace.ts'
import type { TrainingProgress } from './types.ts'
import type { Dataset } from '../data/dataset.ts'
import type { TrainingSpec } from '../federation/manifest/schema.ts'

const PROGRESS_INTERVAL_MS = 100

export interface LoopOptions {
  training: TrainingSpec
  /** From 1 on. */
  round: number
  seed: number
  /** Of the trained weights, one behind the other, and whatever follows; null: zeros. */
  control: Float32Array | null
  clock: Clock
  pace: Pace
  onProgress?(progress: TrainingProgress): void
}

/**
 * Train the network's present weights on the data, in place.
 *
 * @returns the number of different examples trained on
 * @throws {TrainingDivergedError} the loss is no longer a finite number
 */
export async function trainRound(network: Network, data: Dataset, options: LoopOptions): Promise<number> {
  const { training, round, seed, pace } = options
  const { steps, samples } = planRound(training, data.size)
  const controls = options.control == null ? null : partsOf(options.control, network)
  const term = clientTerm(training.client, network.trained, controls)
  const learningRate = learningRateOf(training, round)
  const moves = trainingSteps(network, { optimizer: training.optimizer, learningRate, term })
  const reader = batchReader(data, Math.min(training.batchSize, data.size))
  const order = batchOrder(data.size, training.batchSize, [seed, round])
  const reseed = dropoutSeeds(network.model, seed, round)
  const report = progressReporter(steps, options)
  try {
    for (let step = 1; step <= steps; step++) {
      await pace()
      const batch = await reader.read(order.next().value)
      reseed?.()
      const loss = await moves.step(batch)
      if (!Number.isFinite(loss))
        throw new TrainingDivergedError(round, `the loss of step ${step} is ${loss}`)
      report(step, loss, batch.count)
    }
  } finally {
    moves.dispose()
    term?.dispose()
  }
  return samples
}

function partsOf(control: Float32Array, { layout }: Network): Float32Array[] {
  return trainedEntries(layout).map(({ offset, size }) => control.subarray(offset, offset + size))
}

/** Reports at most ten times a second, and at the end. */
function progressReporter(
  steps: number,
  { clock, onProgress }: LoopOptions
): (step: number, lossSum: number, examples: number) => void {
  let [sum, count, nextAt] = [0, 0, clock.now() + PROGRESS_INTERVAL_MS]
  return (step, lossSum, examples) => {
    sum += lossSum
    count += examples
    if (clock.now() < nextAt && step < steps) return
    onProgress?.({ step, steps, loss: sum / count })
    ;[sum, count, nextAt] = [0, 0, clock.now() + PROGRESS_INTERVAL_MS]
  }
}
