/** Layers that keep the shape: activations and dropout. */
import { z } from 'zod'
import { activationField, layerType, onlyInput, weightless } from './common.ts'
import type { LayerType } from './common.ts'

const keepsShape = <S extends z.ZodRawShape>(config: z.ZodObject<S>): LayerType =>
  layerType(config, (_, inputs) => weightless(onlyInput(inputs)))

export const activation: LayerType = keepsShape(z.object({ activation: activationField }))
export const relu: LayerType = keepsShape(z.object({ max_value: z.number().positive().nullish() }))
export const leakyRelu: LayerType = keepsShape(z.object({ alpha: z.number().min(0).max(10).default(0.3) }))
export const elu: LayerType = keepsShape(z.object({ alpha: z.literal(1).nullish() }))
export const softmax: LayerType = keepsShape(z.object({ axis: z.literal(-1).default(-1) }))

/** The seed is ours to give, one a step: see training/dropout.ts. */
export const dropout: LayerType = keepsShape(
  z.object({ rate: z.number().min(0).max(0.99), noise_shape: z.null().optional(), seed: z.int().nullish() })
)
