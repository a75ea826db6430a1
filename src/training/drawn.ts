/** Examples of no meaning, for checking and timing: the same for the same seed. */
import { seededRandom, uniform } from '../random.ts'
import type { ExampleBatch } from './batches.ts'
import type { ModelManifest } from '../model/task.ts'
import type { ModelPlan } from '../model/topology/plan.ts'

/** `count` examples that fit a manifest's task: numbers from −1 to 1, or token ids 0 and 1; every label in turn. */
export function drawnBatch(
  { task }: ModelManifest,
  { plan, count, seed }: { plan: ModelPlan; count: number; seed: number }
): ExampleBatch {
  const random = seededRandom(seed, 1)
  const width = plan.topology.input.reduce((size, n) => size * n, 1)
  const isText = task.input.kind === 'text'
  const draw = (): number => (isText ? Math.floor(2 * uniform(random)) : 2 * uniform(random) - 1)
  const features = Float32Array.from({ length: count * width }, draw)
  const targets = Float32Array.from({ length: count }, (_, i) => i % Math.max(2, task.labels.length))
  return { count, features, targets }
}
