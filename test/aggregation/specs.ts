/** Every rule, preparation and server optimizer that a manifest can name, with settings. */
import type { PreparationSpec, RuleSpec, ServerOptimizerSpec } from '../../src/federation/manifest/schema.ts'

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
  { name: 'centeredClipping', radius: 5, iterations: 2 },
  { name: 'fltrust' }
]

export const somePreparations: PreparationSpec[] = [
  { name: 'nnm', byzantine: 1 },
  { name: 'bucketing', size: 2 },
  { name: 'clipping', norm: 5 },
  { name: 'arc', byzantine: 1 }
]

export const someOptimizers: ServerOptimizerSpec[] = [
  { name: 'sgd', learningRate: 0.3 },
  { name: 'momentum', learningRate: 0.5, momentum: 0.9, nesterov: false },
  { name: 'momentum', learningRate: 0.7, momentum: 0.9, nesterov: true },
  { name: 'adagrad', learningRate: 0.1, tau: 1e-3 },
  { name: 'adam', learningRate: 0.1, beta1: 0.9, beta2: 0.99, tau: 1e-3 },
  { name: 'yogi', learningRate: 0.01, beta1: 0.9, beta2: 0.99, tau: 1e-3 }
]
