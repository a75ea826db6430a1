/**
 * Finding members of whom nobody told where they are: the ledger names everybody, but says of nobody where it is. What
 * others tell on being connected was true at that moment, and what newcomers tell of themselves may come late where
 * messages have to be passed on. So whoever lacks an address asks those that it is connected to.
 */
import type { Clock } from '../../engine/components.ts'
import type { Links } from './links.ts'
import type { Admission } from '../../../protocols/admission/index.ts'
import type { Logger } from '@libp2p/interface'

/** Members asked at a time: each of them was asked by newcomers as well, and any may know. */
const ASKED_AT_ONCE = 3
/** Until others are asked, if nobody knew; twice as long after each time. */
const FIRST_PAUSE_MS = 500
/** Somebody whom nobody knows is gone, or comes back by itself. */
const LAST_PAUSE_MS = 60_000

export interface InquiryInit {
  admission: Pick<Admission, 'members' | 'ask'>
  links: Pick<Links, 'unplaced' | 'hear'>
  clock: Pick<Clock, 'setTimer'>
  log: Logger
}

export class Inquiry {
  readonly #init: InquiryInit
  /** Of the members connected, whose turn it is. */
  #turn = 0
  #pauseMs = FIRST_PAUSE_MS
  #cancel: (() => void) | null = null
  #stopped = false

  constructor(init: InquiryInit) {
    this.#init = init
  }

  /** Somebody may be lacking whom others know: ask at once, and again as long as somebody is. */
  begin(): void {
    this.#pauseMs = FIRST_PAUSE_MS
    this.#ask()
  }

  stop(): void {
    this.#stopped = true
    this.#cancel?.()
  }

  #ask(): void {
    this.#cancel?.()
    if (this.#stopped || this.#init.links.unplaced().length === 0) return
    for (const peerId of this.#next()) void this.#askOne(peerId)
    this.#cancel = this.#init.clock.setTimer(this.#pauseMs, () => this.#ask())
    this.#pauseMs = Math.min(LAST_PAUSE_MS, 2 * this.#pauseMs)
  }

  /** Each time others, if there are: those connected for longest first, who led this peer here. */
  #next(): string[] {
    const members = this.#init.admission.members().map(({ peerId }) => peerId.toString())
    const count = Math.min(ASKED_AT_ONCE, members.length)
    const next = Array.from({ length: count }, (_, i) => members[(this.#turn + i) % members.length])
    this.#turn = members.length <= count ? 0 : (this.#turn + count) % members.length
    return next
  }

  async #askOne(peerId: string): Promise<void> {
    const { admission, links, log } = this.#init
    try {
      const known = await admission.ask(peerId)
      if (!this.#stopped) for (const peer of known) links.hear(peer.peerId, peer.addresses)
    } catch (error) {
      log('%s could not be asked whom it knows: %s', peerId, (error as Error).message)
    }
  }
}
