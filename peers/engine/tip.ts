/** The ledger's tip as this peer has it: read at the start, moved by one commit at a time. */
import { vectorsBeside } from '../../src/aggregation/index.ts'
import { decode } from '../../src/federation/cbor.ts'
import { commitType } from '../../src/federation/records.ts'
import { followedBy, genesisTip } from '../../src/rounds/index.ts'
import { LedgerConflictError, LedgerGapError } from '../../src/state/index.ts'
import { DiskError } from './disk.ts'
import type { BlockExchange, Checkpoint, EngineComponents, FetchOptions } from './components.ts'
import type { CommitBody } from '../../src/federation/records.ts'
import type { Manifest } from '../../src/federation/manifest/schema.ts'
import type { LedgerTip } from '../../src/rounds/index.ts'
import type { Trainer, TrainerInfo } from '../../src/training/types.ts'
import type { CID } from 'multiformats/cid'

export interface TipKeeperInit {
  federation: CID
  manifest: Manifest
  components: Pick<EngineComponents, 'ledger' | 'votes' | 'membership'> & ModelSource
}

/** Commits whose models may be on disk at a start: a peer may have stopped while it was catching up on so many. */
const RECENT_COMMITS = 64

/** A commit that was decided here or verified. */
export interface NextCommit {
  cid: CID
  body: CommitBody
  /** The encoded commit, votes included. */
  bytes: Uint8Array
  /** Envelopes of the updates that it counts, where they are known: whoever checks the ledger later needs them. */
  updates?: readonly Uint8Array[]
}

export class TipKeeper {
  readonly #init: TipKeeperInit
  #tip: LedgerTip | null = null
  #founding: LedgerTip | null = null
  #recentRoots: CID[] = []
  /** Changes happen one after the other. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(init: TipKeeperInit) {
    this.#init = init
  }

  get current(): LedgerTip | null {
    return this.#tip
  }

  /** The tip of the empty ledger; null until it was read. */
  get founding(): LedgerTip | null {
    return this.#founding
  }

  /** Models and moments of the latest commits that a start found in the ledger. */
  get recentRoots(): readonly CID[] {
    return this.#recentRoots
  }

  /** Replay the ledger on disk. An empty one ends at the manifest. */
  async read(): Promise<LedgerTip> {
    const { components } = this.#init
    let tip = await foundingTip(this.#init)
    this.#founding = tip
    const recent = [rootsOf(tip.body)]
    for await (const { cid, bytes } of components.ledger.range(1)) {
      const { body } = decode(commitType, bytes)
      const follow = await components.membership.prepare(body)
      follow()
      tip = followedBy(tip, { cid, body })
      recent.push(rootsOf(body))
      recent.splice(0, recent.length - RECENT_COMMITS)
    }
    this.#recentRoots = recent.flat()
    this.#tip = tip
    return tip
  }

  /** Append a commit; the new tip, on disk when this resolves. Null when it does not follow the tip (any more). */
  async apply(next: NextCommit): Promise<LedgerTip | null> {
    const applied = this.#turn.then(() => this.#append(next))
    this.#turn = applied.catch(() => {})
    return await applied
  }

  /** What the tip commits: from disk, else from the members that have it. */
  async checkpoint(tip: LedgerTip, options: FetchOptions): Promise<Checkpoint> {
    return await checkpointOf(tip, this.#init.components, options)
  }

  async #append({ cid, body, bytes, updates = [] }: NextCommit): Promise<LedgerTip | null> {
    const { ledger, votes, membership } = this.#init.components
    if (this.#tip == null || !body.previous.equals(this.#tip.cid)) return null
    // A commit that membership does not accept must not get into the ledger: no later start could read that.
    const follow = await membership.prepare(body)
    const extra = await votes.pruneWrites(body.height)
    if (updates.length > 0) extra.push(ledger.updatesWrite(body.height, updates))
    try {
      await ledger.append({ height: body.height, cid, bytes }, extra)
    } catch (error) {
      if (error instanceof LedgerGapError || error instanceof LedgerConflictError) throw error
      const cause = error as Error
      throw new DiskError(`the commit of height ${body.height} cannot be written`, { cause })
    }
    follow()
    return (this.#tip = followedBy(this.#tip, { cid, body }))
  }
}

/** What models are read with. */
export interface ModelSource {
  blocks: Pick<BlockExchange, 'getModel' | 'hashModel'>
  trainer: Pick<Trainer, 'initialWeights'> & { info: Pick<TrainerInfo, 'parameters'> }
}

/** The tip of an empty ledger. */
export async function foundingTip(init: {
  federation: CID
  manifest: Manifest
  components: ModelSource
}): Promise<LedgerTip> {
  const { blocks, trainer } = init.components
  const { initial } = init.manifest.model
  const model = 'cid' in initial ? initial.cid : await blocks.hashModel(await trainer.initialWeights())
  return genesisTip(init.federation, init.manifest, model)
}

/** Roots of all vectors that a commit names. */
export function rootsOf({ model, optimizerState }: Pick<CommitBody, 'model' | 'optimizerState'>): CID[] {
  return optimizerState == null ? [model] : [model, optimizerState]
}

/** The vectors that a tip commits: all that its next round begins with. */
export async function checkpointOf(
  tip: LedgerTip,
  source: ModelSource,
  options: FetchOptions
): Promise<Checkpoint> {
  const [weights, moments] = await Promise.all([
    weightsOf(tip, source, options),
    momentsOf(tip, source, options)
  ])
  return { weights, moments }
}

async function momentsOf(
  { body: { optimizerState }, manifest }: LedgerTip,
  { blocks, trainer }: ModelSource,
  options: FetchOptions
): Promise<Float32Array> {
  const { moments: count } = vectorsBeside(manifest)
  const length = count * trainer.info.parameters
  if (optimizerState == null) return new Float32Array(length)
  return await blocks.getModel(optimizerState, length, options)
}

/** The model that a tip commits. */
export async function weightsOf(
  { body, manifest }: LedgerTip,
  { blocks, trainer }: ModelSource,
  options: FetchOptions
): Promise<Float32Array> {
  const isInitial = body.round === 0 && 'seed' in manifest.model.initial
  if (isInitial) return await trainer.initialWeights()
  return await blocks.getModel(body.model, trainer.info.parameters, options)
}
