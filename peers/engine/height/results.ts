/** What follows from a set of updates: the next model. Computed once a set, as early as the set is known. */
import { aggregate } from '../../../src/aggregation/index.ts'
import { makeContributions, roundSeed } from '../../../src/rounds/index.ts'
import type { BlockExchange, HeldUpdate, Position } from '../components.ts'
import type { CID } from 'multiformats/cid'

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
    const { position, signal, stretch, blocks } = this.#init
    const manifest = position.tip.manifest
    const seed = roundSeed(position.tip)
    const byAuthor = new Map(updates.map((update) => [update.signed.author, update]))
    const deltas = makeContributions(updates, manifest).flatMap(({ author, weight, refused }) => {
      const read = byAuthor.get(author)?.read
      return read == null || refused != null ? [] : [{ weight, read }]
    })
    if (deltas.length === 0)
      return withStorage(blocks, { weights: position.weights, model: position.tip.body.model })
    const weights = await aggregate(
      { aggregation: manifest.aggregation, model: position.weights, deltas, stretch, seed },
      signal
    )
    return withStorage(blocks, { weights, model: await blocks.hashModel(weights) })
  }
}

function withStorage(
  blocks: BlockExchange,
  { weights, model }: { weights: Float32Array; model: CID }
): Results {
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
