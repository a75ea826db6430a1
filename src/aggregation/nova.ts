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
 * The factors by which deltas enter their sum: the shares themselves unless members train by FedNova, or by SCAFFOLD, which
 * divides by steps too. With these they do not sum to 1, but their sum with the ‖aₖ‖₁ is the shares'.
 */
export function deltaFactors(claims: readonly Claim[], training: TrainingSpec): number[] {
  const shares = claims.map(({ weight }) => weight)
  const { name } = training.client
  if ((name !== 'fednova' && name !== 'scaffold') || 'steps' in training.work) return shares
  const mean = meanLength(claims, training)
  return claims.map((claim) => (claim.weight * mean) / lengthOf(claim, training))
}

/** τ: the mean of ‖aₖ‖₁ by shares. */
export function meanLength(claims: readonly Claim[], training: TrainingSpec): number {
  let mean = 0
  for (const claim of claims) mean += claim.weight * lengthOf(claim, training)
  return mean
}

function lengthOf({ samples }: Claim, training: TrainingSpec): number {
  return stepsLength(training, planRound(training, samples).steps)
}

/** ‖a‖₁ of so many steps: a gradient moves the weights once by plain SGD; by momentum ρ, 1 + ρ + ρ² + … times. */
function stepsLength({ optimizer }: TrainingSpec, steps: number): number {
  const kept = optimizer.name === 'momentum' ? optimizer.momentum : 0
  return (steps - (kept * (1 - power(kept, steps))) / (1 - kept)) / (1 - kept)
}
