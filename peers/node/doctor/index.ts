/** What `murmur doctor` finds: which engines may train here and how fast, and what the machine lets a peer do. */
import { existsSync } from 'node:fs'
import { diagnoseBackends } from '../compute/diagnose.ts'
import { openHome } from '../home/index.ts'
import { checkMachine } from './checks.ts'
import type { BackendDiagnosis, DiagnoseOptions } from '../compute/diagnose.ts'
import type { CheckOptions, MachineCheck } from './checks.ts'
import type { Manifest } from '../../../src/federation/manifest/schema.ts'
import type { ModelManifest } from '../../../src/model/task.ts'

export type { BackendDiagnosis } from '../compute/diagnose.ts'
export type { CheckStatus, MachineCheck } from './checks.ts'

export interface DoctorReport {
  /** Training is possible: some engine may train, and no check of the machine failed. */
  ok: boolean
  /** The engine that a peer would choose for the model: the fastest that may train; null for none. */
  fastest: string | null
  /** The name of the state directory's federation, whose model the engines were tried on too; null without one. */
  federation: string | null
  backends: BackendDiagnosis[]
  checks: MachineCheck[]
}

export type ExamineOptions = CheckOptions & Omit<DiagnoseOptions, 'manifest'>

/** Look at everything. Takes some seconds; changes nothing. */
export async function examine(options: ExamineOptions): Promise<DoctorReport> {
  const { manifest, check } = await federationIn(options.home)
  const checks = [...(await checkMachine(options)), ...check]
  const model = manifest == null ? null : modelOf(manifest)
  const backends = await diagnoseBackends({ ...options, manifest: model })
  const usable = backends.filter((backend) => backend.ok)
  const fastest = usable.length === 0 ? null : usable.reduce(quicker).name
  const ok = fastest != null && checks.every(({ status }) => status !== 'failed')
  return { ok, fastest, federation: manifest?.name ?? null, backends, checks }
}

/** What a trial needs; the rest is of no use to it. */
const modelOf = ({ task, model, training }: Manifest): ModelManifest => ({ task, model, training })

const msOf = ({ ownStepMs, stepMs }: BackendDiagnosis): number => ownStepMs ?? stepMs ?? Infinity

const quicker = (a: BackendDiagnosis, b: BackendDiagnosis): BackendDiagnosis => (msOf(b) < msOf(a) ? b : a)

/** The manifest in a state directory, and what is wrong if it cannot be read. */
async function federationIn(home: string): Promise<{ manifest: Manifest | null; check: MachineCheck[] }> {
  try {
    if (!existsSync(home)) return { manifest: null, check: [] }
    const manifest = await (await openHome(home)).findManifest()
    return { manifest: manifest?.value ?? null, check: [] }
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error)
    return { manifest: null, check: [{ name: 'federation', status: 'failed', found }] }
  }
}
