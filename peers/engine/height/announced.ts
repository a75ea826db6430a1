/**
 * The updates that were announced at a height. Who is on a committee makes them complete, fetched and judged; the others
 * note that they are there (src/rounds/committee.ts).
 */
import { isOnCommittee } from '../../../src/rounds/index.ts'
import type { HeldUpdate } from '../components.ts'
import type { Update } from '../../../src/federation/records.ts'
import type { Signed } from '../../../src/federation/signed.ts'
import type { Height, KnownUpdate } from '../../../src/rounds/index.ts'
import type { UpdatePool } from './updates.ts'

export interface AnnouncedInit {
  self: string
  height: Pick<Height, 'proposers' | 'committee'>
  updates: Pick<UpdatePool, 'hold' | 'judgeClaims'>
  /** Tries until it works or the height is over. */
  insist: (attempt: () => Promise<HeldUpdate>) => Promise<HeldUpdate>
  background: (work: Promise<void>) => void
  /** It is complete. */
  onHeld: (held: HeldUpdate) => void
  onKnown: (author: string, update: KnownUpdate) => void
}

export class Announced {
  readonly #init: AnnouncedInit
  readonly #byAddress = new Map<string, Signed<Update>>()
  /** Those that are to be fetched if this peer comes on a committee. */
  readonly #noted = new Set<Signed<Update>>()
  #isGathering: boolean

  constructor(init: AnnouncedInit) {
    this.#init = init
    this.#isGathering = isOnCommittee(init.height, init.self, 0)
  }

  /** Those of these addresses that were announced here. */
  signed(updates: readonly string[]): Signed<Update>[] {
    return updates.flatMap((address) => this.#byAddress.get(address) ?? [])
  }

  /** What is here without fetching, its own or in the record, everybody completes. */
  hear(signed: Signed<Update>): void {
    this.#byAddress.set(signed.cid.toString(), signed)
    const isHere = signed.author === this.#init.self || signed.value.payload instanceof Uint8Array
    if (this.#isGathering || isHere) this.#init.background(this.#hold(signed))
    else this.#note(signed)
  }

  /** This peer is in that view now. */
  entered(view: number): void {
    if (this.#isGathering || !isOnCommittee(this.#init.height, this.#init.self, view)) return
    this.#isGathering = true
    for (const signed of this.#noted) this.#init.background(this.#hold(signed))
  }

  #note(signed: Signed<Update>): void {
    this.#noted.add(signed)
    const accepted = this.#init.updates.judgeClaims(signed.value) == null
    this.#tell(signed, { accepted, announced: true })
  }

  async #hold(signed: Signed<Update>): Promise<void> {
    const held = await this.#init.insist(() => this.#init.updates.hold(signed))
    this.#init.onHeld(held)
    this.#tell(signed, { accepted: held.refused == null })
  }

  #tell({ author, cid }: Signed<Update>, known: Omit<KnownUpdate, 'update'>): void {
    this.#init.onKnown(author, { update: cid.toString(), ...known })
  }
}
