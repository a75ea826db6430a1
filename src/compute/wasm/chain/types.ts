/** What a chain of layers is made of. Shapes are of one example; weights are variables on the wasm backend. */
import type { WasmBackend } from '../heap.ts'
import type { Pack } from '../pack/index.ts'
import type { Tensor } from '@tensorflow/tfjs-core'

type Image = readonly [height: number, width: number, channels: number]

/** y = x · kernel + bias, then ReLU if `relu`. */
export interface DenseLayer {
  kind: 'dense'
  /** [inputs, units] */
  kernel: Tensor
  /** [units] */
  bias: Tensor | null
  relu: boolean
}

/** How a window moves over an image. */
export interface Window {
  input: Image
  output: Image
  size: readonly [height: number, width: number]
  strides: readonly [y: number, x: number]
  padding: 'valid' | 'same'
}

/** A 2-D convolution of channels-last images, + bias, then ReLU if `relu`. */
export interface ConvLayer {
  kind: 'conv'
  window: Window
  /** [kh, kw, in, out] */
  kernel: Tensor
  /** [out] */
  bias: Tensor | null
  relu: boolean
}

/** The largest of each window. */
export interface PoolLayer {
  kind: 'pool'
  window: Window
}

/** One layer of a chain. What only changes shapes is none. */
export type ChainLayer = DenseLayer | ConvLayer | PoolLayer

/** Where a layer works: addresses on the heap. */
export interface Places {
  /** What goes in, examples × inputs, and out. */
  x: number
  y: number
  /** The loss' derivative by the output; the way back may overwrite it. */
  dy: number
  /** By the input: 0 where nobody asks for it. */
  dx: number
  /** By the weights, in their order. */
  gradients: readonly number[]
  /** Of a dense layer: as many 32-bit numbers as it has inputs, and as many values as x has. 0 for other layers. */
  columns: number
  gathered: number
}

/** One layer at work: each call on the first `count` examples at its places. */
export interface Stage {
  forward(count: number): void
  /** Fills the gradients. */
  backward(count: number): void
  /** Moves the weights against their gradients, times `rate`; those that are kept for them may be left as they are. */
  descend(count: number, rate: number): void
}

/** What stages compute with. */
export interface Workshop {
  backend: WasmBackend
  pack: Pack
}
