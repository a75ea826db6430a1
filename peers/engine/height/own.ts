/**
 * This peer's own update of a height. It is trained for that, unless the one that it made before a restart turns up: with
 * this peer, or with others that have got it.
 */
import { insist } from '../insist.ts'
import { trainUpdate } from './train.ts'
import type { TrainInput } from './train.ts'
import type { Clock } from '../components.ts'
import type { Update } from '../../../src/federation/records.ts'
import type { Signed } from '../../../src/federation/signed.ts'
import type { TrainingProgress, TrainingResult } from '../../../src/training/types.ts'
import type { Logger } from '@libp2p/interface'

/** Training that fails is tried again after longer and longer pauses: it may fail every time, and is expensive. */
const MAX_PAUSE_MS = 60_000

/** What is told of training. */
export interface TrainingListener {
  training(progress: TrainingProgress): void
  trained(result: TrainingResult): void
  /** Training was given up: the update of before a restart is as good. */
  spared(): void
  failed(error: Error): void
}

export interface OwnUpdateInit {
  input: Omit<TrainInput, 'round'>
  clock: Clock
  log: Logger
  /** The height is over. */
  signal: AbortSignal
  listener: TrainingListener
  announce: (update: Signed<Update>) => void
}

export class OwnUpdate {
  readonly #init: OwnUpdateInit
  readonly #found = new AbortController()

  constructor(init: OwnUpdateInit) {
    this.#init = init
  }

  /** A round may wait for this very update: a training thread that crashed, or a full disk, gets another chance. */
  async train(round: number): Promise<void> {
    const { listener, announce, signal } = this.#init
    try {
      const { signed, result } = await this.#trained(round)
      listener.trained(result)
      announce(signed)
    } catch (error) {
      if (signal.aborted || !this.#found.signal.aborted) throw error
      listener.spared()
    }
  }

  /** One of this peer's is complete: no other is needed. */
  found(): void {
    this.#found.abort(new Error('The update of before the restart is here'))
  }

  async #trained(round: number): ReturnType<typeof trainUpdate> {
    const { input, clock, log, listener } = this.#init
    const signal = AbortSignal.any([this.#init.signal, this.#found.signal])
    const onProgress = (progress: TrainingProgress): void => listener.training(progress)
    const onFailure = (error: Error, isFirst: boolean): void => {
      log('will train again: %s', error.message)
      if (isFirst) listener.failed(error)
    }
    return await insist(async () => await trainUpdate({ ...input, round }, { signal, onProgress }), {
      clock,
      signal,
      maxPauseMs: MAX_PAUSE_MS,
      onFailure
    })
  }
}
