/** When rounds were committed, from the events of all peers. */
import type { MurmurProcess } from '../e2e/process.ts'
import type { World } from '../e2e/world.ts'

/** When each round was first committed by anybody, ms; index 0 is round 1. */
export function commitTimes(peers: readonly MurmurProcess[]): number[] {
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

/**
 * All ledgers, read while the peers run: how many heights somebody has, and where two commits of one height differ or one
 * is missing between others.
 */
export async function compareLedgers(
  world: World,
  names: readonly string[]
): Promise<{ heights: number; wrong: string[] }> {
  const args = ['ledger', '--from', '1', '--limit', '1000000']
  const commits = new Map<number, unknown>()
  const wrong: string[] = []
  const ledgers = await Promise.all(names.map(async (name) => await world.askAll(name, args)))
  for (const [at, name] of names.entries()) {
    for (const [i, { height, cid }] of ledgers[at].entries()) {
      if (height !== i + 1) wrong.push(`${name} has ${String(height)} as its commit number ${i + 1}`)
      const other = commits.get(Number(height)) ?? cid
      if (other !== cid)
        wrong.push(`at ${String(height)} ${name} has ${String(cid)}, others ${String(other)}`)
      commits.set(Number(height), other)
    }
  }
  return { heights: commits.size, wrong }
}
