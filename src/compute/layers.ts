/** Layers of TensorFlow.js that compute by one operation, where the active backend has it. */
import { hasLstm, lstm } from './wasm/lstm.ts'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { LayersModel } from '@tensorflow/tfjs-layers'

/** What an LSTM layer consists of, as far as it matters here. */
interface LstmLayer {
  getConfig(): Record<string, unknown>
  call(inputs: Tensor | Tensor[], kwargs: Record<string, unknown>): Tensor | Tensor[]
  cell: { kernel: Variable; recurrentKernel: Variable; bias: Variable | null }
}

interface Variable {
  read(): Tensor
}

/** Have the model's LSTM layers compute in one go whenever they can; else they do as before. */
export function fuseLayers(model: LayersModel): void {
  for (const layer of model.layers) {
    if (layer.getClassName() === 'LSTM') fuseLstm(layer as unknown as LstmLayer)
  }
}

function fuseLstm(layer: LstmLayer): void {
  const config = layer.getConfig()
  const gate = nameOf(config['recurrentActivation'])
  if (!isFusable(config, gate)) return
  const stock = layer.call.bind(layer)
  const options = { hard: gate === 'hard_sigmoid', returnSequences: config['returnSequences'] === true }
  layer.call = (inputs, kwargs) => {
    const isPlain = kwargs?.['mask'] == null && kwargs?.['initialState'] == null
    if (!isPlain || !hasLstm(config['units'] as number)) return stock(inputs, kwargs)
    const { kernel, recurrentKernel, bias } = layer.cell
    const weights = { kernel: kernel.read(), recurrent: recurrentKernel.read(), bias: bias?.read() ?? null }
    return lstm([inputs].flat()[0], weights, options)
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
