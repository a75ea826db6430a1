/** How good the base model was, by those that looked at it: every number here is a member's claim. */
import { compare } from './order.ts'
import type { Metrics, Update } from '../federation/records.ts'
import type { Signed } from '../federation/signed.ts'

/** One member's metrics, and how many examples they count for. */
interface Claim {
  metrics: Metrics
  samples: number
}

/**
 * Each metric of the base model, averaged over the contributors by how many examples each evaluated on. Only metrics
 * that all of them report, and none that overflows: DAG-CBOR has no Infinity, and nobody may stop a commit.
 *
 * @param maxSamples - a larger claim counts as this many
 */
export function averageMetrics(updates: readonly Signed<Update>[], maxSamples: number): Metrics {
  const claims = [...updates]
    .sort((a, b) => compare(a.author, b.author))
    .map((update) => claim(update, maxSamples))
  const counted = claims.filter(({ samples }) => samples > 0)
  const total = counted.reduce((sum, { samples }) => sum + samples, 0)
  if (total === 0) return {}
  const average: Metrics = { samples: total }
  for (const name of commonNames(counted)) {
    const value = counted.reduce((sum, { metrics, samples }) => sum + metrics[name] * (samples / total), 0)
    if (Number.isFinite(value)) average[name] = value
  }
  return average
}

function claim(update: Signed<Update>, maxSamples: number): Claim {
  const metrics = update.value.metricsBefore
  const samples = Object.hasOwn(metrics, 'samples') ? metrics.samples : 0
  return { metrics, samples: Math.min(samples, maxSamples) }
}

function commonNames(claims: readonly Claim[]): string[] {
  const names = Object.keys(claims[0].metrics).filter((name) => name !== 'samples' && name !== '__proto__')
  return names.filter((name) => claims.every(({ metrics }) => Object.hasOwn(metrics, name))).sort()
}
