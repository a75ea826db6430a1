/** The doctor's report as text: a table of engines, why some are refused, the machine, the verdict. */
import { renderPairs, renderTable } from '../../output/table.ts'
import type { CommandContext } from '../../context.ts'
import type { BackendDiagnosis, DoctorReport, MachineCheck } from '../../../node/doctor/index.ts'

type Colors = Pick<CommandContext['colors'], 'green' | 'yellow' | 'red' | 'bold'>

/** `columns`: the width to fit to. Without a last line feed. */
export function renderReport(report: DoctorReport, columns: number, colors: Colors): string {
  const refused = report.backends.filter(({ ok }) => !ok)
  const reasons = refused.map(({ name, reason }): [string, string] => [name, reason ?? 'no reason given'])
  return [
    engineTable(report, columns),
    ...(reasons.length === 0 ? [] : [`Refused:\n${renderPairs(reasons)}`]),
    renderChecks(report.checks, colors),
    colors.bold(verdict(report))
  ].join('\n\n')
}

/** The federation's own model has a column where there is a federation, two threads where there are two cores. */
function engineTable({ backends, fastest, federation }: DoctorReport, columns: number): string {
  const own = federation == null ? [] : ['ms on its model']
  const two = backends.some(({ gflopsOfTwo }) => gflopsOfTwo != null) ? ['2 threads'] : []
  return renderTable({
    head: ['engine', 'version', 'state', 'GFLOPS', ...two, 'ms a step', ...own],
    rows: backends.map((backend) => {
      const { gflops, gflopsOfTwo, stepMs, ownStepMs } = backend
      const products = [gflops, ...two.map(() => gflopsOfTwo)].map((value) => fixed(value, 1))
      const steps = [stepMs, ...own.map(() => ownStepMs)].map((value) => fixed(value, 2))
      return [backend.name, backend.version ?? '–', stateOf(backend, fastest), ...products, ...steps]
    }),
    right: [3, 4, 5, 6],
    columns
  })
}

const fixed = (value: number | null, digits: number): string => value?.toFixed(digits) ?? '–'

function stateOf({ name, ok }: BackendDiagnosis, fastest: string | null): string {
  if (!ok) return 'refused'
  return name === fastest ? 'ok, fastest' : 'ok'
}

const MARKS: Record<MachineCheck['status'], { text: string; color: 'green' | 'yellow' | 'red' }> = {
  ok: { text: 'ok', color: 'green' },
  warning: { text: 'look', color: 'yellow' },
  failed: { text: 'FAIL', color: 'red' }
}

function renderChecks(checks: readonly MachineCheck[], colors: Colors): string {
  const width = Math.max(...Object.values(MARKS).map(({ text }) => text.length))
  const lines = renderPairs(checks.map(({ name, found }) => [name, found])).split('\n')
  return lines
    .map((line, i) => {
      const { text, color } = MARKS[checks[i].status]
      return `${colors[color](text.padEnd(width))}  ${line}`
    })
    .join('\n')
}

function verdict({ ok, fastest, checks, federation }: DoctorReport): string {
  const what = federation == null ? 'can train' : `can train the model of "${federation}"`
  if (ok) return `This machine ${what}, fastest with ${fastest}.`
  const failed = checks.filter(({ status }) => status === 'failed').map(({ name }) => name)
  const why = [...(fastest == null ? ['no engine may train'] : []), ...failed.map((name) => `see ${name}`)]
  return `This machine cannot train: ${why.join(', ')}.`
}
