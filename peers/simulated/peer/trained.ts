/** Every update that was made of late, for those that check what commits count. */
import type { TrainedUpdate } from '../world.ts'

/** Heights that are remembered: nobody commits one that is further back for the first time. */
const HEIGHTS = 64

export class Trained {
  readonly #byHeight = new Map<number, Map<string, TrainedUpdate>>()

  add(trained: TrainedUpdate): void {
    const { height } = trained.update.signed.value
    const updates = this.#byHeight.get(height) ?? new Map<string, TrainedUpdate>()
    this.#byHeight.set(height, updates.set(trained.update.address, trained))
    this.#byHeight.delete(height - HEIGHTS)
  }

  get(height: number, address: string): TrainedUpdate | undefined {
    return this.#byHeight.get(height)?.get(address)
  }
}
