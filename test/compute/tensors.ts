/** Tensors and layers of drawn values, and how far two backends are apart on them. */
import * as tf from '@tensorflow/tfjs-core'
import { sequential } from '@tensorflow/tfjs-layers'
import { startBackend } from '../../src/compute/backend.ts'
import { fuseLayers } from '../../src/compute/layers.ts'
import { normal, seededRandom } from '../../src/random.ts'
import type { BackendCandidate } from '../../src/compute/choose.ts'
import type { layers } from '@tensorflow/tfjs-layers'

/** Normally distributed values, which follow from the seed. */
export function drawn(seed: number, shape: number[]): tf.Tensor {
  const random = seededRandom(seed)
  const size = shape.reduce((product, n) => product * n, 1)
  return tf.tensor(
    Float32Array.from({ length: size }, () => normal(random)),
    shape
  )
}

/** The gradients of a weighted sum of `f`, by every input. */
export function gradientsOf(f: (...xs: tf.Tensor[]) => tf.Tensor, xs: tf.Tensor[]): tf.Tensor[] {
  const weighted = (...args: tf.Tensor[]): tf.Tensor => {
    const y = f(...args)
    return tf.sum(tf.mul(y, drawn(77, y.shape)))
  }
  return tf.grads(weighted)(xs)
}

/** An embedded backend by its name, or another one. */
export async function startAny(backend: 'wasm' | 'cpu' | BackendCandidate): Promise<void> {
  await (typeof backend === 'string' ? startBackend(backend) : backend.start())
}

export interface LayerRun {
  backend: 'wasm' | 'cpu' | BackendCandidate
  /** Made anew on the backend, with its input's shape. */
  layer: () => ReturnType<
    typeof layers.dense | typeof layers.lstm | typeof layers.layerNormalization | typeof layers.conv2d
  >
  /** Of the input, batch included. */
  input: number[]
  /** Weights are so many times the drawn ones. */
  scale?: number
  training?: boolean
}

/** Output, and the gradients of a weighted sum of it by input and weights, on a backend. */
export async function layerValues({ backend, layer, input, ...run }: LayerRun): Promise<Float32Array[]> {
  const { scale = 1, training = false } = run
  await startAny(backend)
  const model = sequential({ layers: [layer()] })
  fuseLayers(model)
  tf.tidy(() =>
    model.setWeights(model.weights.map(({ shape }, i) => tf.mul(drawn(i + 1, shape as number[]), scale)))
  )
  const values = tf.tidy(() => {
    const x = drawn(9, input)
    const weights = model.trainableWeights.map((weight) => weight.read() as tf.Variable)
    const apply = (at: tf.Tensor): tf.Tensor => model.apply(at, { training }) as tf.Tensor
    const weighted = (at: tf.Tensor): tf.Tensor => tf.sum(tf.mul(apply(at), drawn(77, apply(at).shape)))
    const byWeight = (): Record<string, tf.Tensor> =>
      tf.variableGrads(() => weighted(x) as tf.Scalar, weights).grads
    const grads = weights.length === 0 ? {} : byWeight()
    const all = [apply(x), tf.grad(weighted)(x), ...weights.map(({ name }) => grads[name])]
    return all.map((tensor) => tensor.dataSync<'float32'>().slice())
  })
  model.dispose()
  return values
}

/** The kernels that one training step of a layer runs, forward and backward. */
export async function kernelsOfStep(layer: LayerRun['layer'], input: number[]): Promise<string[]> {
  const model = sequential({ layers: [layer()] })
  fuseLayers(model)
  const { kernels } = await tf.profile(() =>
    tf.tidy(() => tf.variableGrads(() => tf.sum(model.apply(drawn(1, input)) as tf.Tensor)).value)
  )
  model.dispose()
  return kernels.map(({ name }) => name)
}

/** The largest difference, in units of the largest value expected. */
export function deviation(found: Float32Array, expected: Float32Array): number {
  if (found.length !== expected.length) return Infinity
  const scale = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-3)
  return expected.reduce((worst, value, i) => Math.max(worst, Math.abs(found[i] - value)), 0) / scale
}
