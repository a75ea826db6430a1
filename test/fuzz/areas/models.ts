/** src/model: topologies that strangers wrote, and weight files. */
import { expect } from 'chai'
import fc from 'fast-check'
import {
  InvalidModelFileError,
  InvalidTopologyError,
  ModelMismatchError,
  ModelTooLargeError
} from '../../../src/model/errors.ts'
import { readKerasModel, writeKerasModel } from '../../../src/model/files/keras.ts'
import { readSafetensors, writeSafetensors } from '../../../src/model/files/safetensors.ts'
import { flatFrom, namedTensors } from '../../../src/model/files/tensors.ts'
import { layoutOf } from '../../../src/model/layout.ts'
import { planFor } from '../../../src/model/task.ts'
import { parseTopology } from '../../../src/model/topology/parse.ts'
import { planModel } from '../../../src/model/topology/plan.ts'
import { writeTopology } from '../../../src/model/topology/write.ts'
import { hostileJson } from '../json.ts'
import { damaged } from '../mutate.ts'
import { fuzzed, refusedOrUnderstood } from '../property.ts'
import { manifests } from '../samples.ts'
import type { FuzzArea } from '../property.ts'

const topologyErrors = [InvalidTopologyError, ModelMismatchError, ModelTooLargeError]
const plans = manifests.map(({ value }) => planFor(value))
const graph = {
  class_name: 'Model',
  config: {
    layers: [
      {
        class_name: 'InputLayer',
        name: 'in',
        config: { batch_input_shape: [null, 8, 8, 3] },
        inbound_nodes: []
      },
      {
        class_name: 'Conv2D',
        name: 'conv',
        config: {
          filters: 4,
          kernel_size: [3, 3],
          strides: 1,
          padding: 'same',
          kernel_initializer: 'he_normal'
        },
        inbound_nodes: [[['in', 0, 0]]]
      },
      { class_name: 'Flatten', name: 'flat', config: {}, inbound_nodes: [[['conv', 0, 0]]] },
      {
        class_name: 'Reshape',
        name: 'shape',
        config: { target_shape: [64, -1] },
        inbound_nodes: [[['flat', 0, 0]]]
      },
      {
        class_name: 'LSTM',
        name: 'lstm',
        config: { units: 5, recurrent_initializer: { class_name: 'Orthogonal', config: { gain: 1 } } },
        inbound_nodes: [[['shape', 0, 0]]]
      },
      {
        class_name: 'Concatenate',
        name: 'both',
        config: { axis: -1 },
        inbound_nodes: [
          [
            ['lstm', 0, 0],
            ['lstm', 0, 0]
          ]
        ]
      }
    ],
    input_layers: [['in', 0, 0]],
    output_layers: [['both', 0, 0]]
  }
}
const topologies = [...plans.map((plan) => writeTopology(plan.topology)), graph]

/** Sized without allocating anything, and written in a form that means the same. */
const topology = fuzzed('topologies', hostileJson(topologies), {
  shares: 5,
  judge: async (text) =>
    await refusedOrUnderstood({
      errors: topologyErrors,
      run: () => planModel(parseTopology(text, [8])),
      accepted: (plan) => {
        const again = planModel(parseTopology(JSON.stringify(writeTopology(plan.topology)), [8]))
        expect(again.output).to.deep.equal(plan.output)
        expect(again.parameters).to.equal(plan.parameters)
        expect(Number.isSafeInteger(plan.parameters) && Number.isFinite(plan.operations)).to.equal(true)
      }
    })
})

const plan = plans.reduce((least, each) => (each.parameters < least.parameters ? each : least))
const layout = layoutOf(plan)
const weights = Float32Array.from({ length: layout.size }, (_, i) => i / 8)
const keras = writeKerasModel({ plan, layout, weights }, { federation: 'x', round: 3 })
const kerasJson = JSON.parse(keras.modelJson) as object

const kerasFile = fuzzed(
  'Keras models',
  fc.tuple(hostileJson([kerasJson]), fc.oneof(fc.constant(keras.weights), damaged([keras.weights]))),
  {
    shares: 2,
    judge: async ([modelJson, bytes]) =>
      await refusedOrUnderstood({
        errors: [InvalidModelFileError, ...topologyErrors],
        run: () => {
          const model = readKerasModel({ modelJson, weights: bytes })
          const layers = planModel(parseTopology(model.topology, [8]))
          return flatFrom(model.tensors, layoutOf(layers), 'weights.bin')
        }
      })
  }
)

const small = [
  { name: 'a', shape: [2, 2], values: Float32Array.of(1, NaN, -0, Infinity) },
  { name: 'b/c', shape: [], values: Float32Array.of(2) },
  { name: 'none', shape: [0], values: new Float32Array(0) }
]
const files = [
  writeSafetensors({ tensors: namedTensors(layout, weights), metadata: { round: '3' } }),
  writeSafetensors({ tensors: small, metadata: {} })
]
const headers = files.map((file) => {
  const length = Number(new DataView(file.buffer).getBigUint64(0, true))
  return {
    header: JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + length))) as object,
    data: file.subarray(8 + length)
  }
})
/** A file around any header. */
const assembled = fc
  .tuple(hostileJson(headers.map(({ header }) => header)), fc.constantFrom(...headers))
  .map(([json, { data }]) => {
    const header = new TextEncoder().encode(json)
    const file = new Uint8Array(8 + header.length + data.length)
    new DataView(file.buffer).setBigUint64(0, BigInt(header.length), true)
    file.set(header, 8)
    file.set(data, 8 + header.length)
    return file
  })

const safetensors = fuzzed('safetensors files', fc.oneof(damaged(files), assembled, fc.uint8Array()), {
  shares: 3,
  judge: async (bytes) =>
    await refusedOrUnderstood({
      errors: [InvalidModelFileError],
      run: () => readSafetensors(bytes),
      accepted: (file) => expectSame(readSafetensors(writeSafetensors(file)), file)
    })
})

function expectSame(
  again: ReturnType<typeof readSafetensors>,
  file: ReturnType<typeof readSafetensors>
): void {
  const sorted = (of: typeof file): unknown[] => of.tensors.map(({ name, shape }) => [name, shape]).sort()
  expect(sorted(again)).to.deep.equal(sorted(file))
  expect(again.metadata).to.deep.equal(file.metadata)
}

export const models: FuzzArea = { name: 'models', properties: [topology, kerasFile, safetensors] }
