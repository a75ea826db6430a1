/**
 * Local optimizers, updating weights in place in the backend's memory: one pass, no temporaries. Their state starts
 * afresh each round, for it belongs to a model that the aggregate has replaced.
 */
import { tidy, variable, zeros } from '@tensorflow/tfjs-core'
import { tensorMemory } from '../compute/memory.ts'
import { stepRows, touchedRows } from '../compute/rows.ts'
import { tensorUpdates } from '../compute/updates.ts'
import type { TensorMemory } from '../compute/memory.ts'
import type { Updates } from '../compute/updates.ts'
import type { TrainingSpec } from '../federation/manifest/schema.ts'
import type { Tensor } from '@tensorflow/tfjs-core'

/** One round's optimizer. */
export interface Optimizer {
  /** Move `weights[i]` by its gradient; aligned lists. A weight that the loss does not reach has null. */
  apply(weights: readonly Tensor[], gradients: readonly (Tensor | null)[], memory: TensorMemory): void
  /** Free what it remembers. */
  dispose(): void
}

type Rule = (weight: Tensor, gradient: Tensor, state: Tensor[]) => void

/** A fresh optimizer for one round, on the active backend. */
export function createOptimizer(spec: TrainingSpec['optimizer'], learningRate: number): Optimizer {
  const updates = tensorUpdates()
  if (spec.name === 'sgd')
    return inPlace(0, () => (w, g) => sgd(updates, { weight: w, gradient: g, rate: learningRate }))
  if (spec.name === 'momentum') {
    const by = { rate: learningRate, share: spec.momentum }
    return inPlace(
      1,
      () =>
        (w, g, [velocity]) =>
          updates.momentum(w, g, { ...by, velocity })
    )
  }
  return inPlace(2, adam(spec, learningRate, updates))
}

/** Without a memory of its own, rows that a step did not look up stay where they are. */
function sgd(updates: Updates, step: { weight: Tensor; gradient: Tensor; rate: number }): void {
  const rows = touchedRows(step.gradient)
  if (rows == null) updates.sgd(step.weight, step.gradient, step.rate)
  else stepRows(step, rows, tensorMemory())
}

type AdamSpec = Extract<TrainingSpec['optimizer'], { beta1: number }>

/**
 * The rule of one step after the other: the corrections of the bias, which fade, are folded into the rate. AdamW shrinks the
 * weights by the rate itself (Loshchilov & Hutter 2019, Algorithm 2).
 */
function adam(spec: AdamSpec, learningRate: number, updates: Updates): () => Rule {
  const { beta1, beta2, epsilon } = spec
  const share = spec.name === 'adamw' ? 1 - learningRate * spec.weightDecay : 1
  let [decay1, decay2] = [1, 1]
  return () => {
    decay1 *= beta1
    decay2 *= beta2
    const rate = (learningRate * Math.sqrt(1 - decay2)) / (1 - decay1)
    const by = { rate, beta1, beta2, epsilon, share }
    return (w, g, [first, second]) => updates.adam(w, g, { ...by, first, second })
  }
}

/** The learning rate of a round, from 1 on: lr · decay^(round − 1). */
export function learningRateOf({ learningRate, learningRateDecay }: TrainingSpec, round: number): number {
  return learningRate * learningRateDecay ** (round - 1)
}

/** `slots`: how many vectors of state each weight has. `ruleOf` is asked once a step. */
function inPlace(slots: number, ruleOf: () => Rule): Optimizer {
  const states: Tensor[][] = []
  const fresh = ({ size }: Tensor): Tensor[] =>
    Array.from({ length: slots }, () => tidy(() => variable(zeros([size]), false)))
  return {
    apply(weights, gradients, memory) {
      const rule = ruleOf()
      for (const [i, weight] of weights.entries()) {
        const gradient = gradients[i]
        if (gradient == null) continue
        rule(weight, gradient, (states[i] ??= fresh(weight)))
        memory.changed(weight)
      }
    },
    dispose() {
      for (const tensor of states.splice(0).flat()) tensor.dispose()
    }
  }
}
