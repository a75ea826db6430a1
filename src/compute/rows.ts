/** Gradients of which only some rows may differ from zero: an embedding's. An optimizer need not go over the others. */
import type { TensorMemory } from './memory.ts'
import type { Tensor } from '@tensorflow/tfjs-core'

/** Which rows, of how many values. A row may be there several times. */
export interface TouchedRows {
  ids: Int32Array
  rowSize: number
}

const touched = new WeakMap<object, TouchedRows>()

/** From here on the gradient is zero but for these rows. */
export function markRows({ dataId }: Tensor, rows: TouchedRows): void {
  touched.set(dataId, rows)
}

/** Undefined: any of its values may differ from zero. */
export function touchedRows({ dataId }: Tensor): TouchedRows | undefined {
  return touched.get(dataId)
}

/** w ← w − rate·g for those rows. They are zero in g afterwards, so that each is added once however often it is named. */
export function stepRows(
  { weight, gradient, rate }: { weight: Tensor; gradient: Tensor; rate: number },
  { ids, rowSize }: TouchedRows,
  { view }: TensorMemory
): void {
  const [w, g] = [view(weight), view(gradient)]
  for (let i = 0; i < ids.length; i++) {
    const end = (ids[i] + 1) * rowSize
    for (let at = ids[i] * rowSize; at < end; at++) w[at] -= rate * g[at]
    g.fill(0, end - rowSize, end)
  }
}
