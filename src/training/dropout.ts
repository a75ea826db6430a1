/** Seeds for dropout: the layers draw from Math.random unless they are told what to draw, step by step. */
import { seededRandom } from '../random.ts'
import type { LayersModel } from '@tensorflow/tfjs-layers'

/** A Dropout layer reads its `seed` each time that it is applied. */
interface Seedable {
  seed: number
}

/** Gives every dropout layer a new seed for each step, the same for the same `seed`. Undefined when there are none. */
export function dropoutSeeds(model: LayersModel, ...seed: number[]): (() => void) | undefined {
  const layers = model.layers.filter((layer) => layer.getClassName() === 'Dropout') as unknown as Seedable[]
  if (layers.length === 0) return undefined
  const random = seededRandom(...seed)
  return () => {
    // 0 would mean "no seed".
    for (const layer of layers) layer.seed = 1 + (random() >>> 1)
  }
}
