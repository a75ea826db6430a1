/** Parts of a data set: views of some of its examples, and what is held out to evaluate on. */
import { seededRandom, shuffle } from '../random.ts'
import { isLabelled } from './targets.ts'
import type { LabelledDataset } from './targets.ts'
import type { Dataset, DataSplit } from './dataset.ts'

/** Keeps hold-out draws apart from others with the same seed. */
const HOLDOUT_STREAM = 0x686f6c64

/** 0 … size − 1 in seeded order. */
export function shuffled(size: number, ...seed: number[]): Uint32Array {
  return shuffle(
    Uint32Array.from({ length: size }, (_, i) => i),
    seededRandom(...seed)
  )
}

/** Training and test indices: `share` of them, by seeded shuffle, are held out (at least one if share > 0). */
export function splitIndices(
  size: number,
  share: number,
  seed: number
): { train: Uint32Array; test: Uint32Array } {
  const order = shuffled(size, seed, HOLDOUT_STREAM)
  const held = share > 0 && size > 1 ? Math.min(size - 1, Math.max(1, Math.round(size * share))) : 0
  return { test: order.slice(0, held).sort(), train: order.slice(held).sort() }
}

/** A view of some examples of a data set, in the order given. */
export function subset(dataset: LabelledDataset, indices: Uint32Array): LabelledDataset
export function subset(dataset: Dataset, indices: Uint32Array): Dataset
export function subset(dataset: Dataset, indices: Uint32Array): Dataset {
  const view: Dataset = {
    size: indices.length,
    shape: dataset.shape,
    read: (wanted, features, targets) => {
      const mapped = new Uint32Array(wanted.length)
      for (let i = 0; i < wanted.length; i++) mapped[i] = indices[wanted[i]]
      return dataset.read(mapped, features, targets)
    }
  }
  if (!isLabelled(dataset)) return view
  const labelled: LabelledDataset = {
    ...view,
    targets: Float32Array.from(indices, (i) => dataset.targets[i])
  }
  return labelled
}

/** Hold out `share` of a data set by seeded shuffle. */
export function split(dataset: Dataset, share: number, seed: number): DataSplit {
  const { train, test } = splitIndices(dataset.size, share, seed)
  return { train: subset(dataset, train), test: subset(dataset, test) }
}
