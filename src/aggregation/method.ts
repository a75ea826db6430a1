/** What a manifest says of aggregation, as rule, preparations and server optimizer; and what these together need. */
import { keepsControls } from './controls.ts'
import { adagrad } from './optimizers/adagrad.ts'
import { adam } from './optimizers/adam.ts'
import { momentum } from './optimizers/momentum.ts'
import { sgd } from './optimizers/sgd.ts'
import { yogi } from './optimizers/yogi.ts'
import { arc } from './preparations/arc.ts'
import { bucketing } from './preparations/bucketing.ts'
import { clipping } from './preparations/clipping.ts'
import { nnm } from './preparations/nnm.ts'
import { bulyan } from './rules/bulyan.ts'
import { caf } from './rules/caf.ts'
import { centeredClipping } from './rules/centered-clipping.ts'
import { geometricMedian } from './rules/geometric-median.ts'
import { fltrust } from './rules/fltrust.ts'
import { krum } from './rules/krum.ts'
import { mda } from './rules/mda.ts'
import { mean } from './rules/mean.ts'
import { meamed } from './rules/meamed.ts'
import { median } from './rules/median.ts'
import { multiKrum } from './rules/multi-krum.ts'
import { normClipping } from './rules/norm-clipping.ts'
import { trimmedMean } from './rules/trimmed-mean.ts'
import type { AggregationSpec, Manifest, PreparationSpec, RuleSpec } from '../federation/manifest/schema.ts'
import type { AggregationRule, Preparation, ServerOptimizer } from './rule.ts'

/** The rule that a manifest names. */
export function ruleOf(spec: RuleSpec): AggregationRule {
  switch (spec.name) {
    case 'mean':
      return mean
    case 'normClipping':
      return normClipping(spec.norm)
    case 'median':
      return median
    case 'trimmedMean':
      return trimmedMean(spec.byzantine)
    case 'meamed':
      return meamed(spec.byzantine)
    case 'geometricMedian':
      return geometricMedian(spec)
    case 'krum':
      return krum(spec.byzantine)
    case 'multiKrum':
      return multiKrum(spec.byzantine)
    case 'bulyan':
      return bulyan(spec.byzantine)
    case 'mda':
      return mda(spec.byzantine)
    case 'caf':
      return caf(spec.byzantine)
    case 'centeredClipping':
      return centeredClipping(spec)
    case 'fltrust':
      return fltrust
  }
}

/** What a manifest lets be done to deltas before the rule gets them. */
export function preparationOf(spec: PreparationSpec): Preparation {
  switch (spec.name) {
    case 'nnm':
      return nnm(spec.byzantine)
    case 'bucketing':
      return bucketing(spec.size)
    case 'clipping':
      return clipping(spec.norm)
    case 'arc':
      return arc(spec.byzantine)
  }
}

/** The server optimizer that a manifest names. */
export function serverOptimizer(spec: AggregationSpec['serverOptimizer']): ServerOptimizer {
  switch (spec.name) {
    case 'sgd':
      return sgd(spec)
    case 'momentum':
      return momentum(spec)
    case 'adagrad':
      return adagrad(spec)
    case 'adam':
      return adam(spec)
    case 'yogi':
      return yogi(spec)
  }
}

/** The member that the rule trusts, as the manifest names it or as its founder; null: it trusts nobody. */
export function rootOf({
  aggregation: { rule },
  founder
}: Pick<Manifest, 'aggregation' | 'founder'>): string | null {
  return rule.name === 'fltrust' ? (rule.root ?? founder) : null
}

/** Where the member that the rule trusts is among the authors of deltas; null: nowhere. */
export function rootAmong(
  authors: readonly string[],
  manifest: Pick<Manifest, 'aggregation' | 'founder'>
): number | null {
  const root = rootOf(manifest)
  const at = root == null ? -1 : authors.indexOf(root)
  return at === -1 ? null : at
}

/** Do members count by their samples, or all alike? Where they keep controls these have a plain mean, and so must they. */
export function countsSamples({
  aggregation,
  training
}: Pick<Manifest, 'aggregation' | 'training'>): boolean {
  const { rule, before = [] } = aggregation
  return ruleOf(rule).bySamples && before.length === 0 && !keepsControls(training.client.name)
}

/** The vectors that go with the model from commit to commit, and what moves them. */
export function vectorsBeside({ aggregation, training }: Pick<Manifest, 'aggregation' | 'training'>): {
  name: string
  moments: number
} {
  const { name, moments } = serverOptimizer(aggregation.serverOptimizer)
  const client = training.client.name
  return keepsControls(client) ? { name: client, moments: moments + 1 } : { name, moments }
}

/** A step that has too few deltas to work with. */
export interface Shortage {
  name: string
  needed: number
  /** Deltas that reach it. */
  found: number
}

/** The first step that cannot work with so many deltas, or null. */
export function shortageOf({ rule, before = [] }: AggregationSpec, deltas: number): Shortage | null {
  let found = deltas
  for (const { name, minDeltas: needed, countAfter } of before.map(preparationOf)) {
    if (found < needed) return { name, needed, found }
    found = countAfter(found)
  }
  const { name, minDeltas: needed } = ruleOf(rule)
  return found < needed ? { name, needed, found } : null
}
