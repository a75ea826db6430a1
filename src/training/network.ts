/** A model together with its loss on the active backend: forward, and forward with backward. */
import { customGrad, scalar, tensor, tidy, variableGrads } from '@tensorflow/tfjs-core'
import { fuseLayers } from '../compute/layers.ts'
import { tensorMemory } from '../compute/memory.ts'
import { buildModel } from '../model/build.ts'
import { planFor } from '../model/task.ts'
import { lossFor } from './loss.ts'
import type { ExampleBatch } from './batches.ts'
import type { Loss } from './loss.ts'
import type { BuiltModel } from '../model/build.ts'
import type { ModelManifest } from '../model/task.ts'
import type { ModelPlan } from '../model/topology/plan.ts'
import type { Tensor, Variable } from '@tensorflow/tfjs-core'

/** A model that can be trained. Its outputs are logits: the last activation is part of the loss. */
export interface Network extends BuiltModel {
  plan: ModelPlan
  loss: Loss
  /** Logits an example. */
  width: number
  /** The weights that the optimizer moves. */
  trained: Variable[]
  dispose(): void
}

/** Build the network of a manifest, weights zero. */
export async function buildNetwork(manifest: ModelManifest): Promise<Network> {
  return networkOf(planFor(manifest), lossFor(manifest.training.loss))
}

/** Build a planned network. */
export async function networkOf(plan: ModelPlan, loss: Loss): Promise<Network> {
  const built = await buildModel(plan, { logits: true })
  fuseLayers(built.model)
  const trained = built.variables.filter((_, i) => built.layout.entries[i].weight.trainable) as Variable[]
  const dispose = (): void => void built.model.dispose()
  return { ...built, plan, loss, width: plan.output[0], trained, dispose }
}

/** The logits of a batch, count × width: a copy. */
export function logitsOf(network: Network, features: Float32Array, count: number): Float32Array {
  return tidy(() => {
    const logits = network.model.apply(inputOf(network, features, count)) as Tensor
    return tensorMemory().view(logits).slice()
  })
}

/**
 * One forward and backward pass.
 *
 * @param use - gets the gradients of the mean loss, aligned with `network.trained`; they are disposed of after
 * @returns the sum of the losses
 */
export function withGradients(
  network: Network,
  batch: ExampleBatch,
  use: (gradients: (Tensor | null)[]) => void
): number {
  return tidy(() => {
    let lossSum = 0
    const forward = (): Tensor => {
      const x = inputOf(network, batch.features, batch.count)
      const logits = network.model.apply(x, { training: true }) as Tensor
      return lossOperation(network, batch.targets, (sum) => (lossSum = sum))(logits)
    }
    const { grads } = variableGrads(forward as Parameters<typeof variableGrads>[0], network.trained)
    use(network.trained.map((variable) => grads[variable.name] ?? null))
    return lossSum
  })
}

const inputOf = ({ plan }: Network, features: Float32Array, count: number): Tensor =>
  tensor(features, [count, ...plan.topology.input])

/** The loss as an operation for the tape. Its value is reported aside; only its gradient matters to the tape. */
function lossOperation(
  { loss, width }: Network,
  targets: Float32Array,
  report: (sum: number) => void
): (logits: Tensor) => Tensor {
  return customGrad((...inputs) => {
    const logits = inputs[0] as Tensor
    const slopes = new Float32Array(logits.size)
    report(loss({ logits: tensorMemory().view(logits), targets, width }, slopes))
    return { value: scalar(0), gradFunc: () => tensor(slopes, logits.shape) }
  })
}
