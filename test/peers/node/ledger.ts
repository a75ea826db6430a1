/** A ledger that real peers made, as data: to be checked, and to be tampered with. */
import { createBlockstores, createMemoryBlockstores } from '../../../peers/node/blockstore/index.ts'
import { openLevelStore } from '../../../peers/node/state/index.ts'
import { initialWeights } from '../../../src/model/initial.ts'
import { layoutOf } from '../../../src/model/layout.ts'
import { planFor } from '../../../src/model/task.ts'
import { collect } from '../../../peers/node/blockstore/bytes.ts'
import { memoryStore } from '../../../src/state/index.ts'
import { Federation } from './federation.ts'
import type { Blockstores } from '../../../peers/node/blockstore/index.ts'
import type { FederationOptions } from './federation.ts'
import type { Home } from '../../../peers/node/index.ts'
import type { Manifest } from '../../../src/federation/manifest/index.ts'
import type { StateStore } from '../../../src/state/index.ts'
import type { CID } from 'multiformats/cid'

/** A small model, in more than one block, that starts from what the manifest says; its optimizer has a state as large. */
export const smallModel: Partial<FederationOptions> = {
  draft: {
    model: { architecture: { preset: 'logistic' } },
    exchange: { blockSizeBytes: 16_384 },
    aggregation: { serverOptimizer: { name: 'momentum', nesterov: true } }
  },
  initial: (manifest: Manifest) => {
    const { initial } = manifest.model
    return initialWeights(layoutOf(planFor(manifest)), 'seed' in initial ? initial.seed : 0)
  }
}

/** What lay on a disk. */
export interface Copy {
  state: Map<string, Uint8Array>
  blocks: { cid: CID; bytes: Uint8Array }[]
}

/** What a stopped peer's home holds. */
export async function copyOf(home: Home): Promise<Copy> {
  const copy: Copy = { state: new Map(), blocks: [] }
  const store = await openLevelStore(home.paths.state)
  for await (const { key, value } of store.entries('')) copy.state.set(key, value.slice())
  await store.close()
  const stores = await createBlockstores(home.paths.blocks)
  for await (const { cid, bytes } of stores.durable.getAll())
    copy.blocks.push({ cid, bytes: await collect(bytes) })
  await stores.close()
  return copy
}

/** The same in memory, changed by a test. */
export async function restored(copy: Copy): Promise<{ state: StateStore; stores: Blockstores }> {
  const state = memoryStore()
  await state.write([...copy.state].map(([key, value]) => ({ key, value })))
  const stores = createMemoryBlockstores()
  for (const { cid, bytes } of copy.blocks) await stores.durable.put(cid, bytes)
  return { state, stores }
}

/** A federation of three that has done its rounds; its peers still run. */
export async function finishedFederation(rounds = 2): Promise<Federation> {
  const federation = await Federation.of(3, { rounds: { stop: { rounds } }, ...smallModel })
  await Promise.all(federation.peers.map((peer) => peer.waitForRound()))
  return federation
}
