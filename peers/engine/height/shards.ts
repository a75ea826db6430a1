/**
 * The combined delta in a butterfly: this peer reduces its part of it, tells the others, and takes theirs from them, in the
 * codec of the updates. Whose part does not come is done without it: from the updates themselves, as in the full exchange.
 * Model and moments each moves by it itself.
 */
import { combinedDelta, moveBy } from '../../../src/aggregation/index.ts'
import { bytesReader, codecFor } from '../../../src/codecs/index.ts'
import { cidOf, encode } from '../../../src/federation/cbor.ts'
import { roundSeed } from '../../../src/rounds/index.ts'
import { orAborted } from '../../../src/turns.ts'
import { readInto } from '../../../src/vectors.ts'
import { inputAt, named, opened } from './results.ts'
import type { Reduced } from './results.ts'
import type { Claim } from '../../../src/aggregation/index.ts'
import type { ByteReader, Codec, VectorReader } from '../../../src/codecs/index.ts'
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
export interface CountedUpdate {
  signed: Signed<Update>
  /** The factor of its delta. */
  weight: number
  claim: Claim
  reader: () => VectorReader
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
  /** Make a part of an update available. @throws it cannot be had */
  bring: (update: Signed<Update>, shard: Shard) => Promise<void>
  announce: (shard: ReducedShard) => Promise<void>
}

/** Where a part belongs. */
interface Place {
  shard: Shard
  combined: Float32Array
}

export class Shards {
  readonly #init: ShardsInit
  readonly #codec: Codec
  /** Update set and part → its root, as its owner says. */
  readonly #said = new Map<string, CID>()
  /** Looked at whenever something is heard or somebody has gone. */
  readonly #waiting = new Set<() => void>()
  readonly #beganAt: number

  constructor(init: ShardsInit) {
    const { tip } = init.position
    this.#init = init
    this.#codec = codecFor(tip.manifest, roundSeed(tip))
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

  /**
   * The next model and moments from these updates, in the order of the arithmetic.
   *
   * @throws a part can be had neither from its owner nor by this peer's own work
   */
  async reduce(counted: readonly CountedUpdate[]): Promise<Reduced> {
    const { blocks, position } = this.#init
    return await named(moveBy(await this.#exchange(counted), inputAt(position, counted)), blocks)
  }

  async #exchange(counted: readonly CountedUpdate[]): Promise<Float32Array> {
    const updates = await addressOf(counted)
    const combined = new Float32Array(this.#init.position.weights.length)
    await this.#each(true, async (shard, index) => {
      const payload = await this.#reduced(counted, shard)
      await this.#take(bytesReader(payload), { shard, combined })
      await this.#init.announce({ updates, index, root: await this.#init.blocks.putShard(payload) })
    })
    const overdue = this.#overdue()
    await this.#each(false, async (shard, index) => {
      const isHere = await this.#theirs(keyOf(updates, index), { shard, combined, overdue })
      if (!isHere) await this.#instead(counted, { shard, combined })
    })
    return combined
  }

  async #each(isOwn: boolean, work: (shard: Shard, index: number) => Promise<void>): Promise<void> {
    const { shards, self } = this.#init
    await Promise.all(
      shards.map(async (shard, index) => {
        if ((shard.owner === self) === isOwn) await work(shard, index)
      })
    )
  }

  /** A part of the combined delta, as it travels. */
  async #reduced(counted: readonly CountedUpdate[], part: Shard): Promise<Uint8Array> {
    const { position, stretch, signal } = this.#init
    const input = { ...inputAt(position, counted), deltas: opened(counted), stretch, part }
    return this.#codec.encode(await combinedDelta(input, signal))
  }

  async #take(payload: ByteReader, { shard, combined }: Place): Promise<void> {
    const { from, to } = shard
    const read = this.#codec.decode(payload, to - from)
    await readInto(combined.subarray(from, to), read, this.#init.stretch)
  }

  /** False: it cannot be had from its owner. */
  async #theirs(key: string, { overdue, ...place }: Place & { overdue: Promise<void> }): Promise<boolean> {
    const { blocks, fetch, signal } = this.#init
    const { from, to, owner } = place.shard
    const root = await this.#wait(key, { owner: String(owner), overdue })
    if (root == null) return false
    try {
      const sizeBytes = this.#codec.sizeBytes(to - from)
      await this.#take(await blocks.getPayload(root, sizeBytes, fetch(String(owner))), place)
      return true
    } catch (error) {
      signal.throwIfAborted()
      this.#init.log('will do without the part that %s has reduced: %s', owner, (error as Error).message)
      return false
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
  async #instead(counted: readonly CountedUpdate[], place: Place): Promise<void> {
    const { shard } = place
    await Promise.all(counted.map(async ({ signed }) => await this.#init.bring(signed, shard)))
    await this.#take(bytesReader(await this.#reduced(counted, shard)), place)
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
