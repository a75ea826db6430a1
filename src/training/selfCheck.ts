/**
 * Whether a backend can be trusted: one training step of the very model, values and gradients, against the plain
 * JavaScript backend. A model too slow for that is checked by a narrow sister with the same layers.
 */
import { clone, keep } from '@tensorflow/tfjs-core'
import { startBackend } from '../compute/backend.ts'
import { readTensor } from '../compute/memory.ts'
import { setFlat } from '../model/build.ts'
import { initialWeights } from '../model/initial.ts'
import { trainedEntries } from '../model/layout.ts'
import { planFor } from '../model/task.ts'
import { narrowed } from '../model/topology/narrow.ts'
import { seededRandom, uniform } from '../random.ts'
import { drawnBatch } from './drawn.ts'
import { dropoutSeeds } from './dropout.ts'
import { SelfCheckError } from './errors.ts'
import { lossFor } from './loss.ts'
import { networkOf, withGradients } from './network.ts'
import { trainingSteps } from './steps.ts'
import type { ExampleBatch } from './batches.ts'
import type { Network } from './network.ts'
import type { BackendCandidate } from '../compute/choose.ts'
import type { ModelManifest } from '../model/task.ts'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { ModelPlan } from '../model/topology/plan.ts'

/** Deviation allowed, as a share of the largest value of the same gradient. */
export const TOLERANCE = 1e-3
/** A gradient below this share of the step's largest value is compared as if it were of that size. */
const NEGLIGIBLE = 1e-3
const LOSS = 'the loss'
const EXAMPLES = 2
const SEED = 7
/** So large that the weights' own rounding does not hide how far small gradients moved them. */
const RATE = 1000
/** Multiply-adds an example up to which the model itself is checked: some 20 ms of the reference. */
const MOST_OPERATIONS = 1e6

/** Loss; of each trained weight, by its name, the gradient, and how far a step of SGD moved it, over the rate. */
export type StepValues = Map<string, Float32Array>

/** The values of one step on the active backend: same weights, same examples, whichever backend. */
export async function stepValues(manifest: ModelManifest, plan: ModelPlan): Promise<StepValues> {
  const network = await networkOf(plan, lossFor(manifest.training.loss))
  try {
    const weights = checkWeights(network)
    setFlat(network, weights)
    const batch = drawnBatch(manifest, { plan, count: EXAMPLES, seed: SEED })
    const reseed = dropoutSeeds(network.model, SEED)
    reseed?.()
    const values = await valuesOf(network, batch)
    reseed?.()
    for (const [name, moves] of await movesOf(network, { weights, batch })) values.set(name, moves)
    return values
  } finally {
    network.dispose()
  }
}

async function valuesOf(network: Network, batch: ExampleBatch): Promise<StepValues> {
  const kept: [name: string, gradient: Tensor][] = []
  const loss = await withGradients(network, batch, (gradients) => {
    for (const [i, { name }] of trainedEntries(network.layout).entries()) {
      const gradient = gradients[i]
      if (gradient != null) kept.push([`the gradient of ${name}`, keep(clone(gradient))])
    }
  })
  const values: StepValues = new Map()
  for (const [name, gradient] of kept) {
    values.set(name, await readTensor(gradient))
    gradient.dispose()
  }
  return values.set(LOSS, Float32Array.of(loss))
}

/** A step may be another way than the gradients' (src/training/steps.ts): it is checked by what it does. */
async function movesOf(
  network: Network,
  { weights, batch }: { weights: Float32Array; batch: ExampleBatch }
): Promise<StepValues> {
  const steps = trainingSteps(network, { optimizer: { name: 'sgd' }, learningRate: RATE })
  await steps.step(batch)
  steps.dispose()
  const moves: StepValues = new Map()
  for (const [i, { name, offset, size }] of trainedEntries(network.layout).entries()) {
    const after = await readTensor(network.trained[i])
    const moved = weights.subarray(offset, offset + size).map((before, j) => (before - after[j]) / RATE)
    moves.set(`the move of ${name}`, moved)
  }
  return moves
}

/** The seeded initial weights, stirred so that none of them is all zero. */
function checkWeights({ layout }: Network): Float32Array {
  const random = seededRandom(SEED)
  return initialWeights(layout, SEED).map((value) => value + 0.1 * uniform(random))
}

/** Checks the active backend, which `candidate` started; it is active again afterwards. */
export type BackendCheck = (candidate: BackendCandidate) => Promise<void>

/**
 * The check of backends for a manifest's model; the reference is computed once for all. It throws a SelfCheckError that
 * names what deviates, and by how much.
 */
export function backendCheck(manifest: ModelManifest): BackendCheck {
  const full = planFor(manifest)
  const plan = full.operations > MOST_OPERATIONS ? narrowed(full) : full
  let expected: StepValues | undefined
  return async (candidate) => {
    if (candidate.name === 'cpu') return
    const found = await stepValues(manifest, plan)
    if (expected == null) {
      await startBackend('cpu')
      expected = await stepValues(manifest, plan)
      await candidate.start()
    }
    compare(candidate.name, found, expected)
  }
}

/**
 * A weight that makes no difference, as a bias before a normalisation or of attention's keys, has a gradient of rounding
 * alone, which is measured by the gradients of the others.
 *
 * @throws {SelfCheckError}
 */
export function compare(name: string, found: StepValues, expected: StepValues): void {
  const least =
    NEGLIGIBLE * Math.max(...[...expected].map(([what, values]) => (what === LOSS ? 0 : largest(values))))
  for (const [what, values] of expected) {
    const deviation = deviationOf(found.get(what) ?? new Float32Array(), values, Math.max(1e-6, least))
    // NaN is no deviation that passes.
    if (!(deviation <= TOLERANCE)) throw new SelfCheckError(name, what, deviation)
  }
}

/** The largest difference, as a share of the largest expected value, or of `least` where all are below that. */
function deviationOf(found: Float32Array, expected: Float32Array, least: number): number {
  if (found.length !== expected.length) return Infinity
  let worst = 0
  for (const [i, value] of expected.entries()) worst = Math.max(worst, Math.abs(found[i] - value))
  return worst / Math.max(least, largest(expected))
}

/** The largest absolute value; 0 if there is none. */
const largest = (values: Float32Array): number =>
  values.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
