/** Training that takes no time and follows from member and round alone; a test can hold it up. */
import type { Trainer, TrainingJob, TrainingResult, TrainOptions } from '../../../src/training/types.ts'

export interface FakeTrainerInit {
  /** Distinguishes members: their deltas and sample counts differ. From 0 on. */
  member: number
  parameters: number
  /** Default: zeros. */
  initial?: Float32Array
}

export class FakeTrainer implements Trainer {
  readonly info: Trainer['info']
  stopped = false
  readonly #member: number
  readonly #initial: Float32Array
  #gate: Promise<void> | null = null
  #release: () => void = () => {}
  #waiting: (() => void)[] = []
  #held = 0
  #fromRound = 0

  constructor({ member, parameters, initial = new Float32Array(parameters) }: FakeTrainerInit) {
    this.#member = member
    this.#initial = initial
    this.info = { backend: 'none', parameters, trainSamples: this.samples, testSamples: 5 }
  }

  get samples(): number {
    return 10 * (this.#member + 1)
  }

  /** From now on training waits for `release()`, that for earlier rounds excepted. */
  hold(fromRound = 0): void {
    this.#fromRound = fromRound
    if (this.#gate != null) return
    this.#gate = new Promise((resolve) => (this.#release = resolve))
  }

  release(): void {
    this.#gate = null
    this.#release()
  }

  /** Resolves when training is being held up. */
  async held(): Promise<void> {
    if (this.#held > 0) return
    await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  async initialWeights(): Promise<Float32Array> {
    return this.#initial.slice()
  }

  async train({ round }: TrainingJob, { signal, onProgress }: TrainOptions = {}): Promise<TrainingResult> {
    onProgress?.({ step: 1, steps: 1, loss: 1 / round })
    if (round >= this.#fromRound) await this.#pass(signal)
    return {
      delta: deltaOf(this.#member, round, this.info.parameters),
      samples: this.samples,
      before: { loss: 1 / round, samples: 5 },
      after: { loss: 1 / (round + 1), samples: 5 },
      trainingMs: 1
    }
  }

  async evaluate(weights: Float32Array): Promise<{ loss: number; samples: number }> {
    return { loss: Math.abs(weights[0]), samples: 5 }
  }

  async stop(): Promise<void> {
    this.stopped = true
    this.release()
  }

  async #pass(signal?: AbortSignal): Promise<void> {
    if (this.#gate == null) return
    this.#held++
    for (const resolve of this.#waiting.splice(0)) resolve()
    try {
      await Promise.race([this.#gate, aborted(signal)])
    } finally {
      this.#held--
    }
  }
}

/** What a member adds to the model in a round: exact in float32. */
export function deltaOf(member: number, round: number, parameters: number): Float32Array {
  return Float32Array.from({ length: parameters }, (_, i) => (member + 1) * round + (i % 7))
}

function aborted(signal?: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal?.aborted === true) reject(signal.reason as Error)
    signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
  })
}
