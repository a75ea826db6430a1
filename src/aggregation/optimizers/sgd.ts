/** Server SGD: model + learningRate · delta. With learning rate 1 and the mean rule this is FedAvg. */
import type { ServerOptimizer } from '../rule.ts'

export function sgd(learningRate: number): ServerOptimizer {
  return {
    name: 'sgd',
    apply(model, delta, out) {
      for (let i = 0; i < out.length; i++) out[i] = model[i] + learningRate * delta[i]
    }
  }
}
