/** What training needs to know of data: how many examples, of what shape, and how to read some of them. */

/** Examples of one peer. Loaders make it; training reads batches from it. */
export interface Dataset {
  /** Number of examples. */
  readonly size: number
  /** Shape of one example, e.g. [28, 28, 1], [13] or [80] (token ids). */
  readonly shape: readonly number[]
  /**
   * Read examples by index, normalised as the manifest says, into buffers that the caller owns.
   *
   * @param indices - which examples, each below `size`
   * @param features - indices.length × product(shape) values, row-major
   * @param targets - indices.length values: the class index, or the value to predict
   */
  read(indices: Uint32Array, features: Float32Array, targets: Float32Array): void | Promise<void>
}

/** What a peer trains on and what it evaluates on. */
export interface DataSplit {
  train: Dataset
  test: Dataset
}
