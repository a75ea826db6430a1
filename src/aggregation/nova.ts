/**
 * FedNova (Wang et al. 2020, arXiv 2007.07481): whoever takes more local steps moves further, and would count twice where
 * it also counts by its samples. Each delta is divided by what its steps add up to, ‖aₖ‖₁, and their mean is multiplied by
 * the mean of those: Σ pₖ · (τ / ‖aₖ‖₁) · Δₖ with τ = Σ pₖ · ‖aₖ‖₁.
 *
 * The manifest fixes how much a member trains on so many samples, so steps follow from the samples that it claims, which
 * are capped: nobody can claim a few steps to count for more. Arithmetic as that of rules.
 */
import { power } from './power.ts'
import { planRound } from '../training/batches.ts'
import type { TrainingSpec } from '../federation/manifest/schema.ts'

/** An accepted update's share, and the capped samples that it claims. */
export interface Claim {
  weight: number
  samples: number
}

/**
 * The factors by which deltas enter their sum: the shares themselves unless members train by FedNova. With it they do not
 * sum to 1, but their sum with the ‖aₖ‖₁ is the shares'.
 */
export function deltaFactors(claims: readonly Claim[], training: TrainingSpec): number[] {
  const shares = claims.map(({ weight }) => weight)
  if (training.client.name !== 'fednova' || 'steps' in training.work) return shares
  const lengths = claims.map(({ samples }) => stepsLength(training, planRound(training, samples).steps))
  let mean = 0
  for (const [k, share] of shares.entries()) mean += share * lengths[k]
  return shares.map((share, k) => (share * mean) / lengths[k])
}

/** ‖a‖₁ of so many steps: a gradient moves the weights once by plain SGD; by momentum ρ, 1 + ρ + ρ² + … times. */
function stepsLength({ optimizer }: TrainingSpec, steps: number): number {
  const kept = optimizer.name === 'momentum' ? optimizer.momentum : 0
  return (steps - (kept * (1 - power(kept, steps))) / (1 - kept)) / (1 - kept)
}
