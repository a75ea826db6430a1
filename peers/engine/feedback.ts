/**
 * Error feedback (Karimireddy et al. 2019, Algorithm 2): what the codec left out of one update is added to the next.
 *
 * What an update leaves out takes effect when a commit counts that update. One that came too late, or was refused, never
 * was: what is left out stays what it was before (a client that does not take part in a round keeps its error, Li & Li
 * 2022). The ledger alone decides which of both it is, whenever it is asked: nothing is lost by a crash in between.
 */
import { isFinite, leaveOut } from '../../src/codecs/index.ts'
import { Ledger, ResidualLog } from '../../src/state/index.ts'
import { floatsFromBytes, floatsToBytes } from '../../src/vectors.ts'
import { isCounted } from './counted.ts'
import type { BlockExchange } from './components.ts'
import type { Codec } from '../../src/codecs/index.ts'
import type { Residuals, StateStore } from '../../src/state/index.ts'
import type { Logger } from '@libp2p/interface'
import type { CID } from 'multiformats/cid'

/** Values worked on at a time. */
const STRETCH = 65_536

/** An update that is about to be announced. */
export interface MadeUpdate {
  height: number
  update: CID
  codec: Codec
  /** What was to be sent; changed here to what is left of it. */
  delta: Float32Array
  payload: Uint8Array
}

export interface ErrorFeedbackInit {
  /** Has the ledger, and where the residuals are. */
  state: StateStore
  blocks: Pick<BlockExchange, 'putPayload' | 'getPayload'>
  log: Logger
}

export class ErrorFeedback {
  readonly #init: ErrorFeedbackInit
  readonly #ledger: Ledger
  readonly #log: ResidualLog
  #residuals: Residuals = { settled: null, sent: [] }

  constructor(init: ErrorFeedbackInit) {
    this.#init = init
    this.#ledger = new Ledger(init.state)
    this.#log = new ResidualLog(init.state)
  }

  /** Read what there was before a restart. */
  async load(): Promise<void> {
    this.#residuals = await this.#log.get()
  }

  /** Vectors that may still be wanted: none of their blocks may be deleted. */
  get roots(): CID[] {
    const { settled, sent } = this.#residuals
    return [...(settled == null ? [] : [settled]), ...sent.map(({ residual }) => residual)]
  }

  /** What is to be sent at a height: the trained delta, and what earlier updates left out. A new vector. */
  async carry(delta: Float32Array, height: number): Promise<Float32Array> {
    await this.#settle(height)
    const { settled } = this.#residuals
    const sum = delta.slice()
    if (settled == null || !isFinite(delta)) return sum
    try {
      await this.#add(settled, sum)
      return sum
    } catch (error) {
      // It may be lost with the power: then this peer goes on as one that has just joined.
      this.#init.log.error('what earlier updates left out is lost: %s', (error as Error).message)
      this.#residuals = { ...this.#residuals, settled: null }
      return delta.slice()
    }
  }

  /** Keep what this update leaves out. On disk when it resolves: only then may others see the update. */
  async keep({ height, update, codec, delta, payload }: MadeUpdate): Promise<void> {
    if (!(await leaveOut(codec, payload, delta))) return
    const residual = await this.#init.blocks.putPayload(floatsToBytes(delta))
    const sent = [...this.#residuals.sent, { height, update, residual }]
    this.#residuals = await this.#log.put({ ...this.#residuals, sent })
  }

  /** Which of the updates before `height` were counted? */
  async #settle(height: number): Promise<void> {
    let { settled } = this.#residuals
    for (const one of this.#residuals.sent) {
      if (one.height < height && (await isCounted(this.#ledger, one))) settled = one.residual
    }
    const sent = this.#residuals.sent.filter((one) => one.height >= height)
    this.#residuals = { settled, sent }
  }

  async #add(root: CID, sum: Float32Array): Promise<void> {
    // Nobody else has it.
    const { signal } = new AbortController()
    const read = await this.#init.blocks.getPayload(root, sum.byteLength, { holders: () => [], signal })
    for (let start = 0; start < sum.length; start += STRETCH) {
      const part = sum.subarray(start, start + STRETCH)
      const bytes = await read(part.byteOffset - sum.byteOffset, part.byteLength)
      const before = floatsFromBytes(bytes)
      for (let i = 0; i < part.length; i++) part[i] += before[i]
    }
  }
}
