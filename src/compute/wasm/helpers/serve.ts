/** The helper's side: what its thread runs. */
import { compute } from '../product.ts'
import { controlOf, readPart, scratchOf, takePart, words } from './control.ts'
import type { PackFunctions } from '../pack/index.ts'
import type { ProductFunctions } from '../product.ts'

/** What a helper's thread is started with; all of it can be sent to a worker. */
export interface HelperInit {
  /** Of binary.ts. */
  module: WebAssembly.Module
  /** Shared with the thread that is helped. */
  memory: WebAssembly.Memory
  /** From 0 on: no two on the same memory have the same. */
  helper: number
}

/** Compute what is ordered, for as long as the thread lives: it never returns. */
export function serve({ module, memory, helper }: HelperInit): never {
  const { exports } = new WebAssembly.Instance(module, { env: { memory } })
  const functions = exports as unknown as ProductFunctions & Pick<PackFunctions, 'gemmScratchBytes'>
  const scratch = scratchOf(helper, functions.gemmScratchBytes())
  const control = controlOf(memory)
  for (let order = 0; ;) {
    Atomics.wait(control, words.order, order)
    order = Atomics.load(control, words.order)
    for (let part = takePart(control); part >= 0; part = takePart(control)) {
      compute(functions, readPart(control, part), scratch)
      Atomics.store(control, words.done + part, order)
      Atomics.notify(control, words.done + part)
    }
    Atomics.store(control, words.idle + helper, order)
  }
}
