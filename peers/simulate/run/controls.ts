/** Clients' own controls, by algorithms that keep them: as peers keep them (peers/engine/controls.ts), in memory. */
import { keepsControls } from '../../../src/aggregation/index.ts'
import { ownAfter } from '../../../src/training/controls.ts'
import { readWhole } from '../../../src/vectors.ts'
import { STRETCH } from './updates.ts'
import type { RunState } from './run.ts'
import type { RoundInput, SentUpdate } from './updates.ts'

/** What each client's controls are when a round begins; null by an algorithm that keeps none. */
export function controlsOf(
  { training }: RoundInput['manifest'],
  { moments, controls }: Pick<RunState, 'moments' | 'controls'>,
  parameters: number
): RoundInput['controlOf'] {
  if (!keepsControls(training.client.name)) return null
  const common = moments.subarray(moments.length - parameters)
  return (client) => ({ common, kept: 1, own: controls.get(client) ?? null })
}

/** The own controls after updates that counted. */
export async function keepControls(
  { manifest, controlOf, round, parameters }: RoundInput,
  { controls }: Pick<RunState, 'controls'>,
  updates: readonly SentUpdate[]
): Promise<void> {
  if (controlOf == null) return
  const { training, aggregation } = manifest
  for (const { client, read, samples: claimed, refused } of updates) {
    if (refused != null) continue
    const samples = Math.min(claimed, aggregation.maxSamples)
    const delta = await readWhole(read, { length: parameters, stretch: STRETCH })
    controls.set(client, ownAfter(controlOf(client), { training, round, samples, delta }))
  }
}
