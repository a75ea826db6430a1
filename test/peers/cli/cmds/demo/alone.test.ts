import { expect } from 'chai'
import { trainAlone } from '../../../../../peers/cli/cmds/demo/alone.ts'
import { digitsManifest } from '../../helpers/samples.ts'
import { failure } from '../../../../helpers/failure.ts'
import type { AloneInit } from '../../../../../peers/cli/cmds/demo/alone.ts'
import type { Trainer } from '../../../../../src/training/types.ts'

/** Adds 1 to every weight in each round; its accuracy is the first weight. */
class FakeTrainer implements Trainer {
  readonly info = { backend: 'cpu', parameters: 2, trainSamples: 10, testSamples: 5 }
  readonly seeds: number[] = []
  stopped = 0
  broken = false

  initialWeights(): Promise<Float32Array> {
    return Promise.resolve(Float32Array.of(0.5, 0.25))
  }

  async train({ weights, round, seed }: Parameters<Trainer['train']>[0]): ReturnType<Trainer['train']> {
    if (this.broken) throw new Error('The thread crashed')
    expect(weights[0]).to.equal(round - 0.5)
    this.seeds.push(seed)
    return { delta: Float32Array.of(1, 1), samples: 10, before: {}, after: {}, trainingMs: 1 }
  }

  evaluate(weights: Float32Array): Promise<Record<string, number>> {
    return Promise.resolve({ accuracy: weights[0] ?? NaN })
  }

  stop(): Promise<void> {
    this.stopped++
    return Promise.resolve()
  }
}

async function initOf(trainer: Trainer, rounds: number[] = []): Promise<AloneInit> {
  return {
    library: { startTrainer: () => Promise.resolve(trainer) },
    manifest: (await digitsManifest()).value,
    data: { path: 'demo:1' },
    rounds: 3,
    signal: new AbortController().signal,
    onRound: (round) => rounds.push(round)
  }
}

describe('trainAlone', () => {
  it('trains as many rounds, each from the model before it, and measures both models on the same data', async () => {
    const trainer = new FakeTrainer()
    const rounds: number[] = []
    const { alone, together } = await trainAlone(await initOf(trainer, rounds), Float32Array.of(9, 9))
    expect(alone).to.deep.equal({ accuracy: 3.5 })
    expect(together).to.deep.equal({ accuracy: 9 })
    expect(rounds).to.deep.equal([1, 2, 3])
    expect(new Set(trainer.seeds).size).to.equal(3)
    expect(trainer.stopped).to.equal(1)
  })

  it('stops its thread whatever happens', async () => {
    const trainer = new FakeTrainer()
    trainer.broken = true
    await failure(trainAlone(await initOf(trainer), Float32Array.of(9, 9)), Error)
    expect(trainer.stopped).to.equal(1)
  })
})
