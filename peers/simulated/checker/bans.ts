/** Are proofs and bans kept to? Seen from the ledger alone, with a memory of its own. */
import type { CommitBody } from '../../../src/federation/records.ts'
import type { LedgerTip } from '../../../src/rounds/index.ts'

/** What a vote in a proof says, and of whom it is. */
export interface ProvenVote {
  author: string
  height: number
  /** View and step. */
  step: string
  body: string | null
}

export interface BanWatchInit {
  liars: ReadonlySet<string>
  /** Reads a vote of a proof. */
  read: (vote: Uint8Array) => ProvenVote
}

export class BanWatch {
  readonly #init: BanWatchInit
  /** Offender → the commit that carried its latest offence, and the first that may admit it again. */
  readonly #banned = new Map<string, { since: number; until: number }>()

  constructor(init: BanWatchInit) {
    this.#init = init
  }

  /** What is wrong with the commit that follows `before`, or null. Commits come one after the other. */
  judge(before: LedgerTip, body: CommitBody): string | null {
    for (const [first, second] of body.evidence ?? []) {
      const [a, b] = [this.#init.read(first), this.#init.read(second)]
      const fault = this.#judgeProof(a, b) ?? this.#judgeOffence(a, before)
      if (fault != null) return `height ${body.height} carries evidence against ${a.author}: ${fault}`
      const until = body.height + before.manifest.membership.banRounds
      this.#banned.set(a.author, { since: body.height, until })
    }
    const early = body.roster.find(({ peer }) => body.height < (this.#banned.get(peer)?.until ?? 0))
    return early == null ? null : `height ${body.height} leaves ${early.peer}, who is banned, in the roster`
  }

  #judgeProof(a: ProvenVote, b: ProvenVote): string | null {
    if (!this.#init.liars.has(a.author)) return 'it is correct'
    const isOneStep = a.author === b.author && a.height === b.height && a.step === b.step
    return isOneStep && a.body !== b.body ? null : 'it proves nothing'
  }

  #judgeOffence({ author, height }: ProvenVote, { body }: LedgerTip): string | null {
    if (height > body.height + 1) return 'of a height to come'
    if (height <= (this.#banned.get(author)?.since ?? 0)) return 'which was carried before'
    return body.roster.some(({ peer }) => peer === author) ? null : 'who is not in the roster'
  }
}
