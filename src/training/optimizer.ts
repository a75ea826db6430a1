/**
 * Local optimizers, updating weights in place in the backend's memory: one pass, no temporaries. Their state starts
 * afresh each round, for it belongs to a model that the aggregate has replaced.
 */
import type { TensorMemory } from '../compute/memory.ts'
import type { TrainingSpec } from '../federation/manifest/schema.ts'
import type { Tensor } from '@tensorflow/tfjs-core'

/** One round's optimizer. */
export interface Optimizer {
  /** Move `weights[i]` by its gradient; aligned lists. A weight that the loss does not reach has null. */
  apply(weights: readonly Tensor[], gradients: readonly (Tensor | null)[], memory: TensorMemory): void
}

type Rule = (weights: Float32Array, gradient: Float32Array, state: Float32Array[]) => void

/** A fresh optimizer for one round. */
export function createOptimizer(spec: TrainingSpec['optimizer'], learningRate: number): Optimizer {
  if (spec.name === 'sgd') return inPlace(0, () => sgd(learningRate))
  if (spec.name === 'momentum') return inPlace(1, () => momentum(learningRate, spec.momentum))
  let [decay1, decay2] = [1, 1]
  return inPlace(2, () => {
    decay1 *= spec.beta1
    decay2 *= spec.beta2
    const rate = (learningRate * Math.sqrt(1 - decay2)) / (1 - decay1)
    return adam({ ...spec, rate })
  })
}

/** The learning rate of a round, from 1 on: lr · decay^(round − 1). */
export function learningRateOf({ learningRate, learningRateDecay }: TrainingSpec, round: number): number {
  return learningRate * learningRateDecay ** (round - 1)
}

/** `slots`: how many vectors of state each weight has. `ruleOf` is asked once a step. */
function inPlace(slots: number, ruleOf: () => Rule): Optimizer {
  const states: Float32Array[][] = []
  return {
    apply(weights, gradients, memory) {
      const rule = ruleOf()
      for (const [i, weight] of weights.entries()) {
        const gradient = gradients[i]
        if (gradient == null) continue
        const state = (states[i] ??= Array.from({ length: slots }, () => new Float32Array(weight.size)))
        rule(memory.view(weight), memory.view(gradient), state)
        memory.changed(weight)
      }
    }
  }
}

/** w ← w − lr·g */
const sgd =
  (rate: number): Rule =>
  (w, g) => {
    for (let i = 0; i < w.length; i++) w[i] -= rate * g[i]
  }

/** v ← m·v + g; w ← w − lr·v (Polyak 1964, as TensorFlow writes it). */
const momentum =
  (rate: number, share: number): Rule =>
  (w, g, [v]) => {
    for (let i = 0; i < w.length; i++) {
      v[i] = share * v[i] + g[i]
      w[i] -= rate * v[i]
    }
  }

/** Kingma & Ba 2015, https://arxiv.org/abs/1412.6980, with the bias corrections folded into `rate`. */
const adam =
  ({ rate, beta1, beta2, epsilon }: { rate: number; beta1: number; beta2: number; epsilon: number }): Rule =>
  (w, g, [m, v]) => {
    for (let i = 0; i < w.length; i++) {
      m[i] = beta1 * m[i] + (1 - beta1) * g[i]
      v[i] = beta2 * v[i] + (1 - beta2) * g[i] * g[i]
      w[i] -= (rate * m[i]) / (Math.sqrt(v[i]) + epsilon)
    }
  }
