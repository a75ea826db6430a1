/**
 * One backend tried in a process of its own, for `murmur doctor`: a library that brings the process down when it is loaded
 * then refuses itself. Started by diagnose.ts with the backend's name; the answer goes over IPC.
 */
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { backendCandidates, startBackend } from '../../../src/compute/backend.ts'
import { dismissHelpers, helpersAtWork } from '../../../src/compute/wasm/index.ts'
import { measureProduct, measureStep } from '../../../src/training/measure.ts'
import { backendCheck } from '../../../src/training/selfCheck.ts'
import { startHelper } from './helpers.ts'
import { nodeBackends } from './index.ts'
import { referenceModel } from './reference.ts'
import type { BackendCandidate } from '../../../src/compute/choose.ts'
import type { ModelManifest } from '../../../src/model/task.ts'

/** What a trial came to. */
export type TrialResult =
  | {
      ok: true
      version: string | null
      gflops: number
      size: number
      /** The same by two threads; null where the engine has one, or the machine. */
      gflopsOfTwo: number | null
      stepMs: number
      /** Of the order's own model; null without one, and for the last resort, which would take minutes. */
      ownStepMs: number | null
    }
  | { ok: false; version: string | null; reason: string }

/** What to try beside the reference model. */
export interface TrialOrder {
  manifest: ModelManifest | null
}

async function trial(name: string, { manifest }: TrialOrder): Promise<TrialResult> {
  const candidate = [...nodeBackends({ isTrial: true }), ...backendCandidates()].find(
    (one) => one.name === name
  )
  if (candidate == null) return { ok: false, version: null, reason: 'there is none of this name' }
  const now = (): number => performance.now()
  let version: string | null = null
  try {
    await candidate.start()
    version = candidate.version?.() ?? null
    const reference = referenceModel()
    await backendCheck(reference)(candidate)
    const stepMs = await measureStep(reference, { now })
    const product = await measureProduct({ now })
    const figures = { stepMs, ...product, ownStepMs: await ownStep(candidate, manifest) }
    return { ok: true, version, ...figures, gflopsOfTwo: name === 'wasm' ? await productOfTwo() : null }
  } catch (error) {
    // Further lines say from which file it was asked for.
    const [reason] = (error instanceof Error ? error.message : String(error)).split('\n')
    return { ok: false, version, reason }
  }
}

async function productOfTwo(): Promise<number | null> {
  if (availableParallelism() < 2) return null
  const helpers = { count: 1, start: startHelper, onLost: () => undefined }
  await startBackend('wasm', { helpers })
  try {
    if (helpersAtWork() === 0) return null
    return (await measureProduct({ now: () => performance.now() })).gflops
  } finally {
    await dismissHelpers()
  }
}

async function ownStep(candidate: BackendCandidate, manifest: ModelManifest | null): Promise<number | null> {
  if (manifest == null || candidate.isLastResort) return null
  await backendCheck(manifest)(candidate)
  return measureStep(manifest, { now: () => performance.now() })
}

const [order] = (await once(process, 'message')) as [TrialOrder]
const result = await trial(process.argv[2] ?? '', order)
process.send?.(result, () => process.disconnect())
