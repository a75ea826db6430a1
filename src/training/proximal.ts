/**
 * FedProx (Li et al. 2020, arXiv 1812.06127, equation 2): mu / 2 · ‖w − w₀‖² is added to the loss, w₀ being the model that
 * the round began with; so mu · (w − w₀) to the gradient. The losses that training reports are without it.
 */
import { keep, mul, reshape, tidy, variable, zeros } from '@tensorflow/tfjs-core'
import { tensorUpdates } from '../compute/updates.ts'
import type { TrainingSpec } from '../federation/manifest/schema.ts'
import type { Tensor, Variable } from '@tensorflow/tfjs-core'

/** What a client algorithm makes of gradients before the optimizer gets them. */
export interface ClientTerm {
  /** Aligned with the weights; good until the next call. */
  added(gradients: readonly (Tensor | null)[]): (Tensor | null)[]
  dispose(): void
}

/** The term of a round that begins with these weights' present values; null where there is none. */
export function clientTerm(client: TrainingSpec['client'], weights: readonly Variable[]): ClientTerm | null {
  return client.name === 'fedprox' ? proximalTerm(weights, client.mu) : null
}

function proximalTerm(weights: readonly Variable[], mu: number): ClientTerm {
  const updates = tensorUpdates()
  // Copies: weights move in place, and a gradient's memory may be shared with another's.
  const anchors = weights.map((weight) => tidy(() => keep(reshape(mul(weight, 1), [weight.size]))))
  const sums = weights.map(({ size }) => tidy(() => variable(zeros([size]), false)))
  return {
    added: (gradients) =>
      gradients.map((gradient, i) => {
        if (gradient == null) return null
        updates.proximal(sums[i], gradient, { w: weights[i], anchor: anchors[i], mu })
        return sums[i]
      }),
    dispose() {
      for (const one of [...anchors, ...sums]) one.dispose()
    }
  }
}
