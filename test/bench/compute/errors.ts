/**
 * How far each engine is from plain JavaScript, operation by operation: `npm run bench:errors` prints the table of
 * docs/compute.md. An error is the largest difference as a share of the largest value of the same tensor; of all drawn
 * shapes the worst is shown.
 */
import * as tf from '@tensorflow/tfjs-core'
import { layers } from '@tensorflow/tfjs-layers'
import { nodeBackends } from '../../../peers/node/compute/index.ts'
import { backendCandidates } from '../../../src/compute/backend.ts'
import { readTensor } from '../../../src/compute/memory.ts'
import { drawnCases } from '../../compute/drawnCases.ts'
import { deviation, layerValues, startAny } from '../../compute/tensors.ts'
import type { BackendCandidate } from '../../../src/compute/choose.ts'

const SEEDS = Array.from({ length: 48 }, (_, i) => i + 1)

/** Per case: values, then gradients. */
type Values = Float32Array[][]

async function valuesOf(backend: BackendCandidate, name: string): Promise<Values> {
  await startAny(backend)
  const all: Values = []
  for (const seed of SEEDS) {
    const tensors = tf.tidy(() => drawnCases[name](seed))
    all.push(await Promise.all(tensors.map(readTensor)))
    tf.dispose(tensors)
  }
  return all
}

type Layer = Parameters<typeof layerValues>[0]['layer']

/** A layer, its input's shape: values, then gradients by input and weights, of the fused kernels where there are any. */
const fused: Record<string, { input: number[]; layer: Layer }> = {
  'dense layer, fused': {
    input: [32, 200],
    layer: () => layers.dense({ units: 50, activation: 'relu', inputShape: [200] })
  },
  'LSTM layer, fused, 20 steps': {
    input: [8, 20, 16],
    layer: () => layers.lstm({ units: 32, inputShape: [20, 16], recurrentInitializer: 'zeros' })
  },
  'GRU layer, fused, 20 steps': {
    input: [8, 20, 16],
    layer: () => layers.gru({ units: 33, inputShape: [20, 16], recurrentInitializer: 'zeros' })
  },
  'layer normalisation, fused': {
    input: [32, 201],
    layer: () => layers.layerNormalization({ inputShape: [201] })
  }
}

async function layerOn(backend: BackendCandidate, name: string): Promise<Values> {
  const { input, layer } = fused[name]
  return [await layerValues({ backend, layer, input, scale: 0.3, training: true })]
}

interface Errors {
  values: number
  gradients: number
}

function worst(found: Values, expected: Values): Errors {
  const errors = { values: 0, gradients: 0 }
  for (const [i, tensors] of expected.entries()) {
    for (const [j, tensor] of tensors.entries()) {
      const part = j === 0 ? 'values' : 'gradients'
      errors[part] = Math.max(errors[part], deviation(found[i][j], tensor))
    }
  }
  return errors
}

const shown = (error: number): string => (error === 0 ? '0' : error.toExponential(1).replace('-', '−'))

async function isHere(candidate: BackendCandidate): Promise<boolean> {
  try {
    await candidate.start()
    return true
  } catch {
    // Its column is left out; murmur doctor says why.
    return false
  }
}

const all = [...backendCandidates(), ...nodeBackends()]
const cpu = all.find(({ name }) => name === 'cpu')!
const engines: BackendCandidate[] = []
for (const candidate of all) if (candidate !== cpu && (await isHere(candidate))) engines.push(candidate)

const heads = engines.map(({ name }) => `${name}: values | ${name}: gradients`)
console.log(`| operation | ${heads.join(' | ')} |`)
console.log(`| --- |${' --- | --- |'.repeat(engines.length)}`)
const rows: [string, typeof valuesOf][] = [
  ...Object.keys(drawnCases).map((name): [string, typeof valuesOf] => [name, valuesOf]),
  ...Object.keys(fused).map((name): [string, typeof valuesOf] => [name, layerOn])
]
for (const [name, compute] of rows) {
  const expected = await compute(cpu, name)
  const cells: string[] = []
  for (const engine of engines) {
    const { values, gradients } = worst(await compute(engine, name), expected)
    cells.push(shown(values), expected[0].length > 1 ? shown(gradients) : '–')
  }
  console.log(`| ${name} | ${cells.join(' | ')} |`)
}
