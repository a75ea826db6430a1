/**
 * Byzantine peers. A liar runs the same machine as everybody; its lies are made on the way out, differently for each
 * receiver if it likes. It cannot forge what others say, as it has not their keys.
 */
import { integerBelow, shuffle, uniform } from '../../../src/random.ts'
import { bytesOf } from './accused.ts'
import { addressOf } from './address.ts'
import { evidenceRecord, proposalRecord, voteRecord } from './records.ts'
import type { Answer } from './inquiry.ts'
import type { EvidenceRecord, HeightRecord, ProposalRecord, SimRecord, VoteRecord } from './records.ts'
import type { Random } from '../../../src/random.ts'
import type { CommitBody, Update } from '../../../src/federation/records.ts'

export const strategies = [
  /** Another valid proposal, and the vote for it, to every second peer. */
  'equivocate',
  /** Two votes in one step, to everybody. */
  'vote-twice',
  /** Proposes, and votes for, a model that does not follow from the updates. */
  'lie-about-aggregate',
  /** Gives its payload to every second peer only. */
  'withhold',
  /** Begins to give its payload and never ends. */
  'stall',
  /** Repeats what it or others said long ago. */
  'replay',
  /** Proposals, votes and commits that make no sense. */
  'garbage',
  /** Claims samples without measure, or sends a delta that is not finite or huge. */
  'huge-claims',
  /** Proposes something new as if a quorum had prevoted it before. */
  'unproven',
  /** Accuses others of two votes in one step that they did not cast. */
  'frame'
] as const

export type Strategy = (typeof strategies)[number]

/** Old records remembered for replays. */
const MAX_REMEMBERED = 64
/** How often a liar behaves. */
const HONESTY = 0.3

export interface LiarInit {
  strategies: readonly Strategy[]
  random: Random
  /** Shared by all liars of a simulation. */
  plot: Plot
  /** What it would take to be believed. */
  banRounds: number
}

/** What liars have agreed on: of each body that one of them proposed twofold, which half of the peers is told which. */
export type Plot = Map<string, { even: string; odd: string }>

export class Liar {
  readonly #id: string
  readonly #strategies: readonly Strategy[]
  readonly #random: Random
  readonly #memory: SimRecord[] = []
  readonly #plot: Plot
  readonly #banRounds: number
  /** Addresses of models that follow from nothing. */
  readonly #lies = new Set<string>()

  constructor(id: string, { strategies, random, plot, banRounds }: LiarInit) {
    this.#id = id
    this.#banRounds = banRounds
    this.#plot = plot
    this.#strategies = strategies
    this.#random = random
  }

  /** What it sends to peer `to` instead of a record of its own. */
  tell(record: SimRecord, to: number, heard: ReadonlyMap<string, HeightRecord>): SimRecord[] {
    this.#remember(record)
    const strategy = this.#strategies[integerBelow(this.#random, this.#strategies.length)]
    if (uniform(this.#random) < HONESTY || (record.kind !== 'vote' && record.kind !== 'proposal'))
      return [record]
    switch (strategy) {
      case 'equivocate':
        return [this.#twofold(record, to % 2 === 0)]
      case 'lie-about-aggregate':
        return [record.kind === 'vote' ? this.#otherVote(record) : this.#lie(record)]
      case 'vote-twice':
        return record.kind === 'vote' ? [record, this.#otherVote(record)] : [record]
      case 'replay':
        return [this.#memory[integerBelow(this.#random, this.#memory.length)], record]
      case 'garbage':
        return [garbage(record, this.#random)]
      case 'unproven':
        return [record.kind === 'proposal' ? this.#unproven(record) : record]
      case 'frame':
        return this.#frame(record, [...heard.values()])
      case 'withhold':
      case 'stall':
      case 'huge-claims':
        return [record]
    }
  }

  /** Does it give its payloads to peer `to`? */
  serves(to: number): boolean {
    if (this.#strategies.includes('stall')) return false
    return !this.#strategies.includes('withhold') || to % 2 === 0
  }

  /** What it gives as the model that it has lied about. */
  lie(address: string): Float32Array | undefined {
    return this.#lies.has(address) ? new Float32Array() : undefined
  }

  /** What it says it has trained. */
  train(update: Update, delta: Float32Array): { update: Update; delta: Float32Array } {
    if (!this.#strategies.includes('huge-claims')) return { update, delta }
    const factor = [1, 1, 1e30, NaN, Infinity][integerBelow(this.#random, 5)]
    const wild = factor === 1 ? delta : delta.map((value) => value * factor)
    return { update: { ...update, samples: 1e12, payload: addressOf(wild) }, delta: wild }
  }

  /** What it answers to who asks to catch up. */
  answer(answer: Answer): Answer {
    if (!this.#strategies.includes('garbage') || uniform(this.#random) < HONESTY) return answer
    const forged = answer.commits.map((commit) => {
      const body = { ...commit.body, time: commit.body.time + 7 }
      const cid = addressOf(body)
      const votes = commit.votes.map((vote) => ({ ...vote, from: this.#id, body: cid.toString() }))
      return { ...commit, body, cid, address: cid.toString(), votes }
    })
    return { ...answer, commits: forged }
  }

  #remember(record: SimRecord): void {
    if (this.#memory.length < MAX_REMEMBERED) this.#memory.push(record)
    else this.#memory[integerBelow(this.#random, MAX_REMEMBERED)] = record
  }

  /** One half is told of one valid body, the other half of another. */
  #twofold(record: ProposalRecord | VoteRecord, isEven: boolean): SimRecord {
    if (record.kind === 'vote') {
      const pair = record.body == null ? undefined : this.#plot.get(record.body)
      if (pair == null) return isEven ? record : this.#otherVote(record)
      return voteRecord(this.#id, { ...record, body: isEven ? pair.even : pair.odd })
    }
    const variant = this.#variant(record, { ...record.body, time: record.body.time + 1 })
    const pair = { even: record.address, odd: variant.address }
    this.#plot.set(pair.even, pair).set(pair.odd, pair)
    return isEven ? record : variant
  }

  #lie(record: ProposalRecord): ProposalRecord {
    const model = addressOf(`lie ${record.height}`)
    this.#lies.add(model.toString())
    const lie = this.#variant(record, { ...record.body, model })
    this.#plot.set(record.address, { even: lie.address, odd: lie.address })
    return lie
  }

  #variant(record: ProposalRecord, body: CommitBody): ProposalRecord {
    return proposalRecord(this.#id, { ...record, body, address: addressOf(body).toString() })
  }

  /** For what another half was told, or for nil, or for something that is known. */
  #otherVote(record: VoteRecord): VoteRecord {
    const pair = record.body == null ? undefined : this.#plot.get(record.body)
    const known = [...this.#plot.keys()].at(-1) ?? null
    const body =
      pair == null ? (record.body == null ? known : null) : pair.odd === record.body ? pair.even : pair.odd
    return voteRecord(this.#id, { ...record, body })
  }

  /** A proof that proves nothing, or one that a commit has carried long ago; at times in a commit body. */
  #frame(record: ProposalRecord | VoteRecord, heard: readonly HeightRecord[]): SimRecord[] {
    const others = heard.filter(({ from }) => from !== this.#id && from !== record.from)
    if (others.length === 0) return [record]
    const known = this.#memory.filter((one) => one.kind === 'evidence')
    const isOld = known.length > 0 && uniform(this.#random) < 0.5
    const proof = isOld ? this.#pick(known) : this.#falseProof(record, this.#pick(others).from, others)
    return record.kind === 'vote' ? [record, proof] : [this.#accusing(record, proof)]
  }

  /** Two votes of one member that do not contradict each other, or of which it cast one or none. */
  #falseProof(
    { height, view }: ProposalRecord | VoteRecord,
    victim: string,
    heard: readonly HeightRecord[]
  ): EvidenceRecord {
    const forged = [null, 'nonsense'].map((body) =>
      voteRecord(victim, { height, view, vote: 'prevote', body })
    )
    const cast = heard.filter((one): one is VoteRecord => one.kind === 'vote' && one.from === victim)
    const isHalfTrue = uniform(this.#random) < 0.3
    const [first, second] = shuffle(cast, this.#random).slice(0, isHalfTrue ? 1 : 2)
    return evidenceRecord(this.#id, [first ?? forged[0], second ?? forged[1]])
  }

  #pick<T>(among: readonly T[]): T {
    return among[integerBelow(this.#random, among.length)]
  }

  /** All that follows from the proof follows, but it proves nothing. */
  #accusing(record: ProposalRecord, proof: EvidenceRecord): ProposalRecord {
    const { body } = record
    if (body.evidence != null || body.bans != null) return record
    const [{ from: peer }] = proof.votes
    const bans = [{ peer, since: body.height, until: body.height + this.#banRounds }]
    const roster = body.roster.filter((entry) => entry.peer !== peer)
    const accusing = { ...body, roster, evidence: [bytesOf(proof.votes)], bans }
    return this.#variant({ ...record, evidence: [proof] }, accusing)
  }

  #unproven(record: ProposalRecord): ProposalRecord {
    if (record.view === 0) return record
    const body = { ...record.body, time: record.body.time + 1 + record.view }
    return this.#variant({ ...record, validView: record.view - 1 }, body)
  }
}

function garbage(record: ProposalRecord | VoteRecord, random: Random): SimRecord {
  const view = [record.view, record.view + 1000, 1e9, record.view + 1][integerBelow(random, 4)]
  if (record.kind === 'vote') return voteRecord(record.from, { ...record, view, body: 'nonsense' })
  const wrong: Partial<CommitBody>[] = [
    { height: record.body.height + 1 },
    { contributions: [] },
    { roster: [] },
    { time: -1 },
    { evaluation: { samples: 1e9 } }
  ]
  const body = { ...record.body, ...wrong[integerBelow(random, wrong.length)] }
  return proposalRecord(record.from, { ...record, view, body, address: addressOf(body).toString() })
}
