/** The global model on the held-out examples, a fixed number of them at a time: the same sums whatever the number of threads. */
import type { Metrics } from '../../../src/federation/records.ts'
import type { EvaluateJob } from '../worker/messages.ts'
import type { Pool } from '../worker/pool.ts'

/** Eight of the largest batches that evaluation works on. */
const CHUNK = 2048

export interface EvaluationInput {
  pool: Pool
  /** Of the test examples. */
  from: number
  to: number
  /** An area under a curve is no mean of those of parts: then all examples go to one thread. */
  whole: boolean
  /** Of whose model it is, and whose examples they are. */
  local?: EvaluateJob['local']
  noise?: NonNullable<EvaluateJob['noise']>
}

/** Metrics of the model that the threads share. */
export async function evaluateShared({ pool, from, to, whole, ...whose }: EvaluationInput): Promise<Metrics> {
  const chunk = whole ? Math.max(1, to - from) : CHUNK
  const starts = Array.from({ length: Math.ceil((to - from) / chunk) }, (_, i) => from + i * chunk)
  const parts = await Promise.all(
    starts.map((start) =>
      pool.evaluate({ kind: 'evaluate', from: start, to: Math.min(to, start + chunk), ...whose })
    )
  )
  return parts.length === 1 ? parts[0] : meanOf(parts)
}

/** By their samples. */
export function meanOf(parts: readonly Metrics[]): Metrics {
  const samples = parts.reduce((sum, part) => sum + part['samples'], 0)
  const names = Object.keys(parts[0] ?? {}).filter((name) => name !== 'samples')
  const means = names.map((name) => {
    const sum = parts.reduce((total, part) => total + part[name] * part['samples'], 0)
    return [name, sum / samples]
  })
  return { ...Object.fromEntries(means), samples } as Metrics
}
