/** Recurrent layers: [length, in] → [units], or [length, units] with `return_sequences`. */
import { z } from 'zod'
import { activationField, initializerField, layerType, onlyInput, size, weight } from './common.ts'
import type { LayerType } from './common.ts'

const never = z.literal(false).nullish()

const shared = {
  units: size,
  activation: activationField.default('tanh'),
  use_bias: z.boolean().default(true),
  kernel_initializer: initializerField('glorotUniform'),
  recurrent_initializer: initializerField('orthogonal'),
  bias_initializer: initializerField('zeros'),
  dropout: z.literal(0).nullish(),
  recurrent_dropout: z.literal(0).nullish(),
  return_sequences: z.boolean().default(false),
  return_state: never,
  go_backwards: z.boolean().default(false),
  stateful: never,
  unroll: never,
  time_major: never
}

const gated = {
  ...shared,
  recurrent_activation: activationField.default('hard_sigmoid'),
  implementation: z.union([z.literal(1), z.literal(2)]).nullish(),
  reset_after: never
}

/** `gates`: how many blocks of `units` columns the kernels have. */
function recurrent<S extends typeof shared>(gates: number, fields: S): LayerType {
  return layerType(z.object<typeof shared>(fields), (c, inputs) => {
    const [length, features] = onlyInput(inputs, 2)
    const columns = gates * c.units
    const bias = weight('bias', [columns], c.bias_initializer)
    const isForgetful = (c as { unit_forget_bias?: boolean }).unit_forget_bias === true
    const weights = [
      weight('kernel', [features, columns], c.kernel_initializer),
      weight('recurrent_kernel', [c.units, columns], c.recurrent_initializer),
      ...(c.use_bias ? [isForgetful ? { ...bias, onesBlock: { index: 1, count: gates } } : bias] : [])
    ]
    return {
      output: c.return_sequences ? [length, c.units] : [c.units],
      weights,
      operations: length * columns * (features + c.units)
    }
  })
}

export const simpleRnn: LayerType = recurrent(1, shared)

/** Gates in the order input, forget, cell, output. */
export const lstm: LayerType = recurrent(4, { ...gated, unit_forget_bias: z.boolean().default(true) })

/** With the reset gate before the product (`reset_after: false`), the only form TensorFlow.js has. */
export const gru: LayerType = recurrent(3, gated)
