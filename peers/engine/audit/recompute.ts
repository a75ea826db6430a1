/** Making a commit's aggregate again, where the payloads of its updates and the model before are still here. */
import { BlockMissingError } from '../../../src/blocks/index.ts'
import { nextHeight, shardsOf } from '../../../src/rounds/index.ts'
import { Bodies } from '../height/bodies.ts'
import { ResultsCache } from '../height/results.ts'
import { stretchOf, UpdatePool } from '../height/updates.ts'
import { membershipAt } from './follow.ts'
import type { Followed, Place } from './follow.ts'
import type { BlockExchange, Checkpoint, Position } from '../components.ts'
import type { LedgerTip } from '../../../src/rounds/index.ts'

/** What of models, moments and payloads is here. Both throw `BlockMissingError` for what is not. */
export interface AuditBlocks {
  blocks: BlockExchange
  checkpoint(tip: LedgerTip): Promise<Checkpoint>
}

/**
 * Check a commit as its voters did, payloads and all.
 *
 * @returns false: something that it takes is not kept
 * @throws {InvalidProposalError} its model, or anything else, does not follow from its updates
 */
export async function recompute(place: Place, followed: Followed, here: AuditBlocks): Promise<boolean> {
  const { commit } = followed.verified
  if (followed.updates == null) return false
  try {
    const position = { tip: place.tip, ...(await here.checkpoint(place.tip)) }
    const bodies = bodiesAt(place, position, here.blocks)
    const updates = followed.updates.map(({ bytes }) => bytes)
    const { body } = commit
    await bodies.check({
      federation: body.federation,
      height: body.height,
      view: 0,
      body,
      validView: -1,
      updates
    })
    return true
  } catch (error) {
    if (error instanceof BlockMissingError) return false
    throw error
  }
}

function bodiesAt(place: Place, position: Position, blocks: BlockExchange): Bodies {
  const height = nextHeight(place.tip)
  const { signal } = new AbortController()
  const fetch = { holders: () => [], signal }
  const stretch = stretchOf(position)
  const parts = shardsOf(place.tip, height, { length: position.weights.length, stretch })
  const updates = new UpdatePool({ position, height: height.height, blocks, parts, fetch: () => fetch })
  const results = new ResultsCache({ position, blocks, signal, stretch, parts, shards: null })
  return new Bodies({
    position,
    height,
    updates,
    results,
    membership: membershipAt(place),
    offences: () => [],
    now: () => Infinity
  })
}
