/** What `murmur doctor` finds: which engines may train here and how fast, and what the machine lets a peer do. */
import { diagnoseBackends } from '../compute/diagnose.ts'
import { checkMachine } from './checks.ts'
import type { BackendDiagnosis, DiagnoseOptions } from '../compute/diagnose.ts'
import type { CheckOptions, MachineCheck } from './checks.ts'

export type { BackendDiagnosis } from '../compute/diagnose.ts'
export type { CheckStatus, MachineCheck } from './checks.ts'

export interface DoctorReport {
  /** Training is possible: some engine may train, and no check of the machine failed. */
  ok: boolean
  /** The engine that a peer would choose for the reference model: the fastest that may train; null for none. */
  fastest: string | null
  backends: BackendDiagnosis[]
  checks: MachineCheck[]
}

export type ExamineOptions = CheckOptions & DiagnoseOptions

/** Look at everything. Takes some seconds; changes nothing. */
export async function examine(options: ExamineOptions): Promise<DoctorReport> {
  const checks = await checkMachine(options)
  const backends = await diagnoseBackends(options)
  const usable = backends.filter((backend) => backend.ok)
  const fastest = usable.length === 0 ? null : usable.reduce(quicker).name
  const ok = fastest != null && checks.every(({ status }) => status !== 'failed')
  return { ok, fastest, backends, checks }
}

const quicker = (a: BackendDiagnosis, b: BackendDiagnosis): BackendDiagnosis =>
  (b.stepMs ?? Infinity) < (a.stepMs ?? Infinity) ? b : a
