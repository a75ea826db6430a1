/** The losses of loss.ts on backends whose values JavaScript sees at once: by a kernel where there is one, else by its loops. */
import { tensor } from '@tensorflow/tfjs-core'
import { tensorMemory } from '../compute/memory.ts'
import { crossEntropy, hasCrossEntropy, lossOfTotals } from '../compute/wasm/softmax.ts'
import { classOf, lossFor } from './loss.ts'
import type { Loss } from './loss.ts'
import type { Tensor } from '@tensorflow/tfjs-core'

/** The sum of a batch's losses, and the derivative of their mean by the logits, examples × width. */
export interface HostLoss {
  sum: number
  slopes: Tensor
}

/** `logits` [examples, width]; one target an example, as in loss.ts. */
export function hostLoss(loss: Loss, logits: Tensor, by: { targets: Float32Array; width: number }): HostLoss {
  const isSoftmax = loss === lossFor('categoricalCrossentropy')
  if (isSoftmax && hasCrossEntropy()) return byKernel(logits, by)
  const slopes = new Float32Array(logits.size)
  const sum = loss({ logits: tensorMemory().view(logits), ...by }, slopes)
  return { sum, slopes: tensor(slopes, logits.shape) }
}

function byKernel(logits: Tensor, { targets, width }: { targets: Float32Array; width: number }): HostLoss {
  const [slopes, totals] = crossEntropy(logits, classesOf(targets, width))
  return { sum: lossOfTotals(tensorMemory().view(totals)), slopes }
}

/** @throws {InvalidTargetError} */
export const classesOf = (targets: Float32Array, width: number): Int32Array =>
  Int32Array.from(targets, (target) => classOf(target, width))
