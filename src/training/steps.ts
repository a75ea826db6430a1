/** Training steps: forward, backward, and the move of the weights. */
import { tensorMemory } from '../compute/memory.ts'
import { withGradients } from './network.ts'
import { createOptimizer } from './optimizer.ts'
import type { ExampleBatch } from './batches.ts'
import type { Network } from './network.ts'
import type { ClientTerm } from './terms.ts'
import type { TrainingSpec } from '../federation/manifest/schema.ts'

/** How a network's weights move. */
export interface Moves {
  optimizer: TrainingSpec['optimizer']
  learningRate: number
  /** What a client algorithm adds to the gradients. */
  term?: ClientTerm | null
}

/** One step after the other, with what the optimizer remembers between them. */
export interface Steps {
  /** @returns the sum of the batch's losses before the step, at once where the backend has it at once */
  step(batch: ExampleBatch): number | Promise<number>
  dispose(): void
}

/** The steps of one round. Plain SGD on a chain of layers needs no gradients of its own: they move the weights at once. */
export function trainingSteps(network: Network, { optimizer: spec, learningRate, term }: Moves): Steps {
  const { chain, trained } = network
  const memory = tensorMemory()
  const halves = term == null ? { rate: learningRate, rest: () => undefined } : term.halves(learningRate)
  if (chain != null && spec.name === 'sgd' && halves != null) {
    const step = (batch: ExampleBatch): number => {
      const loss = chain.descend(batch, halves.rate)
      halves.rest()
      for (const weight of trained) memory.changed(weight)
      return loss
    }
    return { step, dispose: () => undefined }
  }
  const optimizer = createOptimizer(spec, learningRate)
  const step: Steps['step'] = (batch) =>
    withGradients(network, batch, (gradients) =>
      optimizer.apply(trained, term?.added(gradients) ?? gradients, memory)
    )
  return { step, dispose: () => optimizer.dispose() }
}
