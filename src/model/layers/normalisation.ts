/** Normalisation over the last axis. */
import { z } from 'zod'
import { initializerField, layerType, onlyInput, sizeOf, weight } from './common.ts'
import type { LayerType, LayerWeight } from './common.ts'

const lastAxis = z
  .union([
    z.int(),
    z
      .array(z.int())
      .length(1)
      .transform(([axis]) => axis)
  ])
  .default(-1)

const shared = {
  axis: lastAxis,
  center: z.boolean().default(true),
  scale: z.boolean().default(true),
  gamma_initializer: initializerField('ones'),
  beta_initializer: initializerField('zeros'),
  epsilon: z.number().positive().max(1).default(1e-3)
}

interface Affine {
  axis: number
  center: boolean
  scale: boolean
  gamma_initializer: LayerWeight['initializer']
  beta_initializer: LayerWeight['initializer']
}

function affine(config: Affine, input: readonly number[]): LayerWeight[] {
  if (config.axis !== -1 && config.axis !== input.length) {
    throw new Error(`normalises axis ${config.axis}, expected the last (-1)`)
  }
  const shape = [input[input.length - 1]]
  return [
    ...(config.scale ? [weight('gamma', shape, config.gamma_initializer)] : []),
    ...(config.center ? [weight('beta', shape, config.beta_initializer)] : [])
  ]
}

/** Keeps moving statistics: weights that are not trained but are averaged with the others. */
export const batchNormalization: LayerType = layerType(
  z.object({
    ...shared,
    momentum: z.number().min(0).max(1).default(0.99),
    moving_mean_initializer: initializerField('zeros'),
    moving_variance_initializer: initializerField('ones')
  }),
  (config, inputs) => {
    const input = onlyInput(inputs)
    const shape = [input[input.length - 1]]
    const mean = weight('moving_mean', shape, config.moving_mean_initializer)
    const variance = weight('moving_variance', shape, config.moving_variance_initializer)
    const statistics = [mean, variance].map((w) => ({ ...w, trainable: false }))
    return {
      output: input,
      weights: [...affine(config, input), ...statistics],
      operations: 4 * sizeOf(input)
    }
  }
)

export const layerNormalization: LayerType = layerType(z.object(shared), (config, inputs) => {
  const input = onlyInput(inputs)
  return { output: input, weights: affine(config, input), operations: 4 * sizeOf(input) }
})
