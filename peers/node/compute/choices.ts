/**
 * Which engines were too slow for a model, so that the next start need not load them to find that out again: TensorFlow's
 * library alone takes 300 MB. Kept in the cache, beside the engines; worthless elsewhere and harmless to lose.
 */
import { createHash } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { SlowerBackendError } from '../../../src/compute/choose.ts'
import { planFor } from '../../../src/model/task.ts'
import { cacheDirectory } from './cache.ts'
import type { BackendAttempt, BackendCandidate } from '../../../src/compute/choose.ts'
import type { ModelManifest } from '../../../src/model/task.ts'

/** After this an engine is measured again: machines, and what else runs on them, change. */
const GOOD_FOR_MS = 7 * 24 * 3_600_000
/** Federations are few; a file that grows without end would be a surprise. */
const MOST_CHOICES = 256

const choicesSchema = z.record(
  z.string(),
  z.object({ atMs: z.number(), slower: z.record(z.string(), z.string()) })
)
type Choices = z.output<typeof choicesSchema>

export interface ChoiceOptions {
  manifest: ModelManifest
  /** Threads that train: the embedded engine may be the faster one by them. */
  threads?: number
  /** Milliseconds since the epoch. */
  nowMs: number
}

/** The candidates, those that were too slow for this model refused without being loaded. */
export async function withoutSlower(
  candidates: readonly BackendCandidate[],
  options: ChoiceOptions
): Promise<BackendCandidate[]> {
  const { nowMs } = options
  const choice = (await readChoices())[keyOf(options)]
  if (choice == null || nowMs - choice.atMs > GOOD_FOR_MS) return [...candidates]
  return candidates.map((candidate) => {
    const reason = choice.slower[candidate.name]
    if (reason == null) return candidate
    const on = new Date(choice.atMs).toISOString().slice(0, 10)
    const error = new SlowerBackendError(`${reason} (measured on ${on})`)
    return { ...candidate, start: () => Promise.reject(error) }
  })
}

/** Note what was measured. A cache that cannot be written to costs a measurement at each start, no more. */
export async function noteSlower(attempts: readonly BackendAttempt[], options: ChoiceOptions): Promise<void> {
  const measured = attempts.filter(({ isSlower }) => isSlower === 'measured')
  if (measured.length === 0) return
  const slower = Object.fromEntries(measured.map(({ name, reason }) => [name, reason ?? 'slower']))
  const others = Object.entries(await readChoices()).slice(1 - MOST_CHOICES)
  const choices: Choices = {
    ...Object.fromEntries(others),
    [keyOf(options)]: { atMs: options.nowMs, slower }
  }
  try {
    await mkdir(cacheDirectory(), { recursive: true })
    await writeFile(fileOf(), JSON.stringify(choices))
  } catch {
    // See above.
  }
}

const fileOf = (): string => join(cacheDirectory(), 'choices.json')

async function readChoices(): Promise<Choices> {
  try {
    const result = choicesSchema.safeParse(JSON.parse(await readFile(fileOf(), 'utf8')))
    return result.success ? result.data : {}
  } catch {
    // None yet, or cut short: all are measured.
    return {}
  }
}

/** All that decides how long a step takes, but for the load of the machine. */
function keyOf({ manifest, threads = 1 }: ChoiceOptions): string {
  const { topology, operations } = planFor(manifest)
  const parts = [topology, operations, manifest.training.batchSize, manifest.training.loss]
  const machine = [process.version, process.arch, cpus()[0]?.model, threads]
  return createHash('sha256')
    .update(JSON.stringify([parts, machine]))
    .digest('hex')
    .slice(0, 32)
}
