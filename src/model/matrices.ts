/** Which stretches of a flat vector of weights are matrices. */
import { layoutOf } from './layout.ts'
import { planFor } from './task.ts'
import type { ModelManifest } from './task.ts'

/** A matrix in a flat vector, row by row. */
export interface Matrix {
  offset: number
  rows: number
  columns: number
}

const known = new WeakMap<ModelManifest, readonly Matrix[]>()

/** A model's weights of two axes or more, in the order of the vector; columns are the last axis, what a layer gives out. */
export function matricesOf(manifest: ModelManifest): readonly Matrix[] {
  const matrices = known.get(manifest) ?? find(manifest)
  known.set(manifest, matrices)
  return matrices
}

function find(manifest: ModelManifest): Matrix[] {
  return layoutOf(planFor(manifest)).entries.flatMap(({ shape, offset, size }) => {
    const columns = shape.at(-1) ?? 0
    return shape.length < 2 || size === 0 ? [] : [{ offset, rows: size / columns, columns }]
  })
}
