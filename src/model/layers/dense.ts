/** Dense and Embedding layers. */
import { z } from 'zod'
import { activationField, initializerField, layerType, onlyInput, size, sizeOf, weight } from './common.ts'
import type { LayerType } from './common.ts'

/** [..., n] → [..., units]. */
export const dense: LayerType = layerType(
  z.object({
    units: size,
    activation: activationField.default('linear'),
    use_bias: z.boolean().default(true),
    kernel_initializer: initializerField('glorotUniform'),
    bias_initializer: initializerField('zeros')
  }),
  (config, inputs) => {
    const input = onlyInput(inputs)
    const features = input[input.length - 1]
    const kernel = weight('kernel', [features, config.units], config.kernel_initializer)
    const bias = weight('bias', [config.units], config.bias_initializer)
    return {
      output: [...input.slice(0, -1), config.units],
      weights: config.use_bias ? [kernel, bias] : [kernel],
      operations: sizeOf(input) * config.units
    }
  }
)

/** Token ids [length] → [length, output_dim]. */
export const embedding: LayerType = layerType(
  z.object({
    input_dim: size,
    output_dim: size,
    input_length: size.nullish(),
    mask_zero: z.literal(false).nullish(),
    embeddings_initializer: initializerField('randomUniform')
  }),
  (config, inputs) => {
    const input = onlyInput(inputs, 1)
    const shape = [config.input_dim, config.output_dim]
    return {
      output: [...input, config.output_dim],
      weights: [weight('embeddings', shape, config.embeddings_initializer)],
      operations: sizeOf(input) * config.output_dim
    }
  }
)
