/** Training of one's own: anything that turns weights into a better delta can take the worker thread's place. */
import { seededRandom, uniform } from '../src/index.ts' // 'murmuration/core' in a project of your own
import { withFederation } from './federate.ts'
import type { ManifestDraft, Metrics, Trainer } from '../peers/node/index.ts' // 'murmuration'

/** The line y = 3x − 1, seen through noise. Its two weights, slope and offset, are all there is to agree on. */
const draft: ManifestDraft = {
  name: 'A straight line',
  task: {
    kind: 'regression',
    input: { kind: 'tabular', columns: [{ name: 'x', type: 'number' }], target: 'y' },
    labels: [],
    metrics: ['mae']
  },
  model: { architecture: { preset: 'logistic' } },
  training: { loss: 'meanSquaredError' },
  rounds: { startMembers: 2, minContributors: 2, stop: { rounds: 8 } }
}

/** Gradient descent by hand, on points that only this peer has. */
function lineTrainer(seed: number): Trainer {
  const random = seededRandom(seed)
  const xs = Float64Array.from({ length: 50 }, () => uniform(random) * 2 - 1)
  const ys = xs.map((x) => 3 * x - 1 + (uniform(random) - 0.5) / 5)
  const error = (weights: Float32Array, i: number): number => weights[0] * xs[i] + weights[1] - ys[i]
  const evaluate = (weights: Float32Array): Metrics => {
    const mae = xs.reduce((sum, _, i) => sum + Math.abs(error(weights, i)), 0) / xs.length
    return { loss: mae, mae, samples: xs.length }
  }
  return {
    info: { backend: 'by hand', parameters: 2, trainSamples: xs.length, testSamples: xs.length },
    initialWeights: async () => new Float32Array(2),
    evaluate: async (weights) => evaluate(weights),
    async train({ weights }) {
      const delta = new Float32Array(2)
      for (let i = 0; i < xs.length; i++) {
        delta[0] -= (error(weights, i) * xs[i]) / xs.length
        delta[1] -= error(weights, i) / xs.length
      }
      const trained = weights.map((weight, i) => weight + delta[i])
      const measured = { before: evaluate(weights), after: evaluate(trained) }
      return { delta, samples: xs.length, ...measured, trainingMs: 0 }
    },
    stop: async () => {}
  }
}

const members = [1, 2].map((seed) => ({ trainer: lineTrainer(seed) }))
await withFederation({ draft, members }, async (peers) => {
  const { round } = await peers[0].waitForRound()
  const [slope, offset] = await peers[0].weights()
  console.log(`after ${round} rounds: y = ${slope.toFixed(2)} x + ${offset.toFixed(2)}`)
})
