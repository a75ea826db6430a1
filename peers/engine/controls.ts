/**
 * This peer's own control, by algorithms that keep them (src/training/controls.ts): it follows from the latest update that
 * a commit counted, and which one that is the ledger alone decides, whenever it is asked. Nothing is lost or counted twice
 * by a crash: a control is on disk before its update is announced.
 */
import { keepsControls } from '../../src/aggregation/index.ts'
import { decode } from '../../src/federation/cbor.ts'
import { commitType } from '../../src/federation/records.ts'
import { controlsAt } from '../../src/rounds/index.ts'
import { ControlLog, Ledger } from '../../src/state/index.ts'
import type { BlockExchange, Position } from './components.ts'
import type { Controls } from '../../src/training/controls.ts'
import type { MadeControl, StateStore } from '../../src/state/index.ts'
import type { Logger } from '@libp2p/interface'
import type { CID } from 'multiformats/cid'

export interface OwnControlsInit {
  /** Has the ledger, and where the controls are. */
  state: StateStore
  blocks: Pick<BlockExchange, 'putModel' | 'getModel'>
  log: Logger
}

export class OwnControls {
  readonly #init: OwnControlsInit
  readonly #ledger: Ledger
  readonly #log: ControlLog
  #made: MadeControl[] = []

  constructor(init: OwnControlsInit) {
    this.#init = init
    this.#ledger = new Ledger(init.state)
    this.#log = new ControlLog(init.state)
  }

  /** Read what there was before a restart. */
  async load(): Promise<void> {
    this.#made = await this.#log.get()
  }

  /** Vectors that may still be wanted: none of their blocks may be deleted. */
  get roots(): CID[] {
    return this.#made.map(({ control }) => control)
  }

  /** What the height after a tip begins with; null by an algorithm that keeps no controls. */
  async at({ tip, weights, moments }: Position): Promise<Controls | null> {
    if (!keepsControls(tip.manifest.training.client.name)) return null
    const { kept, since } = controlsAt(tip)
    const common = moments.subarray(moments.length - weights.length)
    const counted = await this.#settle(tip.body.height + 1)
    const own = counted == null || counted.height < since ? null : await this.#read(counted, weights.length)
    return { common, kept, own }
  }

  /** Keep what the own control is if this update counts. On disk when it resolves: only then may others see the update. */
  async keep({ control, ...of }: Omit<MadeControl, 'control'> & { control: Float32Array }): Promise<void> {
    const root = await this.#init.blocks.putModel(control)
    this.#made = await this.#log.put([...this.#made, { ...of, control: root }])
  }

  /** The latest update before `height` that was counted; what is older, or was not, is forgotten. */
  async #settle(height: number): Promise<MadeControl | null> {
    const before = this.#made.filter((one) => one.height < height)
    const isCounted = await Promise.all(before.map((one) => this.#isCounted(one)))
    const counted = before.findLast((_, i) => isCounted[i]) ?? null
    this.#made = [...(counted == null ? [] : [counted]), ...this.#made.filter((one) => one.height >= height)]
    return counted
  }

  async #isCounted({ height, update }: MadeControl): Promise<boolean> {
    const entry = await this.#ledger.get(height)
    if (entry == null) return false
    const { contributions } = decode(commitType, entry.bytes).body
    return contributions.some((one) => one.update.equals(update) && one.refused == null)
  }

  async #read({ control }: MadeControl, length: number): Promise<Float32Array | null> {
    // Nobody else has it.
    const { signal } = new AbortController()
    try {
      return await this.#init.blocks.getModel(control, length, { holders: () => [], signal })
    } catch (error) {
      // The disk has lost what it had: the common control keeps a trace of it until somebody leaves.
      this.#init.log.error("this peer's own control is lost: %s", (error as Error).message)
      return null
    }
  }
}
