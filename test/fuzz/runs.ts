/** How many inputs a property is tried with, and how many were tried in all: the one place that decides it. */
import type fc from 'fast-check'

/** `short` is part of `npm test`, `long` of `npm run test:long`. */
export type Effort = 'short' | 'long'

/** What all areas together try at least. */
export const MIN_INPUTS: Record<Effort, number> = { short: 5_000, long: 100_000 }
/** Inputs for one share, of which there are some 100. */
const INPUTS_PER_SHARE: Record<Effort, number> = { short: 54, long: 1_200 }
/** The same inputs in every `npm test`, so that no push fails for another's luck; others in every long run. */
const SHORT_SEED = 20_240_601

/** What was tried so far in this process. */
export const tally = { inputs: 0, accepted: 0 }

/** Inputs for a property that has so many shares. FUZZ_INPUTS sets those of one share. */
export function runs(effort: Effort, shares: number): number {
  const each = Number(process.env.FUZZ_INPUTS ?? INPUTS_PER_SHARE[effort])
  return Math.max(1, Math.round(each * shares))
}

/**
 * What fast-check is to do. To replay a failure set FUZZ_SEED and FUZZ_PATH to what it printed, and name the test:
 * `FUZZ_SEED=1 FUZZ_PATH=3:1 mocha test/fuzz/fuzz.test.ts -g '<name>'`.
 */
export function parameters<T>(effort: Effort, shares: number): fc.Parameters<T> {
  const { FUZZ_SEED, FUZZ_PATH } = process.env
  const seed = FUZZ_SEED != null ? Number(FUZZ_SEED) : effort === 'short' ? SHORT_SEED : undefined
  return {
    numRuns: runs(effort, shares),
    ...(seed != null && { seed }),
    ...(FUZZ_PATH != null && { path: FUZZ_PATH })
  }
}
