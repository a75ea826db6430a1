/** What follows from a set of updates: the next model. Computed once a set, as early as the set is known. */
import { aggregate } from '../../../src/aggregation/index.ts'
import { makeContributions, roundSeed } from '../../../src/rounds/index.ts'
import type { BlockExchange, HeldUpdate, Position } from '../components.ts'
import type { CountedUpdate, Shards } from './shards.ts'
import type { CID } from 'multiformats/cid'

/** The next model, and its root. */
type Reduced = Pick<Results, 'weights' | 'model'>

export interface Results {
  weights: Float32Array
  model: CID
  /** Resolves when the model is in the durable store; starts storing at the first call. */
  stored(): Promise<void>
}

export interface ResultsInit {
  position: Position
  blocks: BlockExchange
  signal: AbortSignal
  /** Coordinates worked on at a time. */
  stretch: number
  /** Those with whom the work is divided; null: this peer does all of it. */
  shards: Pick<Shards, 'reduce'> | null
}

/** Results of one height, by the set of updates they follow from. */
export class ResultsCache {
  readonly #init: ResultsInit
  readonly #bySet = new Map<string, Promise<Results>>()

  constructor(init: ResultsInit) {
    this.#init = init
  }

  /** The next model; the current one where no update counts. */
  async of(updates: readonly HeldUpdate[]): Promise<Results> {
    const key = updates
      .map((update) => update.signed.cid.toString())
      .sort()
      .join()
    const known = this.#bySet.get(key)
    if (known != null) return await known
    const results = this.#compute(updates)
    this.#bySet.set(key, results)
    results.catch(() => this.#bySet.delete(key))
    return await results
  }

  async #compute(updates: readonly HeldUpdate[]): Promise<Results> {
    const { position, blocks, shards } = this.#init
    const deltas = counted(updates, position)
    if (deltas.length === 0)
      return withStorage(blocks, { weights: position.weights, model: position.tip.body.model })
    return withStorage(blocks, await (shards?.reduce(deltas) ?? this.#reduceAll(deltas)))
  }

  async #reduceAll(deltas: CountedUpdate[]): Promise<Reduced> {
    const { position, signal, stretch, blocks } = this.#init
    const { aggregation } = position.tip.manifest
    const seed = roundSeed(position.tip)
    const weights = await aggregate({ aggregation, model: position.weights, deltas, stretch, seed }, signal)
    return { weights, model: await blocks.hashModel(weights) }
  }
}

/** In the order of the arithmetic. */
function counted(updates: readonly HeldUpdate[], { tip }: Position): CountedUpdate[] {
  const byAuthor = new Map(updates.map((update) => [update.signed.author, update]))
  return makeContributions(updates, tip.manifest).flatMap(({ author, weight, refused }) => {
    const { read, signed } = byAuthor.get(author) ?? {}
    return read == null || signed == null || refused != null ? [] : [{ weight, read, signed }]
  })
}

function withStorage(blocks: BlockExchange, { weights, model }: Reduced): Results {
  let storing: Promise<unknown> | undefined
  const stored = async (): Promise<void> => {
    try {
      await (storing ??= blocks.putModel(weights))
    } catch (error) {
      // The disk may have room again when it is asked for the next time.
      storing = undefined
      throw error
    }
  }
  return { weights, model, stored }
}
