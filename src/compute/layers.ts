/** Layers of TensorFlow.js that compute by one operation, where the active backend has it. */
import { add, cast, moments, mul, ones, rsqrt, sub, tidy, zeros } from '@tensorflow/tfjs-core'
import { conv, hasConv } from './wasm/convLayer.ts'
import { dense, hasDense } from './wasm/dense.ts'
import { embedding, hasEmbedding, RowGradient } from './wasm/embedding.ts'
import { hasLayerNorm, layerNorm } from './wasm/layerNormalization.ts'
import { hasRecurrent, recurrent } from './wasm/recurrent.ts'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { NormWeights } from './wasm/layerNormalization.ts'
import type { RecurrentClass } from './wasm/recurrent.ts'
import type { LayersModel } from '@tensorflow/tfjs-layers'

/** A layer, as far as it matters here. */
interface Layer {
  getConfig(): Record<string, unknown>
  call(inputs: Tensor | Tensor[], kwargs: Record<string, unknown>): Tensor | Tensor[]
}

interface DenseLayer extends Layer {
  kernel: Variable
  bias: Variable | null
}

interface RecurrentLayer extends Layer {
  cell: { kernel: Variable; recurrentKernel: Variable; bias: Variable | null }
}

interface Variable {
  read(): Tensor
}

interface NormLayer extends Layer {
  gamma: Variable | null
  beta: Variable | null
}

interface BatchNormLayer extends NormLayer {
  movingMean: Variable
}

interface EmbeddingLayer extends Layer {
  embeddings: Variable
}

/**
 * Have the model's dense, convolution, embedding, LSTM, GRU and layer normalisation layers compute in one go whenever they can; else they do as
 * before.
 *
 * @returns frees what the layers keep from step to step
 */
export function fuseLayers(model: LayersModel): () => void {
  const kept: RowGradient[] = []
  for (const layer of model.layers) {
    const name = layer.getClassName()
    if (name === 'Conv2D') fuseConv(layer as unknown as DenseLayer)
    if (name === 'Dense') fuseDense(layer as unknown as DenseLayer)
    if (name === 'LSTM' || name === 'GRU') fuseRecurrent(name, layer as unknown as RecurrentLayer)
    if (name === 'BatchNormalization') completeBatchNorm(layer as unknown as BatchNormLayer)
    if (name === 'LayerNormalization') fuseLayerNorm(layer as unknown as NormLayer)
    if (name === 'Embedding') kept.push(fuseEmbedding(layer as unknown as EmbeddingLayer))
  }
  return () => {
    for (const gradient of kept) gradient.dispose()
  }
}

/** A layer is used once in a model, so that there is one gradient at a time. */
function fuseEmbedding(layer: EmbeddingLayer): RowGradient {
  const gradient = new RowGradient()
  const stock = layer.call.bind(layer)
  layer.call = (inputs, kwargs) => {
    if (!hasEmbedding()) return stock(inputs, kwargs)
    return tidy(() => embedding(layer.embeddings.read(), cast([inputs].flat()[0], 'int32'), gradient))
  }
  return gradient
}

/** Channels last and not dilated, as topologies are. */
function fuseConv(layer: DenseLayer): void {
  const config = layer.getConfig()
  const activation = nameOf(config['activation'])
  const isPlain = [config['dilationRate'] ?? 1].flat().every((rate) => rate === 1)
  const isLast = config['dataFormat'] === 'channelsLast'
  if (!['linear', 'relu'].includes(activation) || !isPlain || !isLast) return
  const stock = layer.call.bind(layer)
  const { strides, padding: pad } = config as { strides: [number, number]; padding: 'valid' | 'same' }
  layer.call = (inputs, kwargs) => {
    const [x] = [inputs].flat()
    if (x.dtype !== 'float32' || !hasConv()) return stock(inputs, kwargs)
    const operands = { x, kernel: layer.kernel.read(), bias: layer.bias?.read() ?? null }
    return conv(operands, { relu: activation === 'relu', strides, pad })
  }
}

function fuseDense(layer: DenseLayer): void {
  const activation = nameOf(layer.getConfig()['activation'])
  if (!['linear', 'relu'].includes(activation)) return
  const stock = layer.call.bind(layer)
  layer.call = (inputs, kwargs) => {
    const [x] = [inputs].flat()
    if (x.rank !== 2 || x.dtype !== 'float32' || !hasDense()) return stock(inputs, kwargs)
    const operands = { x, kernel: layer.kernel.read(), bias: layer.bias?.read() ?? null }
    return dense(operands, { relu: activation === 'relu' })
  }
}

/** TensorFlow.js' training step reads gamma and beta of layers that have none, too: there they are ones and zeros. */
function completeBatchNorm(layer: BatchNormLayer): void {
  const { shape } = layer.movingMean.read()
  layer.gamma ??= { read: () => ones(shape) }
  layer.beta ??= { read: () => zeros(shape) }
}

/**
 * Over the last axis, which is the only one that a topology may ask for. On other backends of operations that have gradients:
 * TensorFlow.js' own composition has none without gamma or beta.
 */
function fuseLayerNorm(layer: NormLayer): void {
  const stock = layer.call.bind(layer)
  const { axis, epsilon } = layer.getConfig() as { axis: number[]; epsilon: number }
  layer.call = (inputs, kwargs) => {
    const [x] = [inputs].flat()
    const isLast = axis.length === 1 && axis[0] === x.rank - 1
    if (!isLast || x.dtype !== 'float32') return stock(inputs, kwargs)
    const weights = { gamma: layer.gamma?.read() ?? null, beta: layer.beta?.read() ?? null }
    return hasLayerNorm() ? layerNorm(x, weights, epsilon) : composedNorm(x, weights, epsilon)
  }
}

function composedNorm(x: Tensor, { gamma, beta }: NormWeights, epsilon: number): Tensor {
  return tidy(() => {
    const { mean, variance } = moments(x, -1, true)
    const normal = mul(sub(x, mean), rsqrt(add(variance, epsilon)))
    const scaled = gamma == null ? normal : mul(normal, gamma)
    return beta == null ? scaled : add(scaled, beta)
  })
}

function fuseRecurrent(name: RecurrentClass, layer: RecurrentLayer): void {
  const config = layer.getConfig()
  const gate = nameOf(config['recurrentActivation'])
  if (!isFusable(config, gate)) return
  const stock = layer.call.bind(layer)
  const options = { hard: gate === 'hard_sigmoid', returnSequences: config['returnSequences'] === true }
  layer.call = (inputs, kwargs) => {
    const isPlain = kwargs?.['mask'] == null && kwargs?.['initialState'] == null
    if (!isPlain || !hasRecurrent()) return stock(inputs, kwargs)
    const { kernel, recurrentKernel, bias } = layer.cell
    const weights = { kernel: kernel.read(), recurrent: recurrentKernel.read(), bias: bias?.read() ?? null }
    return recurrent(name, { x: [inputs].flat()[0], weights }, options)
  }
}

function isFusable(config: Record<string, unknown>, gate: string): boolean {
  const isKnown = nameOf(config['activation']) === 'tanh' && ['sigmoid', 'hard_sigmoid'].includes(gate)
  const others = ['goBackwards', 'stateful', 'returnState', 'dropout', 'recurrentDropout']
  return isKnown && others.every((name) => !config[name])
}

/** An activation's name, as a configuration has it. */
const nameOf = (activation: unknown): string =>
  String((activation as { className?: string }).className ?? activation).replace(
    'hardSigmoid',
    'hard_sigmoid'
  )
