/** Rules taken away one at a time: each must be missed by the histories. */
import type { Strategy } from '../../../peers/simulated/index.ts'

export interface Mutant {
  name: string
  /** What it takes away. */
  what: string
  file: string
  /** A passage that occurs once, and what stands in its place. */
  from: string
  to: string
  /** What the replacement needs imported. */
  header?: string
  /** Where only this fault model can tell. */
  faultModel?: 'crash' | 'byzantine'
  /** Where only some members at a time fetch the updates. */
  committees?: true
  /** All liars do this, rather than what they drew. */
  strategies?: Strategy[]
  /** Default: thin peers. */
  layer?: 'engines'
  /** A seed shortly before the first that tells, as it was when this was written: where a quick look begins. */
  near?: number
}

export const mutants: Mutant[] = [
  {
    name: 'no-lock',
    what: 'prevotes whatever is valid, locked or not',
    file: 'src/rounds/agree.ts',
    from: 'valid && allowedByLock(state, proposal) ? proposal.body : null',
    to: 'valid ? proposal.body : null'
  },
  {
    name: 'unlock-without-proof',
    what: 'a re-proposal needs no quorum of prevotes',
    file: 'src/rounds/agree.ts',
    from: "return proposal.validView < state.view && hasQuorum(state, 'prevote', proposal.validView, proposal.body)",
    to: 'return true',
    faultModel: 'byzantine'
  },
  {
    name: 'no-lapse',
    what: 'waits for ever for the updates of the dead',
    file: 'src/rounds/updates.ts',
    from: 'const isOver = ',
    to: 'const isOver = false && ',
    faultModel: 'crash'
  },
  {
    name: 'vote-before-sync',
    what: 'a vote is sent while it is being written',
    file: 'peers/simulated/peer/peer.ts',
    from: `    this.store.say(height, said, () => {
      if (height === this.height) this.#announceVote({ view, kind, body })
    })`,
    to: `    this.store.say(height, said, () => {})
    this.#announceVote({ view, kind, body })`
  },
  {
    name: 'commit-before-sync',
    what: 'goes on from a commit that is not on disk',
    file: 'peers/simulated/peer/store.ts',
    from: `    this.#put(writes, () => {
      if (this.#ledger.length === height - 1) this.#ledger.push(commit)
      done()
    })`,
    to: `    this.#put(writes, () => {})
    if (this.#ledger.length === height - 1) this.#ledger.push(commit)
    done()`
  },
  {
    name: 'no-recomputation',
    near: 525,
    what: 'voters believe the proposer',
    file: 'peers/simulated/peer/desk.ts',
    from: `this.#verdict(address, made.address === address)`,
    to: `this.#made.set(address, { ...made, body: proposal.body, cid: CID.parse(address), address })
      this.#verdict(address, true)`,
    header: "import { CID } from 'multiformats/cid'",
    faultModel: 'byzantine'
  },
  {
    name: 'lower-quorum',
    near: 10,
    what: 'one vote less is enough',
    file: 'src/rounds/quorum.ts',
    from: "return faultModel === 'crash' ? Math.floor(members / 2) + 1 : Math.floor((2 * members) / 3) + 1",
    to: "return faultModel === 'crash' ? Math.max(1, Math.floor(members / 2)) : Math.floor((2 * members) / 3)"
  },
  {
    name: 'crash-quorum-for-liars',
    what: 'a simple majority under byzantine',
    file: 'src/rounds/quorum.ts',
    from: ': Math.floor((2 * members) / 3) + 1',
    to: ': Math.floor(members / 2) + 1',
    faultModel: 'byzantine'
  },
  {
    name: 'votes-forgotten',
    what: 'a restarted peer does not know what it voted',
    file: 'peers/simulated/peer/peer.ts',
    from: 'const said = this.store.said(this.height)',
    to: 'const said = this.life > 0 ? undefined : this.store.said(this.height)'
  },
  {
    name: 'resume-without-lock',
    what: 'a restarted peer knows its votes, but not its lock',
    file: 'src/rounds/machine.ts',
    from: 'state.locked = resume.locked',
    to: ''
  },
  {
    name: 'no-valid-value',
    what: 'a proposer never proposes again what a quorum prevoted',
    file: 'src/rounds/agree.ts',
    from: 'const again = valid != null && state.verdicts.get(valid.body) === true ? valid : null',
    to: 'const again = valid != null && view < 0 ? valid : null'
  },
  {
    name: 'no-precommit-timeout',
    what: 'a divided precommit never ends a view',
    file: 'src/rounds/agree.ts',
    from: "|| scheduleTimeout(draft, 'precommit')",
    to: ''
  },
  {
    name: 'no-propose-timeout',
    what: 'waits for a dead proposer for ever',
    file: 'src/rounds/agree.ts',
    from: "if (kind === 'propose' && state.step === 'propose') vote(draft, 'prevote', null)\n  else if",
    to: 'if'
  },
  {
    name: 'lock-without-quorum',
    what: 'precommits on the first prevote',
    file: 'src/rounds/agree.ts',
    from: "if (!hasQuorum(state, 'prevote', state.view, body) || !firstTime",
    to: 'if (!firstTime'
  },
  {
    name: 'proof-forgotten',
    what: 'what a lock rests on is lost at a restart',
    file: 'peers/simulated/peer/peer.ts',
    from: '[...new Set([...(before?.proof ?? []), ...proof])]',
    to: 'proof.slice(0, 0)'
  },
  {
    name: 'payload-forgotten',
    what: 'the payloads behind a lock are lost at a restart',
    file: 'peers/simulated/peer/peer.ts',
    from: 'rests.length === 0 ? new Map<string, Float32Array>() : this.desk.payloads',
    to: 'new Map<string, Float32Array>()'
  },
  {
    name: 'author-only',
    what: 'a payload is asked of its author alone',
    file: 'peers/simulated/simulation.ts',
    from: 'const isAuthorHere = attempt === 0 && ',
    to: 'const isAuthorHere = ',
    faultModel: 'byzantine',
    strategies: ['withhold']
  },
  {
    name: 'second-votes-ignored',
    what: "of a liar's two votes only the first counts",
    file: 'src/rounds/votes.ts',
    from: 'let count = state.secondVotes.get(secondKey({ kind, view, body }))?.size ?? 0',
    to: 'let count = 0',
    faultModel: 'byzantine'
  },
  {
    name: 'commits-unproven',
    what: 'commits of others are believed without votes',
    file: 'peers/simulated/peer/inquiry.ts',
    from: 'return voters.size >= quorumSize(height.roster.length, world.federation.config.faultModel)',
    to: 'return voters.size >= 0',
    faultModel: 'byzantine'
  },
  {
    name: 'evidence-unsigned',
    what: 'whose votes they are in a proof is not looked at',
    file: 'peers/simulated/peer/accused.ts',
    from: '!isSigned || contradiction',
    to: 'contradiction',
    faultModel: 'byzantine',
    strategies: ['frame']
  },
  {
    name: 'evidence-of-two-steps',
    what: 'a prevote and a precommit contradict each other',
    file: 'src/rounds/evidence.ts',
    from: "if (a.kind !== b.kind) return 'the votes are of two steps'",
    to: '',
    faultModel: 'byzantine',
    strategies: ['frame']
  },
  {
    name: 'evidence-of-two-views',
    what: 'votes of two views contradict each other',
    file: 'src/rounds/evidence.ts',
    from: "if (a.view !== b.view) return 'the votes are of two views'",
    to: '',
    faultModel: 'byzantine',
    strategies: ['frame']
  },
  {
    name: 'evidence-believed',
    near: 445,
    what: 'voters believe the proofs in a proposal',
    file: 'peers/simulated/peer/desk.ts',
    from: 'const offences = selectOffences(position.tip, accused.proven(evidence))',
    to: `const offences = evidence.map(({ votes }) => ({
        offender: votes[0].from,
        height: votes[0].height,
        view: votes[0].view,
        kind: votes[0].vote,
        votes: bytesOf(votes)
      }))`,
    header: "import { bytesOf } from './accused.ts'",
    faultModel: 'byzantine',
    strategies: ['frame']
  },
  {
    name: 'evidence-never-carried',
    what: 'no proposer puts evidence into a body',
    file: 'peers/simulated/peer/peer.ts',
    from: 'changeOf([...this.joins].sort(), this.accused.offences(tip))',
    to: 'changeOf([...this.joins].sort())',
    faultModel: 'byzantine'
  },
  {
    name: 'evidence-carried-again',
    what: 'an offence is paid for twice',
    file: 'src/rounds/evidence.ts',
    from: 'if (ban != null && height <= ban.since) return `${offender} is banned for it already`',
    to: '',
    faultModel: 'byzantine',
    strategies: ['vote-twice', 'frame']
  },
  {
    name: 'ban-without-effect',
    what: 'who is banned stays in the roster',
    file: 'src/rounds/body.ts',
    from: 'return roster.filter(({ peer }) => !banned.has(peer))',
    to: 'return roster.filter(({ peer }) => banned.has(peer) || !banned.has(peer))',
    faultModel: 'byzantine'
  },
  {
    name: 'ban-ends-at-once',
    what: 'who is banned may come back with the next commit',
    file: 'src/rounds/evidence.ts',
    from: 'const until = since + manifest.membership.banRounds',
    to: 'const until = since + 1',
    faultModel: 'byzantine',
    strategies: ['vote-twice']
  },
  {
    name: 'proposer-believed',
    near: 35,
    what: 'who is on no committee believes the proposer',
    file: 'src/rounds/agree.ts',
    from: '(!gathers(state, view) || view < state.view) && isAttested(state, body)',
    to: '!gathers(state, view) || (view < state.view && isAttested(state, body))',
    faultModel: 'byzantine',
    committees: true,
    strategies: ['lie-about-aggregate']
  },
  {
    name: 'one-of-committee-believed',
    near: 65,
    what: 'one vote of a committee stands for all of it',
    file: 'src/rounds/committee.ts',
    from: 'if (whose.length >= quorumSize(committee, faultModel)) return true',
    to: 'if (whose.length > 0) return true',
    faultModel: 'byzantine',
    committees: true,
    strategies: ['lie-about-aggregate']
  },
  {
    name: 'any-vote-believed',
    what: 'one vote of anybody stands for one that has made sure',
    file: 'src/rounds/committee.ts',
    from: 'if (voters.length >= oneCorrect(roster.length, faultModel)) return true',
    to: 'if (voters.length > 0) return true',
    faultModel: 'byzantine',
    committees: true,
    strategies: ['lie-about-aggregate']
  },
  {
    name: 'committee-of-first-view',
    what: 'in every view the votes of the first committee are looked at',
    file: 'src/rounds/committee.ts',
    from: 'voters.filter((peer) => isOnCommittee(state.height, peer, view))',
    to: 'voters.filter((peer) => isOnCommittee(state.height, peer, 0))',
    committees: true
  },
  {
    name: 'committee-waited-for',
    what: 'who is on no committee waits for a dead one for ever',
    file: 'src/rounds/collect.ts',
    from: 'return state.deadlinePassed || (isGathering && isComplete(state))',
    to: 'return isGathering && (state.deadlinePassed || isComplete(state))',
    committees: true
  },
  {
    name: 'committee-comes-empty-handed',
    what: 'who comes on a committee does not fetch what was announced before',
    file: 'peers/simulated/peer/peer.ts',
    from: "if (record.kind === 'update') this.desk.hold(record.update)\n  }",
    to: 'void record\n  }',
    committees: true
  },
  {
    name: 'lapse-not-believed',
    what: 'who is on no committee gives no round up for which enough was announced',
    file: 'src/rounds/agree.ts',
    from: 'validView === -1 && gathers(state) && !mayLapse(state)',
    to: 'validView === -1 && !mayLapse(state)',
    committees: true
  }
]

/** The same for the engine's own code, which only the slow histories run. */
export const engineMutants: Mutant[] = [
  {
    name: 'engine-vote-before-sync',
    what: 'a vote is signed and sent while it is being written',
    file: 'peers/engine/height/height.ts',
    from: `    await this.#insist(
      () => this.#voter.write(),
      (cause) => this.#tellOfDisk('a vote cannot be written', cause)
    )`,
    to: `    void this.#insist(
      () => this.#voter.write(),
      (cause) => this.#tellOfDisk('a vote cannot be written', cause)
    )`,
    layer: 'engines'
  },
  {
    name: 'engine-writes-overtake',
    near: 57,
    what: 'vote records are written at the same time',
    file: 'peers/engine/height/voter.ts',
    from: 'await this.#writing.take(async () => await log.put(height, encode(this.#said)))',
    to: 'await log.put(height, encode(this.#said))',
    layer: 'engines'
  },
  {
    name: 'engine-votes-forgotten',
    what: 'what was voted before a restart is not read',
    file: 'peers/engine/height/voter.ts',
    from: 'if (bytes == null) return undefined',
    to: 'if (bytes != null || bytes == null) return undefined',
    layer: 'engines'
  },
  {
    name: 'engine-no-recomputation',
    near: 14,
    what: 'voters believe the proposer',
    file: 'peers/engine/height/bodies.ts',
    from: 'throw new InvalidProposalError(`recomputing it gives another ${differing}`)',
    to: `if (differing !== '') this.#known.set(claimed.toString(), { ...made, body, cid: claimed })`,
    faultModel: 'byzantine',
    strategies: ['lie-about-aggregate'],
    layer: 'engines'
  },
  {
    name: 'engine-evidence-unchecked',
    what: 'two votes of one member prove that it lied, whatever they say',
    file: 'src/rounds/evidence.ts',
    from: 'if (fault != null) throw new InvalidEvidenceError(fault)',
    to: '',
    faultModel: 'byzantine',
    strategies: ['frame'],
    layer: 'engines'
  }
]
