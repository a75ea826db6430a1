/**
 * One backend tried in a process of its own, for `murmur doctor`: a library that brings the process down when it is loaded
 * then refuses itself. Started by diagnose.ts with the backend's name; the answer goes over IPC.
 */
import { backendCandidates } from '../../../src/compute/backend.ts'
import { measureProduct, measureStep } from '../../../src/training/measure.ts'
import { backendCheck } from '../../../src/training/selfCheck.ts'
import { nodeBackends } from './index.ts'
import { referenceModel } from './reference.ts'

/** What a trial came to. */
export type TrialResult =
  | { ok: true; version: string | null; gflops: number; size: number; stepMs: number }
  | { ok: false; version: string | null; reason: string }

async function trial(name: string): Promise<TrialResult> {
  const candidate = [...nodeBackends({ isTrial: true }), ...backendCandidates()].find(
    (one) => one.name === name
  )
  if (candidate == null) return { ok: false, version: null, reason: 'there is none of this name' }
  const now = (): number => performance.now()
  let version: string | null = null
  try {
    await candidate.start()
    version = candidate.version?.() ?? null
    const manifest = referenceModel()
    await backendCheck(manifest)(candidate)
    const stepMs = await measureStep(manifest, { now })
    return { ok: true, version, stepMs, ...(await measureProduct({ now })) }
  } catch (error) {
    // Further lines say from which file it was asked for.
    const [reason] = (error instanceof Error ? error.message : String(error)).split('\n')
    return { ok: false, version, reason }
  }
}

const result = await trial(process.argv[2] ?? '')
process.send?.(result, () => process.disconnect())
