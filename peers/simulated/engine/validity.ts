/** Does a commit's model follow from its updates? Worked out here in the plainest way, from what each peer trained. */
import { sha256 } from '@noble/hashes/sha2.js'
import { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import { create } from 'multiformats/hashes/digest'
import { floatsToBytes } from '../../../src/vectors.ts'
import { deltaOf, samplesOf } from './training.ts'
import type { EngineStage } from './stage.ts'
import type { CommitBody } from '../../../src/federation/records.ts'

const SHA_256 = 0x12

export class Models {
  readonly #stage: EngineStage
  /** By height. */
  readonly #weights: Float32Array[]

  constructor(stage: EngineStage) {
    this.#stage = stage
    this.#weights = [new Float32Array(stage.history.federation.parameters)]
  }

  /** Heights come one after the other. True when the model is the mean of the updates, by samples, added on. */
  follows(body: CommitBody): boolean {
    const before = this.#weights[body.height - 1]
    const next = body.contributions.length === 0 ? before : this.#mean(body, before)
    this.#weights[body.height] = next
    return rootOf(next).equals(body.model)
  }

  #mean({ contributions, round }: CommitBody, before: Float32Array): Float32Array {
    const { peers, history } = this.#stage
    const counted = contributions
      .filter(({ refused }) => refused == null)
      .map(({ author }) => peers.findIndex(({ id }) => id === author))
    const total = counted.reduce((sum, peer) => sum + samplesOf(peer), 0)
    const deltas = counted.map((peer) => deltaOf(history.seed, { peer, round, length: before.length }))
    return before.map((value, i) => {
      const sum = deltas.reduce((part, delta, k) => part + (samplesOf(counted[k]) / total) * delta[i], 0)
      return value + Math.fround(sum)
    })
  }
}

function rootOf(weights: Float32Array): CID {
  return CID.createV1(raw.code, create(SHA_256, sha256(floatsToBytes(weights))))
}
