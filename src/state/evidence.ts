/** Proofs of equivocation that no commit carries yet: they survive a restart, or who lied might never be held to it. */
import type { StateStore, StateWrite } from './store.ts'

const EVIDENCE = 'evidence/'

/** One proof an offender, the newest replacing the one before: as opaque bytes. */
export class EvidenceLog {
  readonly #store: StateStore

  constructor(store: StateStore) {
    this.#store = store
  }

  async put(offender: string, proof: Uint8Array): Promise<void> {
    await this.#store.write([{ key: `${EVIDENCE}${offender}`, value: proof }])
  }

  async forget(offenders: readonly string[]): Promise<void> {
    const writes: StateWrite[] = offenders.map((offender) => ({ key: `${EVIDENCE}${offender}`, value: null }))
    if (writes.length > 0) await this.#store.write(writes)
  }

  /** By offender. */
  async all(): Promise<Map<string, Uint8Array>> {
    const proofs = new Map<string, Uint8Array>()
    for await (const { key, value } of this.#store.entries(EVIDENCE))
      proofs.set(key.slice(EVIDENCE.length), value)
    return proofs
  }
}
