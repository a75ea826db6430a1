/**
 * FLTrust (Cao, Fang, Liu, Gong 2021, "FLTrust: Byzantine-robust Federated Learning via Trust Bootstrapping", arXiv
 * 2012.13995, Algorithm 2) without a server: where the paper's trains on a clean data set of its own, here a member that the
 * manifest names, the root, trains on its own data, and all voters have its update g₀. With TSᵢ = max(0, cos(gᵢ, g₀)) the
 * result is Σ TSᵢ · ‖g₀‖ / ‖gᵢ‖ · gᵢ / Σ TSᵢ. The paper's sum leaves g₀ out; here the root is a member like the others and
 * counts by its own trust, 1: so the sum of trust is never 0, and the result never points away from g₀. Withstands any number
 * of liars while the root is honest: together they move the model by less than ‖g₀‖. Without the root's update, or where that
 * is zero, the result is zero. Cost n·d twice.
 */
import type { Alignment } from '../alignment.ts'
import type { AggregationRule } from '../rule.ts'

export const fltrust: AggregationRule = {
  name: 'fltrust',
  minDeltas: 1,
  bySamples: false,
  needsDistances: false,
  needsRoot: true,
  plan: ({ weights, alignment }) => {
    if (alignment == null || alignment.norm(alignment.root) === 0) return { shares: weights.map(() => 0) }
    const trust = trustIn(alignment)
    const length = alignment.norm(alignment.root)
    // Trust in a delta of zeros is 0, and it has no length that it could be brought to.
    const times = (factor: (norm: number) => number): number[] =>
      trust.map((share, i) => (share === 0 ? 0 : share * factor(length / alignment.norm(i))))
    return { shares: times((factor) => factor), averaged: times((factor) => Math.min(1, factor)) }
  }
}

/** Shares of all trust. */
function trustIn(alignment: Alignment): number[] {
  const scores = Array.from({ length: alignment.count }, (_, i) => Math.max(0, alignment.cosine(i)))
  const sum = scores.reduce((total, score) => total + score, 0)
  return scores.map((score) => score / sum)
}
