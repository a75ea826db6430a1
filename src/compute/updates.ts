/**
 * How optimizers move weights. Where JavaScript and our kernels reach the backend's memory, in place: one pass over each, no
 * temporaries. Elsewhere by the backend's own operations.
 */
import { add, backend, div, getBackend, mul, reshape, sqrt, square, sub, tidy } from '@tensorflow/tfjs-core'
import { tensorMemory } from './memory.ts'
import { addressOf } from './wasm/heap.ts'
import { installedPack } from './wasm/index.ts'
import type { WasmBackend } from './wasm/heap.ts'
import type { PackFunctions } from './wasm/pack/index.ts'
import type { Tensor, Variable } from '@tensorflow/tfjs-core'

/** Adam's numbers; the corrections of its bias are part of `rate`. `share` of the weight is kept: 1 without decay. */
export interface AdamStep {
  rate: number
  beta1: number
  beta2: number
  epsilon: number
  share: number
}

/** The updates. All tensors of one call have the same size; what is written to is a variable. */
export interface Updates {
  /** w ← w − rate·g */
  sgd(w: Tensor, g: Tensor, rate: number): void
  /** v ← share·v + g; w ← w − rate·v (Polyak 1964, as TensorFlow writes it). */
  momentum(w: Tensor, g: Tensor, by: { velocity: Tensor; rate: number; share: number }): void
  /** Kingma & Ba 2015, https://arxiv.org/abs/1412.6980, with the weight's own decay (arXiv 1711.05101). */
  adam(w: Tensor, g: Tensor, by: AdamStep & { first: Tensor; second: Tensor }): void
  /** out ← g + mu·(w − anchor): g may be in use elsewhere, and stays as it is. */
  proximal(out: Tensor, g: Tensor, by: { w: Tensor; anchor: Tensor; mu: number }): void
}

/**
 * Updates on the active backend: by the kernel pack where it is, by operations where memory is out of reach, else by plain
 * loops.
 *
 * @throws {UnsupportedBackendError} a backend is active that cannot train
 */
export function tensorUpdates(): Updates {
  if (['tensorflow', 'webgpu'].includes(getBackend())) return operationUpdates()
  const pack = getBackend() === 'wasm' ? installedPack() : null
  return pack == null ? plainUpdates() : packUpdates(pack.functions)
}

function packUpdates(functions: PackFunctions): Updates {
  const wasm = backend() as unknown as WasmBackend
  const at = (tensor: Tensor): number => addressOf(wasm, tensor)
  return {
    sgd: (w, g, rate) => functions.sgd(w.size, at(w), at(g), rate),
    momentum: (w, g, { velocity, rate, share }) =>
      functions.momentum(w.size, at(w), at(g), at(velocity), rate, share),
    adam: (w, g, { first, second, rate, beta1, beta2, epsilon, share }) =>
      functions.adam(w.size, at(w), at(g), at(first), at(second), rate, beta1, beta2, epsilon, share),
    proximal: (out, g, { w, anchor, mu }) =>
      functions.proximal(out.size, at(out), at(g), at(w), at(anchor), mu)
  }
}

function plainUpdates(): Updates {
  const { view } = tensorMemory()
  return {
    sgd(weight, gradient, rate) {
      const [w, g] = [view(weight), view(gradient)]
      for (let i = 0; i < w.length; i++) w[i] -= rate * g[i]
    },
    momentum(weight, gradient, { velocity, rate, share }) {
      const [w, g, v] = [view(weight), view(gradient), view(velocity)]
      for (let i = 0; i < w.length; i++) {
        v[i] = share * v[i] + g[i]
        w[i] -= rate * v[i]
      }
    },
    adam(weight, gradient, { first, second, rate, beta1, beta2, epsilon, share }) {
      const [w, g, m, v] = [view(weight), view(gradient), view(first), view(second)]
      for (let i = 0; i < w.length; i++) {
        m[i] = beta1 * m[i] + (1 - beta1) * g[i]
        v[i] = beta2 * v[i] + (1 - beta2) * g[i] * g[i]
        w[i] = share * w[i] - (rate * m[i]) / (Math.sqrt(v[i]) + epsilon)
      }
    },
    proximal(out, gradient, { w: weight, anchor, mu }) {
      const [to, g, w, from] = [view(out), view(gradient), view(weight), view(anchor)]
      for (let i = 0; i < to.length; i++) to[i] = g[i] + mu * (w[i] - from[i])
    }
  }
}

function operationUpdates(): Updates {
  /** Replace a variable's values by what is computed. */
  const assign = (to: Tensor, compute: () => Tensor): void =>
    tidy(() => (to as Variable).assign(reshape(compute(), to.shape)))
  const flat = (g: Tensor): Tensor => reshape(g, [g.size])
  return {
    sgd: (w, g, rate) => assign(w, () => sub(w, mul(g, rate))),
    momentum(w, g, { velocity, rate, share }) {
      assign(velocity, () => add(mul(velocity, share), flat(g)))
      assign(w, () => sub(flat(w), mul(velocity, rate)))
    },
    adam(w, g, { first, second, rate, beta1, beta2, epsilon, share }) {
      assign(first, () => add(mul(first, beta1), mul(flat(g), 1 - beta1)))
      assign(second, () => add(mul(second, beta2), mul(square(flat(g)), 1 - beta2)))
      assign(w, () => sub(mul(flat(w), share), div(mul(first, rate), add(sqrt(second), epsilon))))
    },
    proximal(out, g, { w, anchor, mu }) {
      assign(out, () => add(flat(g), mul(sub(flat(w), flat(anchor)), mu)))
    }
  }
}
