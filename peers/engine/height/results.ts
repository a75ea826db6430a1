/** What follows from a set of updates: the next model, and what its optimizer remembers. Computed once a set, early. */
import {
  aggregate,
  combinedDelta,
  controlStep,
  deltaFactors,
  moveBy,
  rootAmong
} from '../../../src/aggregation/index.ts'
import { untrainedValues } from '../../../src/model/untrained.ts'
import { codecFor, recode } from '../../../src/codecs/index.ts'
import { controlsAt, isDivided, makeContributions, roundSeed } from '../../../src/rounds/index.ts'
import type { BlockExchange, Checkpoint, FetchOptions, HeldUpdate, Position } from '../components.ts'
import type { Aggregate, AggregationInput, WeightedDelta } from '../../../src/aggregation/index.ts'
import type { CommitBody } from '../../../src/federation/records.ts'
import type { Shard } from '../../../src/rounds/index.ts'
import type { CountedUpdate, Shards } from './shards.ts'
import type { CID } from 'multiformats/cid'

/** The next model and moments, and their roots. */
export type Reduced = Omit<Results, 'stored'>

export interface Results extends Checkpoint {
  model: CID
  /** Root of the moments; null where there are none, or none yet. */
  optimizerState: CID | null
  /** Resolves when model and moments are in the durable store; starts storing at the first call. */
  stored(): Promise<void>
}

/** What a body names, as its author and others have it: fetched from them, unless it is what there was before. */
export async function taken(
  { position, blocks }: Pick<ResultsInit, 'position' | 'blocks'>,
  { model, optimizerState }: Pick<CommitBody, 'model' | 'optimizerState'>,
  options: FetchOptions
): Promise<Results> {
  const { weights, moments, tip } = position
  const get = async (root: CID | null, known: CID | null, before: Float32Array): Promise<Float32Array> =>
    root == null || known?.equals(root) === true
      ? before
      : await blocks.getModel(root, before.length, options)
  const [nextWeights, nextMoments] = await Promise.all([
    get(model, tip.body.model, weights),
    get(optimizerState, tip.body.optimizerState, moments)
  ])
  return withStorage(blocks, { weights: nextWeights, moments: nextMoments, model, optimizerState })
}

export interface ResultsInit {
  position: Position
  blocks: BlockExchange
  signal: AbortSignal
  /** Coordinates worked on at a time. */
  stretch: number
  /** How the vector is divided. */
  parts: readonly Shard[]
  /** Those with whom the work is; null: this peer does all of it. */
  shards: Pick<Shards, 'reduce'> | null
}

/** Results of one height, by the set of updates they follow from. */
export class ResultsCache {
  readonly #init: ResultsInit
  readonly #bySet = new Map<string, Promise<Results>>()

  constructor(init: ResultsInit) {
    this.#init = init
  }

  /** The next model and moments; the current ones where no update counts. */
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
    if (deltas.length === 0) {
      const { weights, moments, tip } = position
      const { model, optimizerState } = tip.body
      return withStorage(blocks, { weights, moments, model, optimizerState })
    }
    return withStorage(blocks, await (shards?.reduce(deltas) ?? this.#reduceAll(deltas)))
  }

  async #reduceAll(deltas: CountedUpdate[]): Promise<Reduced> {
    const { position, signal, stretch, blocks, parts } = this.#init
    const input = { ...inputAt(position, deltas), deltas: opened(deltas), stretch }
    if (!isDivided(parts)) return await named(await aggregate(input, signal), blocks)
    const combined = await combinedDelta(input, signal)
    const codec = codecFor(position.tip.manifest, roundSeed(position.tip))
    // As the others get the parts that one has reduced.
    for (const part of parts) await recode(codec, combined.subarray(part.from, part.to))
    return await named(moveBy(combined, input), blocks)
  }
}

/** What all members of a height aggregate these updates with. */
export function inputAt(
  { tip, weights, moments }: Position,
  counted: readonly CountedUpdate[]
): Omit<AggregationInput, 'deltas' | 'stretch'> {
  const { aggregation, training } = tip.manifest
  const [round, seed, untrained] = [tip.body.round + 1, roundSeed(tip), untrainedValues(tip.manifest)]
  const { members, kept } = controlsAt(tip)
  const claims = counted.map(({ claim }) => claim)
  const controls = controlStep({ training, round, claims, members: members.length, kept })
  const authors = counted.map(({ signed }) => signed.author)
  const root = rootAmong(authors, tip.manifest)
  return { aggregation, model: weights, moments, round, controls, seed, untrained, root }
}

/** To be read once, by whoever asks: what a reader gives is only good until it is asked again. */
export function opened(updates: readonly CountedUpdate[]): WeightedDelta[] {
  return updates.map(({ weight, reader }) => ({ weight, read: reader() }))
}

/** With the roots that it has by itself. */
export async function named(
  { model: weights, moments }: Aggregate,
  blocks: Pick<BlockExchange, 'hashModel'>
): Promise<Reduced> {
  const model = await blocks.hashModel(weights)
  return {
    weights,
    moments,
    model,
    optimizerState: moments.length === 0 ? null : await blocks.hashModel(moments)
  }
}

/** In the order of the arithmetic. */
function counted(updates: readonly HeldUpdate[], { tip }: Position): CountedUpdate[] {
  const byAuthor = new Map(updates.map((update) => [update.signed.author, update]))
  const contributions = makeContributions(updates, tip.manifest).filter(({ refused }) => refused == null)
  const factors = deltaFactors(contributions, tip.manifest.training)
  return contributions.flatMap(({ author, weight, samples }, k) => {
    const { reader, signed } = byAuthor.get(author) ?? {}
    const claim = { weight, samples }
    return reader == null || signed == null ? [] : [{ weight: factors[k], claim, reader, signed }]
  })
}

function withStorage(blocks: BlockExchange, reduced: Reduced): Results {
  const { weights, moments, optimizerState } = reduced
  const store = async (): Promise<void> => {
    await blocks.putModel(weights)
    if (optimizerState != null) await blocks.putModel(moments)
  }
  let storing: Promise<unknown> | undefined
  const stored = async (): Promise<void> => {
    try {
      await (storing ??= store())
    } catch (error) {
      // The disk may have room again when it is asked for the next time.
      storing = undefined
      throw error
    }
  }
  return { ...reduced, stored }
}
