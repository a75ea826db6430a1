/** What each peer reaches without the others: the same model, data and number of rounds, nobody to talk to. */
import type { Library } from '../../library/types.ts'
import type { BackendName } from '../../../../src/compute/names.ts'
import type { DataOptions } from '../../../node/types.ts'
import type { Manifest } from '../../../../src/federation/manifest/index.ts'
import type { Metrics } from '../../../../src/federation/records.ts'
import type { Trainer } from '../../../../src/training/types.ts'

/** What one training alone takes. */
export interface AloneInit {
  library: Pick<Library, 'startTrainer'>
  manifest: Manifest
  data: DataOptions
  backend?: BackendName
  threads?: number
  rounds: number
  signal: AbortSignal
  /** After each round. */
  onRound(round: number): void
}

/** Metrics of the result on the held-out data; the federation's model too, measured on the very same data. */
export interface Comparison {
  alone: Metrics
  together: Metrics
}

/** Train alone, then measure both models. */
export async function trainAlone(init: AloneInit, federated: Float32Array): Promise<Comparison> {
  const { manifest, data, backend, threads } = init
  const trainer = await init.library.startTrainer({ manifest, data, backend, threads })
  try {
    const { signal } = init
    const weights = await trainRounds(trainer, init)
    const alone = await trainer.evaluate(weights, { signal })
    return { alone, together: await trainer.evaluate(federated, { signal }) }
  } finally {
    await trainer.stop()
  }
}

/** With one member, the mean of the updates is the update itself. */
async function trainRounds(trainer: Trainer, { rounds, signal, onRound }: AloneInit): Promise<Float32Array> {
  const weights = await trainer.initialWeights()
  for (let round = 1; round <= rounds; round++) {
    const { delta } = await trainer.train({ weights, round, seed: round }, { signal })
    for (let i = 0; i < weights.length; i++) weights[i] = (weights[i] ?? 0) + (delta[i] ?? 0)
    onRound(round)
  }
  return weights
}
