/** What the peer's thread and its training thread say to each other. Both run our own code: types suffice. */
import type { Metrics } from '../../../src/federation/records.ts'
import type { Manifest } from '../../../src/federation/manifest/schema.ts'
import type {
  TrainerInfo,
  TrainingJob,
  TrainingProgress,
  TrainingResult
} from '../../../src/training/types.ts'
import type { BackendName } from '../../../src/compute/names.ts'
import type { DataOptions } from '../types.ts'

/** What the thread is started with. */
export interface WorkerInit {
  manifest: Manifest
  /** Null: nothing to train or evaluate on; the model is still built, so that its first weights are known. */
  data: DataOptions | null
  /** Use this backend, and no other. Default: the fastest of those that pass their self-check. */
  backend?: BackendName
  /** Threads that train. Default 1. */
  threads?: number
}

/** What can be asked, and what each answers. */
export interface Calls {
  initialWeights: { request: object; reply: Float32Array<ArrayBuffer> }
  train: { request: { job: TrainingJob; wantsProgress: boolean }; reply: TrainingResult }
  evaluate: { request: { weights: Float32Array }; reply: Metrics }
}

export type CallName = keyof Calls

type RequestOf<K extends CallName> = { kind: K; id: number } & Calls[K]['request']

/** To the training thread. `id` is the caller's number for the call. */
export type Request = { [K in CallName]: RequestOf<K> }[CallName] | { kind: 'abort'; id: number }

/** An error as it crosses: class and stack would be lost. */
export interface ErrorMessage {
  name: string
  message: string
  stack?: string
}

/** From the training thread. */
export type Reply =
  | { kind: 'ready'; info: TrainerInfo }
  | { kind: 'failed'; error: ErrorMessage }
  | { kind: 'warning'; error: ErrorMessage }
  | { kind: 'done'; id: number; value: Calls[CallName]['reply'] }
  | { kind: 'error'; id: number; error: ErrorMessage }
  | { kind: 'progress'; id: number; progress: TrainingProgress }

/** For sending. */
export function toErrorMessage(error: unknown): ErrorMessage {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) }
  return { name: error.name, message: error.message, stack: error.stack }
}

/** An error of the training thread, under the name and with the message it had there. */
export function fromErrorMessage({ name, message, stack }: ErrorMessage): Error {
  const error = new Error(message)
  error.name = name
  if (stack != null) error.stack = stack
  return error
}
