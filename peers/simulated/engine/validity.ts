/**
 * Do a commit's model and velocity follow from its updates? Worked out here in the plainest way, from what each peer
 * trained.
 */
import { sha256 } from '@noble/hashes/sha2.js'
import { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import { create } from 'multiformats/hashes/digest'
import { floatsToBytes } from '../../../src/vectors.ts'
import { deltaOf, samplesOf, SERVER_OPTIMIZER } from './training.ts'
import type { EngineStage } from './stage.ts'
import type { CommitBody } from '../../../src/federation/records.ts'

const SHA_256 = 0x12

interface State {
  weights: Float32Array
  /** Null before the first round. */
  velocity: Float32Array | null
}

export class Models {
  readonly #stage: EngineStage
  /** By height. */
  readonly #states: State[]

  constructor(stage: EngineStage) {
    this.#stage = stage
    const { parameters } = stage.history.federation
    this.#states = [{ weights: new Float32Array(parameters), velocity: null }]
  }

  /** Heights come one after the other. True when the mean of the updates, by samples, moved the model. */
  follows(body: CommitBody): boolean {
    const before = this.#states[body.height - 1]
    const counts = body.contributions.some(({ refused }) => refused == null)
    const next = counts ? this.#moved(body, before) : before
    this.#states[body.height] = next
    const { weights, velocity } = next
    const state = velocity == null ? null : rootOf(velocity)
    return rootOf(weights).equals(body.model) && String(state) === String(body.optimizerState)
  }

  /** One step of the stage's server optimizer. */
  #moved(body: CommitBody, { weights, velocity }: State): State {
    const { learningRate, momentum } = SERVER_OPTIMIZER
    const mean = this.#mean(body, weights.length)
    const next = mean.map((step, i) => momentum * (velocity?.[i] ?? 0) + step)
    return {
      weights: weights.map((value, i) => value + learningRate * (mean[i] + momentum * next[i])),
      velocity: Float32Array.from(next)
    }
  }

  #mean({ contributions, round }: CommitBody, length: number): number[] {
    const { peers, history } = this.#stage
    const counted = contributions
      .filter(({ refused }) => refused == null)
      .map(({ author }) => peers.findIndex(({ id }) => id === author))
    const total = counted.reduce((sum, peer) => sum + samplesOf(peer), 0)
    const deltas = counted.map((peer) => deltaOf(history.seed, { peer, round, length }))
    return Array.from({ length }, (_, i) =>
      Math.fround(deltas.reduce((part, delta, k) => part + (samplesOf(counted[k]) / total) * delta[i], 0))
    )
  }
}

function rootOf(weights: Float32Array): CID {
  return CID.createV1(raw.code, create(SHA_256, sha256(floatsToBytes(weights))))
}
