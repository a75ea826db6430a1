/** A model together with its loss on the active backend: forward, and forward with backward. */
import { customGrad, keep, scalar, tensor, tidy, variableGrads } from '@tensorflow/tfjs-core'
import { fuseLayers } from '../compute/layers.ts'
import { isDeferred, readTensor } from '../compute/memory.ts'
import { buildModel } from '../model/build.ts'
import { planFor } from '../model/task.ts'
import { chainSteps } from './chain.ts'
import { deviceLoss } from './deviceLoss.ts'
import { hostLoss } from './hostLoss.ts'
import { lossFor } from './loss.ts'
import type { ExampleBatch } from './batches.ts'
import type { ChainSteps } from './chain.ts'
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
  /** How it steps where its layers are a chain; null: by the tape. */
  chain: ChainSteps | null
  dispose(): void
}

/** Build the network of a manifest, weights zero. */
export async function buildNetwork(manifest: ModelManifest): Promise<Network> {
  return networkOf(planFor(manifest), lossFor(manifest.training.loss))
}

/** Build a planned network. */
export async function networkOf(plan: ModelPlan, loss: Loss): Promise<Network> {
  const built = await buildModel(plan, { logits: true })
  const free = fuseLayers(built.model)
  const trained = built.variables.filter((_, i) => built.layout.entries[i].weight.trainable) as Variable[]
  const chain = chainSteps(plan, built, loss)
  const dispose = (): void => {
    chain?.dispose()
    built.model.dispose()
    free()
  }
  return { ...built, plan, loss, width: plan.output[0], trained, chain, dispose }
}

/** The logits of a batch, count × width: a copy. */
export async function logitsOf(
  network: Network,
  features: Float32Array,
  count: number
): Promise<Float32Array> {
  const logits = tidy(() => network.model.apply(inputOf(network, features, count)) as Tensor)
  try {
    return await readTensor(logits)
  } finally {
    logits.dispose()
  }
}

/** Gets the gradients of the mean loss, aligned with `network.trained`; they are disposed of after. */
type UseGradients = (gradients: readonly (Tensor | null)[]) => void

/**
 * One forward and backward pass.
 *
 * @returns the sum of the losses, at once where the backend has it at once
 */
export function withGradients(
  network: Network,
  batch: ExampleBatch,
  use: UseGradients
): number | Promise<number> {
  if (network.chain != null) return network.chain.step(batch, use)
  if (isDeferred()) return readScalar(tidy(() => passed(network, batch, use, lossOnDevice)))
  return tidy(() => passed(network, batch, use, lossInPlace))
}

/** A loss as an operation for the tape, and how its sum is asked for after. */
interface LossOperation<Sum> {
  apply(logits: Tensor): Tensor
  sum(): Sum
}

/** Forward, backward, `use`: within a `tidy`. */
function passed<Sum>(
  network: Network,
  batch: ExampleBatch,
  use: UseGradients,
  lossOf: (network: Network, targets: Float32Array) => LossOperation<Sum>
): Sum {
  const loss = lossOf(network, batch.targets)
  const forward = (): Tensor => {
    const x = inputOf(network, batch.features, batch.count)
    return loss.apply(network.model.apply(x, { training: true }) as Tensor)
  }
  const { grads } = variableGrads(forward as Parameters<typeof variableGrads>[0], network.trained)
  use(network.trained.map((variable) => grads[variable.name] ?? null))
  return loss.sum()
}

async function readScalar(sum: Tensor): Promise<number> {
  const [value] = await sum.data()
  sum.dispose()
  return value
}

const inputOf = ({ plan }: Network, features: Float32Array, count: number): Tensor =>
  tensor(features, [count, ...plan.topology.input])

/** Where values are seen at once. The value is reported aside; only the gradient matters to the tape. */
function lossInPlace({ loss, width }: Network, targets: Float32Array): LossOperation<number> {
  let sum = 0
  const apply = customGrad((...inputs) => {
    const [logits, save] = inputs as unknown as [Tensor, GradSaver]
    const found = hostLoss(loss, logits, { targets, width })
    sum = found.sum
    save([found.slopes])
    return { value: scalar(0), gradFunc: (_, saved) => saved[0] }
  })
  return { apply, sum: () => sum }
}

/** By operations, for a backend whose logits cannot be seen at once. */
function lossOnDevice({ loss, width }: Network, targets: Float32Array): LossOperation<Tensor> {
  let sum: Tensor = scalar(0)
  const apply = customGrad((...inputs) => {
    const [logits, save] = inputs as unknown as [Tensor, GradSaver]
    const { sum: total, slopes } = deviceLoss(loss)(logits, { targets, width })
    sum = keep(total)
    save([slopes])
    return { value: scalar(0), gradFunc: (_, saved) => saved[0] }
  })
  return { apply, sum: () => sum }
}

type GradSaver = (tensors: Tensor[]) => void
