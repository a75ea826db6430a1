/** Metrics of a model on held-out data, gathered batch by batch. */
import { sigmoid } from './loss.ts'
import type { Batch, Loss } from './loss.ts'
import type { Manifest } from '../federation/manifest/schema.ts'
import type { Metrics } from '../federation/records.ts'

/** Stands for a loss that is not a finite number, which a record cannot hold: the model diverged. */
export const DIVERGED = 1e9

/** Takes batches, gives metrics. */
export interface MetricsCounter {
  add(batch: Batch): void
  result(): Metrics
}

/** One metric's running value. */
interface Counter {
  add(batch: Batch): void
  value(samples: number): number
}

/**
 * Metrics of a task: `loss`, `samples`, and those of accuracy (classification), auc (two labels) and mae (regression)
 * that the manifest asks for and the task has.
 */
export function metricsCounter(task: Manifest['task'], loss: Loss): MetricsCounter {
  const counters = new Map<string, Counter>([['loss', lossCounter(loss)]])
  for (const name of task.metrics) {
    if (isMeaningful(name, task)) counters.set(name, makers[name]())
  }
  let samples = 0
  return {
    add(batch) {
      samples += batch.targets.length
      for (const counter of counters.values()) counter.add(batch)
    },
    result() {
      const values = [...counters].map(([name, counter]) => [name, finite(counter.value(samples))] as const)
      return samples === 0 ? { samples } : { ...Object.fromEntries(values), samples }
    }
  }
}

type Metric = Manifest['task']['metrics'][number]

const isMeaningful = (name: Metric, { kind, labels }: Manifest['task']): boolean =>
  ({ accuracy: kind === 'classification', auc: labels.length === 2, mae: kind === 'regression' })[name]

const finite = (value: number): number => (Number.isFinite(value) ? value : DIVERGED)

function lossCounter(loss: Loss): Counter {
  let sum = 0
  return {
    add(batch) {
      sum += loss(batch)
    },
    value: (samples) => sum / samples
  }
}

/** The share of examples whose likeliest class is theirs. */
function accuracyCounter(): Counter {
  let right = 0
  return {
    add({ logits, targets, width }) {
      for (let i = 0; i < targets.length; i++)
        right += predictedClass(logits, i, width) === targets[i] ? 1 : 0
    },
    value: (samples) => right / samples
  }
}

/** The class of example `i`: one logit says whether it is class 1. */
export function predictedClass(logits: Float32Array, i: number, width: number): number {
  if (width === 1) return logits[i] > 0 ? 1 : 0
  let best = 0
  for (let j = 1; j < width; j++) if (logits[i * width + j] > logits[i * width + best]) best = j
  return best
}

function maeCounter(): Counter {
  let sum = 0
  return {
    add({ logits, targets }) {
      for (let i = 0; i < targets.length; i++) sum += Math.abs(logits[i] - targets[i])
    },
    value: (samples) => sum / samples
  }
}

function aucCounter(): Counter {
  const scores: number[] = []
  const positives: boolean[] = []
  return {
    add({ logits, targets, width }) {
      for (let i = 0; i < targets.length; i++) {
        scores.push(width === 1 ? sigmoid(logits[i]) : logits[2 * i + 1] - logits[2 * i])
        positives.push(targets[i] === 1)
      }
    },
    value: () => areaUnderCurve(scores, positives)
  }
}

/**
 * Area under the ROC curve by ranks (Mann–Whitney), equal scores counting half. 0.5 when only one class is present.
 */
export function areaUnderCurve(scores: readonly number[], positives: readonly boolean[]): number {
  const order = [...scores.keys()].sort((a, b) => scores[a] - scores[b])
  let [rankSum, positive, start] = [0, 0, 0]
  while (start < order.length) {
    let end = start
    while (end < order.length && scores[order[end]] === scores[order[start]]) end++
    const hits = order.slice(start, end).filter((i) => positives[i]).length
    // Ranks count from 1: those of this tie are start + 1 … end.
    rankSum += hits * ((start + 1 + end) / 2)
    positive += hits
    start = Math.max(end, start + 1)
  }
  const pairs = positive * (scores.length - positive)
  return pairs === 0 ? 0.5 : (rankSum - (positive * (positive + 1)) / 2) / pairs
}

const makers: Record<Metric, () => Counter> = {
  accuracy: accuracyCounter,
  auc: aucCounter,
  mae: maeCounter
}
