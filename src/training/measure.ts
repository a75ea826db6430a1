/** How fast the active backend is: what decides between those that passed their check, and what `murmur doctor` shows. */
import { matMul, ones, slice, tidy } from '@tensorflow/tfjs-core'
import { isDeferred } from '../compute/memory.ts'
import { setFlat } from '../model/build.ts'
import { initialWeights } from '../model/initial.ts'
import { planFor } from '../model/task.ts'
import { drawnBatch } from './drawn.ts'
import { lossFor } from './loss.ts'
import { networkOf } from './network.ts'
import { trainingSteps } from './steps.ts'
import type { ModelManifest } from '../model/task.ts'
import type { Tensor } from '@tensorflow/tfjs-core'

export interface MeasureOptions {
  /** Milliseconds, from any origin. */
  now(): number
  /** How long to go on measuring; at least two repetitions are timed. */
  budgetMs?: number
}

/** Long enough for engines that compile as they run, short beside loading one. */
const BUDGET_MS = 150
const MOST_REPETITIONS = 200
/** Multiply-adds of a step: half a second on the slowest engine that is ever compared. */
const MOST_OPERATIONS = 2e9
/** Sides of the square matrices to multiply: the larger one only where the smaller takes less than this. */
const PRODUCT = { small: 256, large: 1024, smallMs: 15 }
const SEED = 7

/**
 * Milliseconds of one training step (forward, backward, SGD) of a manifest's model on the active backend, at the manifest's
 * batch size, or fewer examples where that would be slow.
 */
export async function measureStep(manifest: ModelManifest, options: MeasureOptions): Promise<number> {
  const plan = planFor(manifest)
  const network = await networkOf(plan, lossFor(manifest.training.loss))
  const affordable = Math.max(1, Math.floor(MOST_OPERATIONS / plan.operations))
  const count = Math.min(manifest.training.batchSize, affordable)
  const batch = drawnBatch(manifest, { plan, count, seed: SEED })
  const steps = trainingSteps(network, { optimizer: { name: 'sgd' }, learningRate: 1e-3 })
  try {
    setFlat(network, initialWeights(network.layout, SEED))
    return await fastestOf(options, () => steps.step(batch))
  } finally {
    steps.dispose()
    network.dispose()
  }
}

/** Billions of float32 operations a second in the product of two square matrices. */
export async function measureProduct(options: MeasureOptions): Promise<{ gflops: number; size: number }> {
  const small = await productMs(PRODUCT.small, { ...options, budgetMs: PRODUCT.smallMs })
  const isSlow = small > PRODUCT.smallMs
  const size = isSlow ? PRODUCT.small : PRODUCT.large
  const ms = isSlow ? small : await productMs(PRODUCT.large, options)
  return { gflops: (2 * size ** 3) / ms / 1e6, size }
}

async function productMs(size: number, options: MeasureOptions): Promise<number> {
  const [a, b] = [ones([size, size]), ones([size, size])]
  try {
    return await fastestOf(options, () => (isDeferred() ? awaitedProduct(a, b) : matMul(a, b).dispose()))
  } finally {
    a.dispose()
    b.dispose()
  }
}

/** Where results are awaited: until one value of the product of two matrices is there, and with it all. */
export async function awaitedProduct(a: Tensor, b: Tensor): Promise<void> {
  const value = tidy(() => slice(matMul(a, b), [0, 0], [1, 1]))
  await value.data()
  value.dispose()
}

/** The first repetition, which prepares, is not counted. */
async function fastestOf(
  { now, budgetMs = BUDGET_MS }: MeasureOptions,
  work: () => unknown
): Promise<number> {
  await work()
  const endsAt = now() + budgetMs
  let best = Infinity
  for (let i = 0; i < 2 || (i < MOST_REPETITIONS && now() < endsAt); i++) {
    const startedAt = now()
    await work()
    best = Math.min(best, now() - startedAt)
  }
  return best
}
