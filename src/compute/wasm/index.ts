/** Kernels that the stock wasm backend lacks for training, or does slowly. One file each; this one installs them. */
import { backend, registerKernel, unregisterKernel } from '@tensorflow/tfjs-core'
import { biasAdd, biasGradient } from './biasAdd.ts'
import { registerBiasRelu } from './biasRelu.ts'
import { registerConv } from './convLayer.ts'
import { conv2d, convFilterGradient, convInputGradient, fusedConv2d } from './convolution.ts'
import { registerDense } from './dense.ts'
import { depthwise, depthwiseFilterGradient, depthwiseInputGradient } from './depthwise.ts'
import { registerEmbedding } from './embedding.ts'
import { gatherRows } from './gather.ts'
import { stockKernel } from './heap.ts'
import { checkHelpers } from './helpers/check.ts'
import { startHelpers } from './helpers/index.ts'
import { registerLayerNorm } from './layerNormalization.ts'
import { fusedMatMul, matMul } from './matMul.ts'
import { maxPoolGradient } from './maxPoolGradient.ts'
import { identity } from './identity.ts'
import { loadPack } from './pack/index.ts'
import { registerRecurrent } from './recurrent.ts'
import { registerReluGradient } from './reluGradient.ts'
import { segmentSum } from './segmentSum.ts'
import { registerSoftmax } from './softmax.ts'
import type { KernelCall, KernelOverride, WasmBackend, WasmKernel } from './heap.ts'
import type { HelperOptions } from './helpers/index.ts'
import type { Pack } from './pack/index.ts'
import type { KernelFunc } from '@tensorflow/tfjs-core'

const overrides: KernelOverride[] = [
  matMul,
  fusedMatMul,
  biasAdd,
  biasGradient,
  conv2d,
  fusedConv2d,
  convFilterGradient,
  convInputGradient,
  depthwise,
  depthwiseFilterGradient,
  depthwiseInputGradient,
  maxPoolGradient,
  identity,
  gatherRows,
  segmentSum
]

let installed: Pack | null = null

/** The kernel pack, once it is installed on this thread's wasm backend. */
export const installedPack = (): Pack | null => installed

/**
 * Register the training kernels over those of the active backend, which is wasm. Idempotent. An engine without SIMD keeps
 * the stock kernels.
 */
export async function installTrainingKernels(): Promise<void> {
  if (installed != null) return
  const pack = await loadPack(backend() as unknown as WasmBackend)
  if (installed != null || pack == null) return
  installed = pack
  for (const override of overrides) install(override, pack)
  registerReluGradient(pack)
  registerBiasRelu(pack)
  registerDense()
  registerConv()
  registerEmbedding(pack)
  registerRecurrent(pack)
  registerLayerNorm(pack)
  registerSoftmax(pack)
}

/**
 * Have threads help this one, if it has the kernel pack and none help it yet: those that start and compute what is right.
 */
export async function employHelpers(options: HelperOptions): Promise<void> {
  if (installed == null || installed.helpers != null) return
  const helpers = await startHelpers(installed, options)
  try {
    checkHelpers(installed, helpers)
    installed.helpers = helpers
  } catch (error) {
    await helpers.stop()
    options.onLost(error as Error)
  }
}

/** How many threads help this one. */
export const helpersAtWork = (): number => installed?.helpers?.count ?? 0

/** End the threads that help this one. */
export async function dismissHelpers(): Promise<void> {
  const helpers = installed?.helpers
  if (installed == null || helpers == null) return
  installed.helpers = null
  await helpers.stop()
}

function install({ name, make }: KernelOverride, pack: Pack): void {
  const stock = stockKernel(name)
  const kernel = make(stock ?? absent(name), pack)
  if (stock != null) unregisterKernel(name, 'wasm')
  const kernelFunc: KernelFunc = (call) => kernel(call as unknown as KernelCall)
  registerKernel({ kernelName: name, backendName: 'wasm', kernelFunc })
}

function absent(name: string): WasmKernel {
  return () => {
    throw new Error(`The wasm backend has no ${name} kernel of its own`)
  }
}
