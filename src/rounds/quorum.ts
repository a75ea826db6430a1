/** Who counts, who trains, who proposes: all derived from the previous commit, the same on every peer. */
import { randomFrom, shuffle } from '../random.ts'
import type { Manifest } from '../federation/manifest/schema.ts'
import type { RosterEntry } from '../federation/records.ts'

/** What multiplying a share by a count may add: 7 % of 100 is 7, not 8. */
const ROUNDING = 1e-9

/** Votes needed: more than 1/2 of the roster under `crash`, more than 2/3 under `byzantine`. */
export function quorumSize(members: number, faultModel: 'crash' | 'byzantine'): number {
  return faultModel === 'crash' ? Math.floor(members / 2) + 1 : Math.floor((2 * members) / 3) + 1
}

/** One more than the faults that a quorum tolerates: of so many members at least one is correct and connected. */
export function oneCorrect(members: number, faultModel: 'crash' | 'byzantine'): number {
  return members - quorumSize(members, faultModel) + 1
}

/**
 * The members that train this round: a deterministic sample without replacement.
 *
 * @param trainers - the roster without those that observe
 * @param seed - hash bytes of the previous commit's CID
 * @returns ascending peer ids; at least `minContributors` when there are so many
 */
export function sampleCohort(
  trainers: readonly RosterEntry[],
  rounds: Manifest['rounds'],
  seed: Uint8Array
): string[] {
  const peers = trainers.map((entry) => entry.peer)
  const share = Math.ceil(peers.length * rounds.cohort - ROUNDING)
  const size = Math.min(peers.length, Math.max(share, rounds.minContributors))
  if (size === peers.length) return peers
  return shuffle([...peers], randomFrom(seed, 1))
    .slice(0, size)
    .sort()
}

/** Proposers by view: members that took part lately come first, each group in an order that the seed decides. */
export function proposerOrder(roster: readonly RosterEntry[], seed: Uint8Array): string[] {
  const random = randomFrom(seed, 2)
  const present = roster.filter((entry) => entry.missed === 0).map((entry) => entry.peer)
  const absent = roster.filter((entry) => entry.missed > 0).map((entry) => entry.peer)
  return [...shuffle(present, random), ...shuffle(absent, random)]
}
