/**
 * The vocabulary of the round machine: what happens to it (events), what it wants done (effects), what it remembers.
 *
 * Addresses are CIDs in text form, peers are peer ids in text form, times are milliseconds of any monotone clock.
 */

/** What the manifest and the peer's operator fix for all rounds. */
export interface RoundConfig {
  faultModel: 'crash' | 'byzantine'
  minContributors: number
  deadline: { floorMs: number; ceilingMs: number; factor: number }
  /** First time-outs of a view; they grow by half with each further view. */
  proposeMs: number
  voteMs: number
}

/** What is fixed for one height by the commit before it. */
export interface Height {
  height: number
  /** The training round that a commit of this height completes (in `membership` mode: the last completed one). */
  round: number
  /** The previous commit. */
  previous: string
  /** Who votes; ascending. */
  roster: readonly string[]
  /** Who proposes in view 0, 1, 2, …; a permutation of the roster. */
  proposers: readonly string[]
  /** Who missed nothing of late, as far as the ledger says; a subset of the roster. */
  present: readonly string[]
  /** Who trains; a subset of the roster, empty in `membership` mode. */
  cohort: readonly string[]
  /** So many members fetch the updates and recompute what is proposed (see committee.ts); absent: all of the roster. */
  committee?: number
  /** `train`: a commit needs updates. `membership`: it may only change who is a member. */
  mode: 'train' | 'membership'
}

/**
 * `idle`: nothing to agree on yet. `collect`: updates come in. `propose`, `prevote`, `precommit`: Tendermint's steps.
 * `done`: decided; waits for the next height.
 */
export type Step = 'idle' | 'collect' | 'propose' | 'prevote' | 'precommit' | 'done'

export type VoteKind = 'prevote' | 'precommit'

/** An update whose payload is here and was checked. `accepted` is false when a commit must record a refusal. */
export interface KnownUpdate {
  update: string
  accepted: boolean
  /** True where only its record is here, as this peer is on no committee. */
  announced?: boolean
}

export interface KnownProposal {
  body: string
  validView: number
  /** The body gives the round up: too few updates came for it. */
  lapses?: boolean
}

/** A body together with the view it was locked, or seen valid, in. */
export interface BodyInView {
  body: string
  view: number
}

export type VotesByView = ReadonlyMap<number, ReadonlyMap<string, string | null>>

export interface RoundState {
  readonly config: RoundConfig
  readonly self: string
  readonly height: Height
  readonly step: Step
  readonly startedAt: number
  readonly view: number
  readonly locked: BodyInView | null
  readonly valid: BodyInView | null
  /** Author → its first complete update of this height. */
  readonly updates: ReadonlyMap<string, KnownUpdate>
  /** When more than half of the cohort's updates were in; null before. */
  readonly majorityAt: number | null
  /** When the latest update was completed. */
  readonly lastUpdateAt: number
  readonly deadlinePassed: boolean
  readonly connected: ReadonlySet<string>
  /** Members whose connection ended, and that were neither connected nor heard since → the height at which it did. */
  readonly lost: ReadonlyMap<string, number>
  /** Members that take part as far as one hears, if only by others. */
  readonly relayed: ReadonlySet<string>
  /** True when there are admissions or revocations to commit. False at the begin of a height: to be told anew. */
  readonly pending: boolean
  readonly proposals: ReadonlyMap<number, KnownProposal>
  /** Body → whether it recomputes; absent while unknown. */
  readonly verdicts: ReadonlyMap<string, boolean>
  readonly prevotes: VotesByView
  readonly precommits: VotesByView
  /** Step, view and body → members that voted so after they had voted otherwise in that step. */
  readonly secondVotes: ReadonlyMap<string, ReadonlySet<string>>
  /** Things that happen once a height, e.g. `check:<body>` or `prevote-timer:2`, unless forgotten. */
  readonly once: ReadonlySet<string>
  /** How long recent heights took to collect, newest last. */
  readonly collectMs: readonly number[]
}

export type RoundEvent =
  /** The previous commit is applied: begin the next height. Carries what a restarted peer had voted. */
  | { type: 'height'; height: Height; now: number; resume?: Resume }
  /** An update is complete: its payload is here and was checked. Or it is announced, and may be completed later. */
  | { type: 'update'; author: string; update: KnownUpdate; now: number }
  /** A complete update turned out not to be: what of it others hold cannot be had. It may be complete again later. */
  | { type: 'unavailable'; author: string; update: string; now: number }
  | { type: 'connected'; peers: ReadonlySet<string>; now: number }
  | { type: 'pending'; pending: boolean; now: number }
  /** A proposal with a valid signature by `from`. */
  | { type: 'proposal'; from: string; view: number; proposal: KnownProposal; now: number }
  /** The answer to a `check` effect. */
  | { type: 'checked'; body: string; valid: boolean; now: number }
  /** The answer to a `build` effect. */
  | { type: 'built'; view: number; body: string; now: number }
  /** A vote with a valid signature by `from`; our own come back this way once they are on disk. */
  | { type: 'vote'; from: string; view: number; kind: VoteKind; body: string | null; now: number }
  | { type: 'timer'; id: string; now: number }

/** What a peer that restarts in the middle of a height knows of its own past. */
export interface Resume {
  view: number
  locked: BodyInView | null
  valid: BodyInView | null
  votes: readonly { view: number; kind: VoteKind; body: string | null }[]
}

export type RoundEffect =
  | { type: 'train'; round: number }
  /** Make a commit body from these updates; answer with `built`. */
  | { type: 'build'; view: number; updates: readonly string[] }
  /** The collection is closed: results from these updates will be wanted soon. */
  | { type: 'prepare'; updates: readonly string[] }
  /** Sign and send a proposal. */
  | { type: 'propose'; view: number; body: string; validView: number }
  /**
   * Recompute a proposed body; answer with `checked`. `attested`: those whose task it is have done so; take from them what
   * follows from the updates.
   */
  | { type: 'check'; body: string; attested?: true }
  /** Write the vote (and lock) to disk, then sign and send it, then answer with `vote`. */
  | {
      type: 'vote'
      view: number
      kind: VoteKind
      body: string | null
      locked: BodyInView | null
      valid: BodyInView | null
    }
  | { type: 'timer'; id: string; afterMs: number }
  | { type: 'view'; view: number }
  /** A quorum precommitted `body` in `view`. */
  | { type: 'commit'; body: string; view: number }
  /** A peer signed two different votes for one step: proof of a fault. */
  | { type: 'evidence'; from: string; view: number; kind: VoteKind }

export interface StepResult {
  state: RoundState
  effects: RoundEffect[]
}
