/**
 * One backend in a process of its own: told a workload and a budget over IPC, answers with milliseconds a step. Started
 * by index.ts with the name of the backend; says first whether it is here.
 */
import { matMul, randomUniform } from '@tensorflow/tfjs-core'
import { startHelper } from '../../../peers/node/compute/helpers.ts'
import { nodeBackends } from '../../../peers/node/compute/index.ts'
import { startBackend } from '../../../src/compute/backend.ts'
import { isDeferred } from '../../../src/compute/memory.ts'
import { installedPack } from '../../../src/compute/wasm/index.ts'
import { setFlat } from '../../../src/model/build.ts'
import { initialWeights } from '../../../src/model/initial.ts'
import { awaitedProduct } from '../../../src/training/measure.ts'
import { buildNetwork } from '../../../src/training/network.ts'
import { trainingSteps } from '../../../src/training/steps.ts'
import { byTwoThreads, workloads } from './models.ts'
import type { Helpers } from '../../../src/compute/wasm/helpers/index.ts'

/** Run `workload` for about `budgetMs`; `gflops` is a matrix product of 1024³; those of `byTwoThreads` are for the pack alone. */
export interface Order {
  workload: string
  budgetMs: number
}

/** Median milliseconds a step, or why there is none. */
export type Answer = { ms: number } | { error: string }

const GFLOPS_SIZE = 1024

/** Done when what it returns is, if that is a promise. */
type Step = () => unknown

const steps = new Map<string, Step>()

async function stepOf(name: string): Promise<Step> {
  const { manifest, batch } = workloads[name]
  const network = await buildNetwork(manifest)
  setFlat(network, initialWeights(network.layout, 1))
  const examples = batch()
  const steps = trainingSteps(network, { optimizer: { name: 'sgd' }, learningRate: 0.01 })
  return () => steps.step(examples)
}

function product(): Step {
  const [a, b] = [1, 2].map((seed) => randomUniform([GFLOPS_SIZE, GFLOPS_SIZE], -1, 1, 'float32', seed))
  return isDeferred() ? () => awaitedProduct(a, b) : () => matMul(a, b).dispose()
}

/** Of the kernel pack; null before they are first asked for. */
let helpers: Helpers | null = null

/** Let as many threads compute what follows. */
async function useThreads(threads: 1 | 2): Promise<void> {
  const pack = installedPack()
  if (pack == null) return
  if (threads === 2 && helpers == null) {
    const onLost = (error: Error): void => void (lost = error)
    await startBackend('wasm', { helpers: { count: 1, start: startHelper, onLost } })
    helpers = pack.helpers
  }
  if (lost != null) throw lost
  pack.helpers = threads === 2 ? helpers : null
}

let lost: Error | undefined

async function answer({ workload: name, budgetMs }: Order): Promise<Answer> {
  try {
    await useThreads(name in byTwoThreads ? 2 : 1)
    const workload = byTwoThreads[name] ?? name
    const step = steps.get(workload) ?? (workload === 'gflops' ? product() : await stepOf(workload))
    if (!steps.has(workload)) await step()
    steps.set(workload, step)
    return { ms: await medianMs(step, budgetMs) }
  } catch (error) {
    return { error: String(error) }
  }
}

async function medianMs(step: Step, budgetMs: number): Promise<number> {
  const times: number[] = []
  for (let spent = 0; spent < budgetMs || times.length < 1;) {
    const startedAt = performance.now()
    await step()
    const ms = performance.now() - startedAt
    spent += ms
    times.push(ms)
  }
  return times.sort((a, b) => a - b)[times.length >> 1]
}

/** `stock` is wasm without our kernels, `pack` with them. */
async function start(name: string): Promise<Answer> {
  try {
    const native = nodeBackends().find((candidate) => candidate.name === name)
    if (native != null) await native.start()
    else await startBackend(name === 'cpu' ? 'cpu' : 'wasm', { trainingKernels: name === 'pack' })
    return { ms: 0 }
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) }
  }
}

const started = await start(process.argv[2])
process.on('message', (order: Order) => void answer(order).then((result) => process.send?.(result)))
process.send?.(started)
