/**
 * Helper threads: large matrix products on more than one core. TensorFlow.js' memory belongs to one thread, so what helpers
 * need is copied into memory that all share, and what they make is copied back; they have a build of the product of their
 * own. The caller cuts C into parts, computes its share in place, then takes parts that no helper has begun, so that it
 * waits for what a helper is at and no more; and not for long: what is not done by then it computes itself. A helper that
 * is slow, or dead, costs time and nothing else.
 */
import { runnable } from '../../module.ts'
import { multiplyAlone } from '../product.ts'
import { relaxed, simd } from './binary.ts'
import { aligned, controlOf, MOST_HELPERS, scratchOf, takePart, words, writePart } from './control.ts'
import { HelperLostError } from './errors.ts'
import { copyMatrix, leftOf, lineAt, packedAt, resultOf, rightOf } from './copies.ts'
import { partOf, splitOf } from './parts.ts'
import type { Product } from '../product.ts'
import type { Pack } from '../pack/index.ts'
import type { Split } from './parts.ts'
import type { HelperInit } from './serve.ts'

/** A thread at work on `serve()`. */
export interface HelperThread {
  /** End it, whatever it is at. Idempotent. */
  stop(): Promise<void>
}

/** What a platform does to start one; `onEnd` is called once if it ends without having been stopped. */
export type StartHelper = (init: HelperInit, onEnd: (cause: Error) => void) => Promise<HelperThread>

export interface HelperOptions {
  /** How many, beside the thread that they help. */
  count: number
  start: StartHelper
  /** One is gone or did not start, or none can be trusted (HelperCheckError). Work goes on without. */
  onLost(error: Error): void
}

/** What helpers have done and what they take. */
export interface HelperFigures {
  /** Products that were shared out. */
  orders: number
  /** Parts of these that helpers have computed. */
  parts: number
  /** Of the memory that is shared. It grows with the largest product, and stays. */
  sizeBytes: number
}

const PAGE_BYTES = 65_536
/** As the compiled module has it (scripts/pack.ts): what would not fit is computed by one thread. */
const MOST_PAGES = 16_384
/** Looks at a word before the thread goes to sleep over it: some 20 µs. */
const LOOKS = 2000
/**
 * How long a part that a helper is at may still take. As much is left to the caller when it is begun as it takes the helper,
 * so that longer waits mean that the helper has lost its processor, or is gone.
 */
const PATIENCE_MS = 2

/** The helpers of one thread. */
export class Helpers {
  readonly #pack: Pack
  readonly #memory: WebAssembly.Memory
  readonly #control: Int32Array
  /** By their numbers; those that are gone are not among them. */
  readonly #threads = new Map<number, HelperThread>()
  /** Where operands are copied to. */
  readonly #room: number
  #order = 0
  #parts = 0

  /** Start with `startHelpers()`. */
  constructor(pack: Pack, memory: WebAssembly.Memory, room: number) {
    this.#pack = pack
    this.#memory = memory
    this.#control = controlOf(memory)
    this.#room = room
  }

  /** How many there are. */
  get count(): number {
    return this.#threads.size
  }

  get figures(): HelperFigures {
    return { orders: this.#order, parts: this.#parts, sizeBytes: this.#memory.buffer.byteLength }
  }

  /** Start one. */
  async add(module: WebAssembly.Module, helper: number, { start, onLost }: HelperOptions): Promise<void> {
    const onEnd = (cause: Error): void => {
      if (this.#threads.delete(helper)) onLost(new HelperLostError(cause))
    }
    try {
      this.#threads.set(helper, await start({ module, memory: this.#memory, helper }, onEnd))
    } catch (cause) {
      onLost(new HelperLostError(cause as Error))
    }
  }

  async stop(): Promise<void> {
    const threads = [...this.#threads.values()]
    this.#threads.clear()
    await Promise.all(threads.map((thread) => thread.stop()))
  }

  /** False where the caller is better off alone: it has computed nothing then. */
  multiply(product: Product): boolean {
    if (this.#threads.size === 0) return false
    const split = splitOf(product, this.#threads.size + 1)
    if (split == null || !this.#areIdle()) return false
    const shared = this.#place(product, split)
    if (shared == null) return false
    this.#post(shared, split)
    const { axis, own } = split
    multiplyAlone(this.#pack, partOf(product, axis, [0, own]))
    this.#collect(product, { shared, split, mine: this.#takeWhatIsLeft(product, split) })
    return true
  }

  /** Whether all have left the last order, or do so any moment. One that is late may still write where it was to. */
  #areIdle(): boolean {
    return [...this.#threads.keys()].every((helper) => this.#becomes(words.idle + helper, this.#order))
  }

  /** The helpers' share in the memory that is shared; null if it does not fit. */
  #place(product: Product, { axis, own, bounds }: Split): Product | null {
    const share = partOf(product, axis, [own, bounds[bounds.length - 1]])
    const { m, n, k } = share
    const [heapA, heapB, heapC] = [leftOf(share), rightOf(share), resultOf(share)]
    const heapBias = lineAt(share.bias ?? 0, n)
    const a = packedAt(this.#room, heapA)
    const b = packedAt(a.at + aligned(4 * m * k), heapB)
    const bias = packedAt(b.at + aligned(4 * k * n), heapBias)
    const c = packedAt(bias.at + aligned(4 * n), heapC)
    if (!this.#reaches(c.at + 4 * m * n)) return null
    const between = { from: this.#heap(), to: this.#shared() }
    copyMatrix(heapA, a, between)
    copyMatrix(heapB, b, between)
    if (heapBias.at !== 0) copyMatrix(heapBias, bias, between)
    if (share.rate != null) copyMatrix(heapC, c, between)
    const to = { c: c.at, cRow: c.row, bias: heapBias.at === 0 ? 0 : bias.at }
    return { ...share, a, b, bRows: 0, cRows: 0, ...to }
  }

  #reaches(sizeBytes: number): boolean {
    const missing = Math.ceil((sizeBytes - this.#memory.buffer.byteLength) / PAGE_BYTES)
    if (missing <= 0) return true
    try {
      this.#memory.grow(missing)
      return true
    } catch {
      // Beyond what the module may ask for, or what the machine has: one thread needs none of it.
      return false
    }
  }

  #post(shared: Product, split: Split): void {
    const control = this.#control
    const count = split.bounds.length - 1
    for (let part = 0; part < count; part++) {
      writePart(control, part, sharedPart(shared, split, part))
    }
    Atomics.store(control, words.count, count)
    Atomics.store(control, words.next, 0)
    this.#order = (this.#order + 1) | 0
    Atomics.store(control, words.order, this.#order)
    Atomics.notify(control, words.order)
  }

  /** @returns the parts that this thread has computed */
  #takeWhatIsLeft(product: Product, split: Split): Set<number> {
    const mine = new Set<number>()
    for (let part = takePart(this.#control); part >= 0; part = takePart(this.#control)) {
      multiplyAlone(this.#pack, ownPart(product, split, part))
      mine.add(part)
    }
    return mine
  }

  /** The other parts: copied as they are completed, or computed here after all. */
  #collect(
    product: Product,
    { shared, split, mine }: { shared: Product; split: Split; mine: Set<number> }
  ): void {
    for (let part = 0; part + 1 < split.bounds.length; part++) {
      if (mine.has(part)) continue
      const target = ownPart(product, split, part)
      if (!this.#isDone(part)) multiplyAlone(this.#pack, target)
      else {
        const source = resultOf(sharedPart(shared, split, part))
        copyMatrix(source, resultOf(target), { from: this.#shared(), to: this.#heap() })
        this.#parts++
      }
    }
  }

  /** Waits for a part that a helper is at. */
  #isDone(part: number): boolean {
    const at = words.done + part
    if (this.#becomes(at, this.#order)) return true
    const seen = Atomics.load(this.#control, at)
    if (seen !== this.#order) Atomics.wait(this.#control, at, seen, PATIENCE_MS)
    return Atomics.load(this.#control, at) === this.#order
  }

  /** Looks at a word for a moment. */
  #becomes(word: number, value: number): boolean {
    for (let i = 0; i < LOOKS; i++) if (Atomics.load(this.#control, word) === value) return true
    return false
  }

  #heap(): Float32Array {
    return new Float32Array(this.#pack.memory.buffer)
  }

  #shared(): Float32Array {
    return new Float32Array(this.#memory.buffer)
  }
}

/** A part in place. */
const ownPart = (product: Product, { axis, bounds }: Split, part: number): Product =>
  partOf(product, axis, [bounds[part], bounds[part + 1]])

/** The same part where helpers compute it. */
const sharedPart = (shared: Product, { axis, bounds, own }: Split, part: number): Product =>
  partOf(shared, axis, [bounds[part] - own, bounds[part + 1] - own])

/** Start helpers of a pack. Those that do not start are told by `onLost`: there may be none. */
export async function startHelpers(pack: Pack, options: HelperOptions): Promise<Helpers> {
  const bytes = runnable(pack.hasFma ? relaxed : simd)
  if (bytes == null) throw new Error('An engine that runs the kernel pack runs shared memory as well')
  const module = await WebAssembly.compile(bytes)
  const count = Math.min(options.count, MOST_HELPERS)
  const room = scratchOf(count, pack.functions.gemmScratchBytes())
  const initial = Math.ceil(room / PAGE_BYTES)
  const memory = new WebAssembly.Memory({ initial, maximum: MOST_PAGES, shared: true })
  const helpers = new Helpers(pack, memory, room)
  await Promise.all(Array.from({ length: count }, (_, helper) => helpers.add(module, helper, options)))
  return helpers
}
