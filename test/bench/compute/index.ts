/**
 * Milliseconds a training step on every backend that is found, side by side: `npm run bench:compute [-- --cpu]`.
 *
 * Each backend has a process; they take turns, workload by workload, so that other load on the machine hits all alike.
 * The figure is the smallest of the medians of the turns. With --cpu the plain backend runs the slow workloads too (one
 * step each, minutes in all). The last line is JSON: {"pack", "stock", "cpu", "tfjs-node", "webgpu"}, those found.
 */
import { execFileSync, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { workloads } from './models.ts'
import { vectorLines } from './vectors.ts'
import type { ChildProcess } from 'node:child_process'
import type { Answer, Order } from './engine.ts'

const TURNS = 7
const BUDGET_MS = 300
const FLOPS = 2 * 1024 ** 3
const names = [...Object.keys(workloads), 'gflops']
/** More than ten seconds a step on the plain backend. */
const slowOnCpu = ['cnn-10', 'cnn-50', 'lenet-64', 'lstm-32', 'gru-32', 'attention-32', 'embedding-64']
const only = process.argv.slice(2).filter((argument) => !argument.startsWith('-'))
const withSlow = process.argv.includes('--cpu')

type Figures = Record<string, number>

/** Null, and the reason among the refusals, where the backend is not here. */
async function started(backend: string): Promise<ChildProcess | null> {
  const child = fork(join(import.meta.dirname, 'engine.ts'), [backend])
  const [answer] = (await once(child, 'message')) as [Answer]
  if (!('error' in answer)) return child
  refusals.push(`${backend}: not here (${answer.error})`)
  child.kill()
  return null
}

async function asked(child: ChildProcess, order: Order): Promise<Answer> {
  child.send(order)
  const [answer] = (await once(child, 'message')) as [Answer]
  return answer
}

const refusals: string[] = []
const engines = new Map<string, ChildProcess>()
for (const name of ['pack', 'stock', 'cpu', 'tfjs-node', 'webgpu']) {
  const child = await started(name)
  if (child != null) engines.set(name, child)
}
const backends = [...engines.keys()]
const figures = new Map<string, Figures>(backends.map((name) => [name, {}]))

async function turn(backend: string, workload: string): Promise<void> {
  const found = figures.get(backend)!
  const child = engines.get(backend)!
  if (refusals.some((refusal) => refusal.startsWith(`${backend}, ${workload}: `))) return
  if (backend === 'cpu' && slowOnCpu.includes(workload) && !withSlow) return
  // One look at what takes seconds is enough.
  if (found[workload] > 5 * BUDGET_MS) return
  const answer = await asked(child, { workload, budgetMs: BUDGET_MS })
  if ('error' in answer) refusals.push(`${backend}, ${workload}: ${answer.error}`)
  else found[workload] = Math.min(found[workload] ?? Infinity, answer.ms)
}

for (const workload of names.filter((name) => only.length === 0 || only.includes(name))) {
  for (let i = 0; i < TURNS; i++) for (const backend of backends) await turn(backend, workload)
  const row = backends.map((backend) => cell(backend, workload).padStart(28))
  console.log(workload.padEnd(14) + row.join(''))
}
for (const child of engines.values()) child.kill()

/** The figure and how many times that of the pack it is. */
function cell(backend: string, workload: string): string {
  const [ms, ours] = [figures.get(backend)?.[workload], figures.get('pack')?.[workload]]
  if (ms == null) return `${backend} –`
  const shown = workload === 'gflops' ? `${(FLOPS / ms / 1e6).toFixed(1)} GFLOPS` : `${ms.toFixed(2)} ms`
  const ratio = ours == null || backend === 'pack' ? '' : ` (×${(ms / ours).toFixed(1)})`
  return `${backend} ${shown}${ratio}`
}

/** PyTorch's figures by the script beside this one; undefined where there is none. */
function pytorch(): string | undefined {
  try {
    const script = join(import.meta.dirname, 'pytorch.py')
    return execFileSync('python3', [script], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  } catch {
    return undefined
  }
}

if (only.length === 0) for (const line of vectorLines()) console.log(line)
for (const refusal of refusals) console.log(refusal)
console.log(`pytorch: ${pytorch() ?? 'not here'}`)

const rounded = (name: string, ms: number): number =>
  Number((name === 'gflops' ? FLOPS / ms / 1e6 : ms).toFixed(3))
const result = [...figures].map(([backend, row]) => [
  backend,
  Object.fromEntries(Object.entries(row).map(([name, ms]) => [name, rounded(name, ms)]))
])
console.log(JSON.stringify(Object.fromEntries(result)))
