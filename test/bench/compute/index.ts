/**
 * Milliseconds a training step on every backend that is found, side by side: `npm run bench:compute [-- --cpu]`.
 *
 * Each backend has a process; they take turns, workload by workload, so that other load on the machine hits all alike.
 * The figure is the smallest of the medians of the turns. With --cpu the plain backend runs the slow workloads too (one
 * step each, minutes in all). The last line is JSON: {"pack", "stock", "cpu", "tfjs-node", "webgpu"}, those found; names that end in
 * -2 are of two threads, which the pack has.
 */
import { execFileSync, fork } from 'node:child_process'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { byTwoThreads, workloads } from './models.ts'
import { vectorLines } from './vectors.ts'
import type { ChildProcess } from 'node:child_process'
import type { Answer, Order } from './engine.ts'

const TURNS = 7
const BUDGET_MS = 300
const FLOPS = 2 * 1024 ** 3
const names = [...Object.keys(workloads), 'gflops']
/** What is measured turn by turn: by one thread, and by two. */
const together = (name: string): string[] => [
  name,
  ...Object.keys(byTwoThreads).filter((two) => byTwoThreads[two] === name)
]
/** More than ten seconds a step on the plain backend. */
const slowOnCpu = [
  'wide-128',
  'cnn-10',
  'cnn-50',
  'lenet-64',
  'lstm-32',
  'gru-32',
  'attention-32',
  'embedding-64'
]
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
  if (workload in byTwoThreads && (backend !== 'pack' || availableParallelism() < 2)) return
  if (backend === 'cpu' && slowOnCpu.includes(workload) && !withSlow) return
  // One look at what takes seconds is enough.
  if (found[workload] > 5 * BUDGET_MS) return
  const answer = await asked(child, { workload, budgetMs: BUDGET_MS })
  if ('error' in answer) refusals.push(`${backend}, ${workload}: ${answer.error}`)
  else found[workload] = Math.min(found[workload] ?? Infinity, answer.ms)
}

for (const name of names.filter((name) => only.length === 0 || only.includes(name))) {
  for (let i = 0; i < TURNS; i++)
    for (const workload of together(name)) for (const backend of backends) await turn(backend, workload)
  for (const workload of together(name)) {
    const row = backends.map((backend) => cell(backend, workload).padStart(28))
    console.log(workload.padEnd(14) + row.join(''))
  }
}
for (const child of engines.values()) child.kill()

/** The figure, and how many times that of the pack it is, or, of two threads, that of one. */
function cell(backend: string, workload: string): string {
  const ours = figures.get('pack')
  const ms = figures.get(backend)?.[workload]
  if (ms == null) return `${backend} –`
  const isProduct = together('gflops').includes(workload)
  const shown = isProduct ? `${(FLOPS / ms / 1e6).toFixed(1)} GFLOPS` : `${ms.toFixed(2)} ms`
  const reference = backend === 'pack' ? ours?.[byTwoThreads[workload] ?? ''] : ours?.[workload]
  return `${backend} ${shown}${reference == null ? '' : ` (×${(ms / reference).toFixed(2)})`}`
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
  Number((together('gflops').includes(name) ? FLOPS / ms / 1e6 : ms).toFixed(3))
const result = [...figures].map(([backend, row]) => [
  backend,
  Object.fromEntries(Object.entries(row).map(([name, ms]) => [name, rounded(name, ms)]))
])
console.log(JSON.stringify(Object.fromEntries(result)))
