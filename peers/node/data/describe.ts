/** A peer's data in a few lines, for its owner: shown before the first training step. */
import { classCounts, readTargets } from '../../../src/data/targets.ts'
import type { Dataset, DataSplit } from '../../../src/data/dataset.ts'
import type { TaskSpec } from '../../../src/federation/manifest/schema.ts'

/** More classes than this are summed up. */
const MAX_LISTED_CLASSES = 20

/** Lines such as `15,000 examples to train on, each 28 × 28 × 1`. Nothing in them leaves this machine. */
export async function describeData({ train, test }: DataSplit, task: TaskSpec): Promise<string[]> {
  return [
    `${count(train.size)} examples to train on, each ${train.shape.join(' × ')}`,
    `${count(test.size)} examples to evaluate on`,
    task.kind === 'classification' ? await describeLabels(train, task.labels) : await describeRange(train)
  ]
}

async function describeLabels(dataset: Dataset, labels: readonly string[]): Promise<string> {
  const counts = await classCounts(dataset, labels.length)
  const listed = labels
    .map((label, i) => ({ label, samples: counts[i] }))
    .filter(({ samples }) => samples > 0)
  const shown = listed.slice(0, MAX_LISTED_CLASSES).map(({ label, samples }) => `${label} ${count(samples)}`)
  const absent = labels.length - listed.length
  const more = listed.length > MAX_LISTED_CLASSES ? `, … ${listed.length} labels in all` : ''
  return `labels: ${shown.join(', ')}${more}${absent > 0 ? ` (${absent} without examples)` : ''}`
}

async function describeRange(dataset: Dataset): Promise<string> {
  const targets = await readTargets(dataset)
  let [low, high, sum] = [Infinity, -Infinity, 0]
  for (const target of targets) {
    low = Math.min(low, target)
    high = Math.max(high, target)
    sum += target
  }
  return `values to predict: ${short(low)} … ${short(high)}, mean ${short(sum / targets.length)}`
}

function count(value: number): string {
  return value.toLocaleString('en')
}

function short(value: number): string {
  return String(Number(value.toPrecision(4)))
}
