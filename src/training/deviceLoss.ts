/** The losses of loss.ts by TensorFlow.js' operations, for backends whose values JavaScript does not see at once. */
import {
  abs,
  div,
  exp,
  log,
  log1p,
  max,
  maximum,
  mul,
  neg,
  sigmoid,
  sub,
  sum,
  tensor
} from '@tensorflow/tfjs-core'
import { classOf, lossFor } from './loss.ts'
import type { Loss } from './loss.ts'
import type { TrainingSpec } from '../federation/manifest/schema.ts'
import type { Tensor } from '@tensorflow/tfjs-core'

/** The sum of the losses, a scalar, and the derivative of their mean by the logits, examples × width. */
export interface LossTensors {
  sum: Tensor
  slopes: Tensor
}

/** `logits` [examples, width]; one target an example, as in loss.ts. */
export type DeviceLoss = (logits: Tensor, by: { targets: Float32Array; width: number }) => LossTensors

/** The same loss by operations. */
export function deviceLoss(loss: Loss): DeviceLoss {
  const name = names.find((one) => lossFor(one) === loss)
  if (name == null) throw new TypeError('A loss of its own has no operations: expected one of lossFor()')
  return deviceLosses[name]
}

const categoricalCrossentropy: DeviceLoss = (logits, { targets, width }) => {
  const wanted = tensor(hot(targets, width), [targets.length, width])
  const shifted = sub(logits, max(logits, 1, true))
  const exponentials = exp(shifted)
  const totals = sum(exponentials, 1, true)
  const losses = mul(wanted, sub(log(totals), shifted))
  return { sum: sum(losses), slopes: mean(sub(div(exponentials, totals), wanted), targets.length) }
}

const binaryCrossentropy: DeviceLoss = (z, { targets }) => {
  for (const target of targets) classOf(target, 2)
  const wanted = tensor(targets.slice(), z.shape)
  const losses = sub(maximum(z, 0), sub(mul(z, wanted), log1p(exp(neg(abs(z))))))
  return { sum: sum(losses), slopes: mean(sub(sigmoid(z), wanted), targets.length) }
}

const meanSquaredError: DeviceLoss = (logits, { targets }) => {
  const errors = sub(logits, tensor(targets.slice(), logits.shape))
  return { sum: sum(mul(errors, errors)), slopes: mean(mul(errors, 2), targets.length) }
}

const deviceLosses: Record<TrainingSpec['loss'], DeviceLoss> = {
  categoricalCrossentropy,
  binaryCrossentropy,
  meanSquaredError
}
const names = Object.keys(deviceLosses) as TrainingSpec['loss'][]

const mean = (values: Tensor, examples: number): Tensor => mul(values, 1 / examples)

/** A one at each example's class. */
function hot(targets: Float32Array, width: number): Float32Array {
  const values = new Float32Array(targets.length * width)
  for (const [i, target] of targets.entries()) values[i * width + classOf(target, width)] = 1
  return values
}
