/**
 * The coordinate-wise median (Yin et al. 2018, "Byzantine-Robust Distributed Learning", Definition 1): in each coordinate
 * the middle value, or the mean of the two in the middle. Breakdown point 1/2. Cost n·log(n)·d.
 */
import { vectorKernels } from '../../compute/vectors/index.ts'
import { eachColumn, medianOf } from '../columns.ts'
import type { AggregationRule, Combine } from '../rule.ts'

export const median: AggregationRule = {
  name: 'median',
  minDeltas: 1,
  bySamples: false,
  needsDistances: false,
  plan: () => ({ combine })
}

const combine: Combine = (deltas, out) => {
  const kernels = vectorKernels()
  if (kernels != null) return kernels.median(deltas, out)
  eachColumn(deltas, out, medianOf)
  // Half of the smallest negative number is rounded to −0; the kernel knows 0 alone.
  for (let i = 0; i < out.length; i++) out[i] += 0
}
