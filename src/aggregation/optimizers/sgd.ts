/** Server SGD: model + learningRate · delta. With learning rate 1 and the mean rule this is FedAvg. */
import type { ServerOptimizer } from '../rule.ts'

export function sgd({ learningRate }: { learningRate: number }): ServerOptimizer {
  return {
    name: 'sgd',
    moments: 0,
    apply({ model, delta, next }) {
      for (let i = 0; i < next.length; i++) next[i] = model[i] + learningRate * delta[i]
    }
  }
}
