/**
 * The next model in a butterfly: this peer reduces its part of it, tells the others, and takes theirs from them. Whose part
 * does not come is done without it: from the updates themselves, as in the full exchange.
 *
 * Where the server optimizer remembers something, what goes from member to member is the combined delta: each moves the
 * model and the moments by it itself, which takes less than to be sent three vectors.
 */
import { aggregate, combinedDelta, moveBy } from '../../../src/aggregation/index.ts'
import { cidOf, encode } from '../../../src/federation/cbor.ts'
import { orAborted } from '../../../src/turns.ts'
import { inputAt, named } from './results.ts'
import type { Reduced } from './results.ts'
import type { WeightedDelta } from '../../../src/aggregation/index.ts'
import type { BlockExchange, Clock, FetchOptions, Position } from '../components.ts'
import type { ShardRecord, Update } from '../../../src/federation/records.ts'
import type { Signed } from '../../../src/federation/signed.ts'
import type { Shard } from '../../../src/rounds/index.ts'
import type { Logger } from '@libp2p/interface'
import type { CID } from 'multiformats/cid'

/** Whoever is connected gets this long after this peer has done its own part, or half of what the height took so far. */
const LEAST_PATIENCE_MS = 500
const PATIENCE = 0.5

/** An update that counts. */
export interface CountedUpdate extends WeightedDelta {
  signed: Signed<Update>
}

export type ReducedShard = Pick<ShardRecord, 'updates' | 'index' | 'root'>

export interface ShardsInit {
  self: string
  position: Position
  shards: readonly Shard[]
  blocks: BlockExchange
  clock: Clock
  log: Logger
  signal: AbortSignal
  stretch: number
  /** Is there any sense in waiting for this member? */
  isConnected: (peer: string) => boolean
  /** Where to get what this member has reduced. */
  fetch: (owner: string) => FetchOptions
  /** Make a part of an update available. */
  bring: (update: Signed<Update>, shard: Shard) => Promise<void>
  announce: (shard: ReducedShard) => Promise<void>
}

export class Shards {
  readonly #init: ShardsInit
  /** Update set and part → its root, as its owner says. */
  readonly #said = new Map<string, CID>()
  /** Looked at whenever something is heard or somebody has gone. */
  readonly #waiting = new Set<() => void>()
  readonly #beganAt: number

  constructor(init: ShardsInit) {
    this.#init = init
    this.#beganAt = init.clock.elapsedMs()
  }

  /** What a member says that it has reduced; only the owner of a part is listened to. */
  heard(author: string, { updates, index, root }: ReducedShard): void {
    const key = keyOf(updates, index)
    if (this.#init.shards.at(index)?.owner !== author || this.#said.has(key)) return
    this.#said.set(key, root)
    this.#lookAgain()
  }

  /** Somebody may have gone. */
  connectedChanged(): void {
    this.#lookAgain()
  }

  /** The next model from these updates, in the order of the arithmetic. */
  async reduce(counted: readonly CountedUpdate[]): Promise<Reduced> {
    const { blocks, position } = this.#init
    const { values, roots } = await this.#exchange(counted)
    if (this.#remembers) return await named(moveBy(values, inputAt(position)), blocks)
    const model = await blocks.joinShards(values, roots)
    return { weights: values, moments: position.moments, model, optimizerState: null }
  }

  get #remembers(): boolean {
    return this.#init.position.moments.length > 0
  }

  /** The whole vector of which each member reduces a part, and the roots of the parts in order. */
  async #exchange(counted: readonly CountedUpdate[]): Promise<{ values: Float32Array; roots: CID[] }> {
    const { shards, position } = this.#init
    const updates = await addressOf(counted)
    const values = new Float32Array(position.weights.length)
    const roots = new Map<number, CID>()
    await this.#each(true, async (shard, index) => {
      const root = await this.#own(counted, shard, values)
      roots.set(index, root)
      await this.#init.announce({ updates, index, root })
    })
    const overdue = this.#overdue()
    await this.#each(false, async (shard, index) => {
      const root = await this.#theirs(keyOf(updates, index), { shard, values, overdue })
      roots.set(index, root ?? (await this.#instead(counted, shard, values)))
    })
    return { values, roots: shards.flatMap((_, index) => roots.get(index) ?? []) }
  }

  async #each(isOwn: boolean, work: (shard: Shard, index: number) => Promise<void>): Promise<void> {
    const { shards, self } = this.#init
    await Promise.all(
      shards.map(async (shard, index) => {
        if ((shard.owner === self) === isOwn) await work(shard, index)
      })
    )
  }

  async #own(counted: readonly CountedUpdate[], part: Shard, values: Float32Array): Promise<CID> {
    const { position, stretch, signal, blocks } = this.#init
    const input = { ...inputAt(position), deltas: counted, stretch, part }
    const own = this.#remembers ? await combinedDelta(input, signal) : (await aggregate(input, signal)).model
    values.set(own, part.from)
    return await blocks.putShard(own)
  }

  /** Null: it cannot be had from its owner. */
  async #theirs(
    key: string,
    { shard, values, overdue }: { shard: Shard; values: Float32Array; overdue: Promise<void> }
  ): Promise<CID | null> {
    const { blocks, fetch, signal } = this.#init
    const owner = String(shard.owner)
    const root = await this.#wait(key, { owner, overdue })
    if (root == null) return null
    try {
      await blocks.getShard(root, values.subarray(shard.from, shard.to), fetch(owner))
      return root
    } catch (error) {
      signal.throwIfAborted()
      this.#init.log('will do without the part that %s has reduced: %s', owner, (error as Error).message)
      return null
    }
  }

  async #wait(
    key: string,
    { owner, overdue }: { owner: string; overdue: Promise<void> }
  ): Promise<CID | null> {
    const { isConnected, signal } = this.#init
    const { promise, resolve } = Promise.withResolvers<CID | null>()
    const look = (): void => {
      const root = this.#said.get(key)
      if (root != null) resolve(root)
      else if (!isConnected(owner)) resolve(null)
    }
    this.#waiting.add(look)
    try {
      look()
      return await orAborted(Promise.race([promise, overdue.then(() => null)]), signal)
    } finally {
      this.#waiting.delete(look)
    }
  }

  /** Do a part whose owner does not. */
  async #instead(counted: readonly CountedUpdate[], shard: Shard, values: Float32Array): Promise<CID> {
    await Promise.all(counted.map(async ({ signed }) => await this.#init.bring(signed, shard)))
    return await this.#own(counted, shard, values)
  }

  #overdue(): Promise<void> {
    const { clock, signal } = this.#init
    const { promise, resolve } = Promise.withResolvers<void>()
    const afterMs = Math.max(LEAST_PATIENCE_MS, PATIENCE * (clock.elapsedMs() - this.#beganAt))
    signal.addEventListener('abort', clock.setTimer(afterMs, resolve), { once: true })
    return promise
  }

  #lookAgain(): void {
    for (const look of this.#waiting) look()
  }
}

/** Of a set of updates, whatever their order. */
async function addressOf(counted: readonly CountedUpdate[]): Promise<CID> {
  const cids = counted.map(({ signed }) => signed.cid)
  return await cidOf(encode(cids.sort((a, b) => (a.toString() < b.toString() ? -1 : 1))))
}

function keyOf(updates: CID, index: number): string {
  return `${index}/${updates.toString()}`
}
