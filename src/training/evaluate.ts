/** A model's metrics on a data set, in large batches. */
import { batchReader } from './batches.ts'
import { metricsCounter } from './metrics.ts'
import { logitsOf } from './network.ts'
import type { Network } from './network.ts'
import type { Pace } from './pace.ts'
import type { Dataset } from '../data/dataset.ts'
import type { Manifest } from '../federation/manifest/schema.ts'
import type { Metrics } from '../federation/records.ts'

const MOST_EXAMPLES = 256
/** Values of a batch's largest layer: 16 MiB. */
const MOST_VALUES = 4 * 1024 * 1024
/** Multiply-adds of a batch: keeps one well under the time in which an abort must take effect. */
const MOST_OPERATIONS = 1e9

/** How many examples to evaluate at once. */
export function evaluationBatch({ plan }: Network): number {
  const most = Math.min(MOST_EXAMPLES, MOST_VALUES / plan.largestOutput, MOST_OPERATIONS / plan.operations)
  return Math.max(1, Math.floor(most))
}

/** Metrics of the network's present weights. */
export async function evaluate(
  network: Network,
  data: Dataset,
  { task, pace }: { task: Manifest['task']; pace: Pace }
): Promise<Metrics> {
  const counter = metricsCounter(task, network.loss)
  for await (const batch of outputs(network, data, pace)) counter.add(batch)
  return counter.result()
}

/** Logits of all examples in order, batch by batch; buffers are used again. */
export async function* outputs(
  network: Network,
  data: Dataset,
  pace: Pace
): AsyncGenerator<{ logits: Float32Array; targets: Float32Array; width: number }> {
  const size = Math.min(evaluationBatch(network), Math.max(1, data.size))
  const reader = batchReader(data, size)
  for (let at = 0; at < data.size; at += size) {
    await pace()
    const indices = Uint32Array.from({ length: Math.min(size, data.size - at) }, (_, i) => at + i)
    const { features, targets, count } = await reader.read(indices)
    const logits = await logitsOf(network, features, count)
    yield { logits, targets, width: network.width }
  }
}
