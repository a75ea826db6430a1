/** A thread of a simulation: trains one client at a time, and evaluates. */
import { setImmediate } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { attackOf } from '../../../src/attacks/index.ts'
import { codecFor, isFinite, leaveOut } from '../../../src/codecs/index.ts'
import { localParts, takeLocal, withLocal } from '../../../src/model/local.ts'
import { TrainingDivergedError } from '../../../src/training/errors.ts'
import { remember } from '../../../src/training/momentum.ts'
import { createTrainer } from '../../../src/training/trainer.ts'
import { nodeBackends } from '../../node/compute/index.ts'
import { sharedDataset } from '../data/shared.ts'
import { ExamplesView } from './view.ts'
import type { Trainer } from '../../../src/training/types.ts'
import type { Job, Reply, Request, Results, Trained, TrainJob, WorkerInit } from './messages.ts'

const port = parentPort ?? notAThread()
const init = workerData as WorkerInit
const train = new ExamplesView(sharedDataset(init.train))
const test = new ExamplesView(sharedDataset(init.test))
const parts = localParts(init.manifest)

function notAThread(): never {
  throw new Error('This file is a thread of a simulation; start it with openPool()')
}

function send(reply: Reply, transfer: ArrayBuffer[] = []): void {
  port.postMessage(reply, transfer)
}

function fail(id: number | null, error: unknown): void {
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error))
  send({ kind: 'error', id, name, message, stack })
}

/** Evaluation before and after each training is a peer's; here the test set is empty then, and it costs nothing. */
async function trainClient(trainer: Trainer, job: TrainJob): Promise<Trained | null> {
  const poison = job.attack == null ? null : attackOf(job.attack)
  const labels = init.manifest.task.labels.length
  const relabel = poison?.kind === 'poisons' ? (label: number) => poison.relabel(label, labels) : undefined
  train.show(job.indices, { noise: job.noise, relabel })
  test.show(new Uint32Array())
  try {
    const { round, seed, control } = job
    const weights = withLocal(init.weights, parts, job.local)
    const { delta, samples } = await trainer.train({ weights, round, seed, control })
    const local = parts.length === 0 ? null : takeLocal(delta, { trained: weights, parts })
    const { sent, momentum } = remember(init.manifest, job.momentum, { delta, round })
    return { ...(await encode(sent, job)), samples, local, momentum }
  } catch (error) {
    if (error instanceof TrainingDivergedError) return null
    throw error
  }
}

/** As a peer encodes (peers/engine/height/train.ts), with what it keeps for the next time (peers/engine/feedback.ts). */
async function encode(
  delta: Float32Array,
  { roundSeed, residual }: TrainJob
): Promise<Pick<Trained, 'payload' | 'residual'>> {
  const codec = codecFor(init.manifest, roundSeed)
  if (codec.errorFeedback && residual != null && isFinite(delta))
    for (let i = 0; i < delta.length; i++) delta[i] += residual[i]
  const payload = codec.encode(delta) as Uint8Array<ArrayBuffer>
  if (!codec.errorFeedback) return { payload, residual: null }
  const isKept = await leaveOut(codec, payload, delta)
  return { payload, residual: isKept ? delta : residual }
}

async function perform(trainer: Trainer, job: Job): Promise<Results[Job['kind']]> {
  if (job.kind === 'train') return trainClient(trainer, job)
  const indices = Uint32Array.from({ length: job.to - job.from }, (_, i) => job.from + i)
  test.show(indices, job.noise == null ? {} : { noise: job.noise })
  return trainer.evaluate(withLocal(init.weights, parts, job.local ?? null))
}

function buffersOf(value: Results[Job['kind']]): ArrayBuffer[] {
  if (value == null || !('payload' in value) || !(value.payload instanceof Uint8Array)) return []
  const { payload, residual } = value as Trained
  return [...new Set([payload.buffer, ...(residual == null ? [] : [residual.buffer as ArrayBuffer])])]
}

try {
  const { manifest, backend } = init
  const yieldToEvents = (): Promise<void> => setImmediate()
  const clock = { now: () => performance.now(), yieldToEvents }
  const data = { train, test }
  const trainer = await createTrainer({ manifest, data, backend, backends: nodeBackends(), ...clock })
  port.on('message', ({ id, job }: Request) => {
    perform(trainer, job).then(
      (value) => send({ kind: 'done', id, value }, buffersOf(value)),
      (error: unknown) => fail(id, error)
    )
  })
  send({ kind: 'ready', backend: trainer.info.backend })
} catch (error) {
  fail(null, error)
}
