/** When rounds were committed, from the events of all peers. */
import type { MurmurProcess } from '../../e2e/process.ts'
import type { World } from '../../e2e/world.ts'

/** When each round was first committed by anybody, ms; index 0 is round 1. */
export function commitsOf(peers: readonly MurmurProcess[]): number[] {
  const first: number[] = []
  for (const { events } of peers) {
    for (const { event, round, time } of events) {
      if (event !== 'commit' || Number(round) < 1) continue
      const at = Number(round) - 1
      first[at] = Math.min(first[at] ?? Infinity, Number(time))
    }
  }
  return first
}

/** Seconds between one round's commit and the next: usual ones up to round `calm`, and the longest after it. */
export function gapsOf(
  commits: readonly number[],
  calm: number
): { rounds: number; seconds: { normalRound: number; longestGap: number } } {
  const gaps = commits.slice(1).map((time, i) => (time - commits[i]) / 1000)
  const usual = gaps.slice(0, calm - 1).sort((a, b) => a - b)
  return {
    rounds: commits.length - calm,
    seconds: { normalRound: usual[usual.length >> 1], longestGap: Math.max(...gaps.slice(calm - 1)) }
  }
}

/** Whether all ledgers, read while the peers run, hold the same commit at every height that two of them have. */
export async function ledgersAgree(
  world: World,
  names: readonly string[]
): Promise<{ heights: number; sameCommits: boolean }> {
  const byHeight = new Map<number, Set<string>>()
  for (const name of names) {
    const args = ['ledger', '--from', '1', '--limit', '1000000', '--home', world.path(name), '--json']
    for (const { height, cid } of (await world.murmur(args)).json) {
      byHeight.set(Number(height), (byHeight.get(Number(height)) ?? new Set()).add(String(cid)))
    }
  }
  return { heights: byHeight.size, sameCommits: [...byHeight.values()].every((cids) => cids.size === 1) }
}
