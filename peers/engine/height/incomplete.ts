/**
 * Updates that turned out to be incomplete. In a butterfly a member holds a part of each update; the part that its author
 * was to reduce is with the author alone, and lost to the others if it dies. Such an update is not counted until all of
 * it can be had.
 */
import type { Update } from '../../../src/federation/records.ts'
import type { Signed } from '../../../src/federation/signed.ts'
import type { VectorPart } from '../../../src/vectors.ts'

/** A part of an update cannot be had; whoever wanted it was told to do without that update. */
export class IncompleteUpdateError extends Error {
  static override name = 'IncompleteUpdateError'

  constructor({ author }: Signed<Update>, options?: ErrorOptions) {
    super(
      `A part of the update of ${author} cannot be had: the round goes on without it until it can`,
      options
    )
    this.name = 'IncompleteUpdateError'
  }
}

export interface IncompleteUpdatesInit {
  /** Tries until it works or the height is over. */
  insist: (attempt: () => Promise<void>) => Promise<void>
  /** The height is over. */
  signal: AbortSignal
  /** Reports what fails where nobody waits. */
  background: (work: Promise<void>) => void
  /** Make a part of an update available. @throws it cannot be had */
  bring: (update: Signed<Update>, part: VectorPart) => Promise<void>
  /** Do without this update from now on. */
  onIncomplete: (update: Signed<Update>) => void
  /** All that was missing of it is here. */
  onComplete: (update: Signed<Update>) => void
}

export class IncompleteUpdates {
  readonly #init: IncompleteUpdatesInit
  /** Update → first coordinates of the parts that it lacks. */
  readonly #missing = new Map<string, Set<number>>()

  constructor(init: IncompleteUpdatesInit) {
    this.#init = init
  }

  /**
   * A part of an update for this peer to reduce in place of its owner.
   *
   * @throws {IncompleteUpdateError} it cannot be had; it is sought from now on
   */
  async bring(update: Signed<Update>, part: VectorPart): Promise<void> {
    try {
      await this.#init.bring(update, part)
    } catch (cause) {
      this.#init.signal.throwIfAborted()
      this.#init.onIncomplete(update)
      this.#seek(update, part)
      throw new IncompleteUpdateError(update, { cause })
    }
  }

  #seek(update: Signed<Update>, part: VectorPart): void {
    const key = update.cid.toString()
    const missing = this.#missing.get(key) ?? new Set()
    this.#missing.set(key, missing)
    if (missing.has(part.from)) return
    missing.add(part.from)
    this.#init.background(this.#complete(update, part, missing))
  }

  async #complete(update: Signed<Update>, part: VectorPart, missing: Set<number>): Promise<void> {
    const { bring, insist } = this.#init
    await insist(async () => await bring(update, part))
    missing.delete(part.from)
    if (missing.size === 0) this.#init.onComplete(update)
  }
}
