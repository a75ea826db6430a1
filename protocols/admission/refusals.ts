/** Refusals remembered, so that a peer that was refused, or refused us, is left alone for a while. */
import { FIRST_BACKOFF_MS, LAST_BACKOFF_MS, MAX_REFUSALS } from './constants.ts'
import type { Refusal } from '../common/refusal.ts'

interface Remembered extends Refusal {
  local: boolean
  /** Refusals in a row. */
  count: number
  untilMs: number
}

export class Refusals {
  readonly #nowMs: () => number
  /** By peer id, the latest last. */
  readonly #refusals = new Map<string, Remembered>()

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  add(peerId: string, { code, message }: Refusal, local: boolean): void {
    const count = (this.#refusals.get(peerId)?.count ?? 0) + 1
    const backoffMs = Math.min(LAST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** (count - 1))
    this.#refusals.delete(peerId)
    this.#refusals.set(peerId, { code, message, local, count, untilMs: this.#nowMs() + backoffMs })
    if (this.#refusals.size > MAX_REFUSALS) this.#forgetOldest()
  }

  get(peerId: string): (Refusal & { local: boolean }) | undefined {
    const found = this.#refusals.get(peerId)
    return found && { code: found.code, message: found.message, local: found.local }
  }

  backoffMs(peerId: string): number {
    return Math.max(0, (this.#refusals.get(peerId)?.untilMs ?? 0) - this.#nowMs())
  }

  /** The peer was admitted after all. */
  forget(peerId: string): void {
    this.#refusals.delete(peerId)
  }

  #forgetOldest(): void {
    const [oldest] = this.#refusals.keys()
    this.#refusals.delete(oldest)
  }
}
