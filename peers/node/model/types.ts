/** The committed model in use: what it is asked, what it answers. */
import type { Manifest } from '../../../src/federation/manifest/index.ts'
import type { Metrics } from '../../../src/federation/records.ts'
import type { DataOptions } from '../types.ts'

/** A model: what the federation fixed, and weights as `Peer.weights()` gives them. */
export interface ModelInput {
  manifest: Manifest
  /** Flat fp32, layout order. */
  weights: Float32Array
  signal?: AbortSignal
}

/** File formats of a model. */
export type ModelFormat = 'keras' | 'safetensors'

export interface ExportInit extends ModelInput {
  format: ModelFormat
  /** Goes into the file: where the model comes from, its licence. */
  metadata?: Record<string, string | number>
}

/** A file to write: name relative to the output directory, and its bytes. */
export interface OutputFile {
  name: string
  bytes: Uint8Array
}

export interface PredictInit extends ModelInput {
  /** A picture or a directory of pictures, an IDX, CSV or JSON Lines file; labels are not needed. */
  path: string
  /** Only this example, counted from 0. */
  index?: number
  /** Where a table's mean and deviation come from, if the manifest leaves them to each peer. */
  trainedOn?: DataOptions
}

/** The prediction of one example. */
export interface Prediction {
  /** Class index, or the predicted number. */
  value: number
  /** Probability of each class; empty for regression. */
  scores: number[]
}

/** Metrics, and for classification how often class `row` was taken for class `column`. */
export interface Evaluation {
  metrics: Metrics
  confusion: number[][] | null
}

/** One array of weights. */
export interface WeightDescription {
  name: string
  shape: number[]
  size: number
}
