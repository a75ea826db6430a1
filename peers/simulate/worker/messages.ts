/** What the simulation and its threads say to each other. Both run our own code: types suffice. */
import type { AttackSpec } from '../../../src/attacks/index.ts'
import type { BackendName } from '../../../src/compute/names.ts'
import type { Manifest } from '../../../src/federation/manifest/index.ts'
import type { Metrics } from '../../../src/federation/records.ts'
import type { ModelManifest } from '../../../src/model/task.ts'
import type { SharedExamples } from '../data/shared.ts'

/** What a thread is started with. Examples and weights are in shared memory: none of it is copied. */
export interface WorkerInit {
  manifest: ModelManifest & Pick<Manifest, 'exchange'>
  train: SharedExamples
  test: SharedExamples
  /** The global model; does not change while a thread has a job. */
  weights: Float32Array<SharedArrayBuffer>
  /** A name, not the fastest: all threads must have the same, or the results would depend on which thread did what. */
  backend: BackendName
}

/** One client's work of one round. */
export interface TrainJob {
  kind: 'train'
  indices: Uint32Array<SharedArrayBuffer>
  round: number
  seed: number
  noise: { deviation: number; seed: number }
  /** How the labels are changed, by a client that lies. */
  attack: AttackSpec | null
  /** Of the round, for the codec. */
  roundSeed: Uint8Array
  /** What earlier payloads left out, where the codec has error feedback. */
  residual: Float32Array | null
  /** What its client algorithm corrects by. */
  control: Float32Array | null
  /** Its own values of layers that stay with each client; null: none yet. */
  local: Float32Array | null
  /** What it remembers of its deltas, by worker momentum; null: nothing yet. */
  momentum: Float32Array | null
}

/** Metrics of the global model on the test examples from `from` up to `to`. */
export interface EvaluateJob {
  kind: 'evaluate'
  from: number
  to: number
  /** Of the client whose model it is, where layers stay with each. */
  local?: Float32Array | null
  noise?: { deviation: number; seed: number }
}

export type Job = TrainJob | EvaluateJob

export interface Trained {
  payload: Uint8Array<ArrayBuffer>
  /** What is left out once this payload counts; null where the codec has no error feedback. */
  residual: Float32Array | null
  samples: number
  /** Its own values once this payload counts; null where no layers stay with clients. */
  local: Float32Array | null
  /** What it remembers of its deltas once this payload counts; null by other algorithms. */
  momentum: Float32Array | null
}

/** Null: the client's training left the finite numbers; a real peer would send nothing. */
export interface Results {
  train: Trained | null
  evaluate: Metrics
}

export interface Request {
  id: number
  job: Job
}

export type Reply =
  | { kind: 'ready'; backend: string }
  | { kind: 'done'; id: number; value: Results[Job['kind']] }
  | { kind: 'error'; id: number | null; name: string; message: string; stack?: string }
