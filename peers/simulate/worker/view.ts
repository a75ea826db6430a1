/** The examples that a thread's trainer sees just now: those of the client whose turn it is. */
import { subset, withNoise } from '../../../src/data/index.ts'
import type { Dataset } from '../../../src/data/index.ts'

/** A data set that is another one from job to job; the trainer that has it need not be built anew. */
export class ExamplesView implements Dataset {
  readonly shape: readonly number[]
  readonly #all: Dataset
  #now: Dataset

  /** Shows nothing at first. */
  constructor(all: Dataset) {
    this.shape = all.shape
    this.#all = all
    this.#now = subset(all, new Uint32Array())
  }

  get size(): number {
    return this.#now.size
  }

  read(indices: Uint32Array, features: Float32Array, targets: Float32Array): void | Promise<void> {
    return this.#now.read(indices, features, targets)
  }

  /** Show these examples, with this noise, their labels changed by `relabel`. */
  show(
    indices: Uint32Array,
    {
      noise,
      relabel
    }: { noise?: { deviation: number; seed: number }; relabel?: (label: number) => number } = {}
  ): void {
    const { shape, read } = this.#all
    const chosen = unlabelled(shape, indices, read.bind(this.#all))
    const noisy = withNoise(chosen, noise?.deviation ?? 0, noise?.seed ?? 0)
    this.#now = relabel == null ? noisy : relabelled(noisy, relabel)
  }
}

/** A view by indices; unlike `subset`, it does not copy the targets. */
function unlabelled(shape: readonly number[], indices: Uint32Array, read: Dataset['read']): Dataset {
  return {
    shape,
    size: indices.length,
    read: (wanted, features, targets) =>
      read(
        wanted.map((i) => indices[i]),
        features,
        targets
      )
  }
}

function relabelled(dataset: Dataset, relabel: (label: number) => number): Dataset {
  return {
    ...dataset,
    async read(indices, features, targets) {
      await dataset.read(indices, features, targets)
      for (let i = 0; i < indices.length; i++) targets[i] = relabel(targets[i])
    }
  }
}
