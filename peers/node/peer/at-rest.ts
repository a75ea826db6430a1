/** A peer that does not run, as its files say: what `murmur status` and the like read when there is nobody to ask. */
import { defaultLogger } from '@libp2p/logger'
import { readRoot } from '../../../src/blocks/index.ts'
import { initialWeights } from '../../../src/model/initial.ts'
import { layoutOf } from '../../../src/model/layout.ts'
import { planFor } from '../../../src/model/task.ts'
import { isFinished } from '../../../src/rounds/index.ts'
import { Ledger, VoteLog } from '../../../src/state/index.ts'
import { NoInitialSeedError } from '../../../src/training/errors.ts'
import { OwnLocals } from '../../engine/locals.ts'
import { TipKeeper, weightsOf } from '../../engine/tip.ts'
import { hostClock } from '../clock.ts'
import { openHome } from '../home/index.ts'
import { NodeBlocks } from './blocks.ts'
import { closeAll } from '../close.ts'
import { LedgerMembership } from './membership.ts'
import { peerStatus } from './status.ts'
import { openStorage } from './storage.ts'
import { summariesOf } from './summary.ts'
import type { Closer } from '../close.ts'
import type { Blockstores, BlockView } from '../blockstore/index.ts'
import type { CommitSummary, PeerStatus } from '../types.ts'
import type { FetchOptions } from '../../engine/components.ts'
import type { EngineSnapshot } from '../../engine/events.ts'
import type { Blocks } from '../../../protocols/blocks/index.ts'
import type { Manifest } from '../../../src/federation/manifest/index.ts'
import type { LedgerTip } from '../../../src/rounds/index.ts'

/** Read-only; holds the home's locks until it is closed. */
export interface PeerAtRest {
  status(): PeerStatus
  /** Commits from height `from` on, oldest first. */
  ledger(options?: { from?: number; limit?: number }): AsyncIterable<CommitSummary>
  /** The latest committed weights, layout order. @throws {BlockMissingError} the peer stopped before it had them */
  weights(): Promise<Float32Array>
  close(): Promise<void>
}

/**
 * Open the state of a home in which no peer runs.
 *
 * @throws {NoFederationError | StateStoreLockedError | DamagedHomeError | …}
 */
export async function openAtRest(dir: string): Promise<PeerAtRest> {
  const home = await openHome(dir)
  const manifest = await home.manifest()
  const { peerId: self = '' } = (await home.describeIdentity()) ?? {}
  const closers: Closer[] = []
  const close = async (): Promise<void> => await closeAll(closers.splice(0).reverse())
  try {
    const { state, stores } = await openStorage(home, { keepDamaged: true }, (closer) => closers.push(closer))
    const ledger = new Ledger(state)
    const log = defaultLogger().forComponent('murmur:at-rest')
    const membership = new LedgerMembership({
      manifest,
      now: hostClock.now,
      log,
      onAddresses: () => undefined,
      onChange: () => undefined
    })
    const models = modelsAtRest(stores, manifest.value)
    const components = { ledger, votes: new VoteLog(state), membership, ...models }
    const keeper = new TipKeeper({ federation: manifest.cid, manifest: manifest.value, components })
    const tip = await keeper.read()
    return {
      status: () =>
        peerStatus({ self, manifest, engine: snapshot(tip), membership: membership.state, ...IDLE }),
      ledger: ({ from = 1, limit } = {}) => summariesOf(ledger.range(Math.max(1, from), limit)),
      weights: async () => {
        const locals = new OwnLocals({ state, blocks: models.blocks, log })
        await locals.load()
        return await locals.model({ tip, weights: await weightsOf(tip, models, fromNobody()) })
      },
      close
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** What models are read with where no peer runs. */
export function modelsAtRest(
  stores: Blockstores,
  manifest: Manifest
): { blocks: NodeBlocks; trainer: ReturnType<typeof untrained> } {
  const { blockSizeBytes } = manifest.exchange
  const blocks = new NodeBlocks({ stores, exchange: nobody(stores.view), blockSizeBytes })
  return { blocks, trainer: untrained(manifest) }
}

/** No holder is there to be asked. */
export function fromNobody(signal = new AbortController().signal): FetchOptions {
  return { holders: () => [], signal }
}

/** There is no network: blocks are here, or they cannot be had. */
const nobody = (view: BlockView): Pick<Blocks, 'fetchDag'> => ({
  fetchDag: async (root, { signal }) => await readRoot(view, root, { signal })
})

/** The weights that the model starts from; nothing is trained. */
function untrained(manifest: Manifest): {
  info: { parameters: number }
  initialWeights(): Promise<Float32Array>
} {
  const layout = layoutOf(planFor(manifest))
  const { initial } = manifest.model
  return {
    info: { parameters: layout.size },
    initialWeights: async () => {
      if ('cid' in initial) throw new NoInitialSeedError(initial.cid.toString())
      return initialWeights(layout, initial.seed)
    }
  }
}

const IDLE = {
  connected: [],
  stopped: true,
  latencyMs: () => null,
  banOf: () => undefined,
  now: 0,
  addressesOf: () => [],
  addresses: () => [],
  bytes: { bytesIn: 0, bytesOut: 0 },
  ownEvaluation: null,
  roundsMs: [],
  trainer: null
}

function snapshot(tip: LedgerTip): EngineSnapshot {
  return {
    tip,
    settled: true,
    lacksModel: false,
    step: 'idle',
    view: 0,
    mode: 'membership',
    round: tip.body.round,
    training: false,
    updated: [],
    awaited: [],
    deadlinePassed: false,
    voted: [],
    disk: null,
    clocks: [],
    quiet: false,
    recoveries: [],
    paused: false,
    forks: [],
    finished: isFinished(tip)
  }
}
