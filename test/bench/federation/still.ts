/**
 * `murmur` with training taken out: every update is a little noise, made at once. What remains is what a federation
 * itself costs.
 */
import { nodeLibrary } from '../../../peers/cli/library/index.ts'
import { openHome } from '../../../peers/node/home/index.ts'
import { initialWeights } from '../../../src/model/initial.ts'
import { layoutOf } from '../../../src/model/layout.ts'
import { seededRandom, uniform } from '../../../src/random.ts'
import { planFor } from '../../../src/model/task.ts'
import type { Manifest } from '../../../src/federation/manifest/index.ts'
import type { Trainer } from '../../../src/training/types.ts'

/** Every peer and round has other bytes, or content addressing would move them only once. */
const SCALE = 1e-9
/** Often enough that no block of one round is also one of another. */
const EVERY = 1024
const create = nodeLibrary.createPeer

nodeLibrary.createPeer = async (init) => {
  const manifest = await (await openHome(init.home)).manifest()
  return await create({ ...init, trainer: still(manifest.value, process.pid) })
}

function still(manifest: Manifest, seed: number): Trainer {
  const layout = layoutOf(planFor(manifest))
  const random = seededRandom(seed)
  const noise = Float32Array.from({ length: layout.size }, () => SCALE * uniform(random))
  const metrics = { loss: 0, samples: 1 }
  return {
    info: { backend: 'none', parameters: layout.size, trainSamples: 1, testSamples: 1 },
    initialWeights: () => Promise.resolve(initialWeights(layout, 1)),
    evaluate: () => Promise.resolve(metrics),
    train: ({ round }) => {
      const delta = noise.slice()
      for (let i = 0; i < delta.length; i += EVERY) delta[i] += SCALE * round
      return Promise.resolve({ delta, samples: 1, before: metrics, after: metrics, trainingMs: 0 })
    },
    stop: () => Promise.resolve()
  }
}

await import('../../../peers/cli/main.ts')
