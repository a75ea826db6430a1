/** Every rule and preparation that a manifest can name, with settings. */
import type { PreparationSpec, RuleSpec } from '../../src/federation/manifest/schema.ts'

export const someRules: RuleSpec[] = [
  { name: 'mean' },
  { name: 'normClipping', norm: 5 },
  { name: 'median' },
  { name: 'trimmedMean', byzantine: 1 },
  { name: 'meamed', byzantine: 1 },
  { name: 'geometricMedian', iterations: 8, smoothing: 1e-3 },
  { name: 'krum', byzantine: 1 },
  { name: 'multiKrum', byzantine: 1 },
  { name: 'bulyan', byzantine: 1 },
  { name: 'mda', byzantine: 1 },
  { name: 'caf', byzantine: 1 },
  { name: 'centeredClipping', radius: 5, iterations: 2 }
]

export const somePreparations: PreparationSpec[] = [
  { name: 'nnm', byzantine: 1 },
  { name: 'bucketing', size: 2 },
  { name: 'clipping', norm: 5 },
  { name: 'arc', byzantine: 1 }
]
