/** Kill −9 at random moments: what every system for training together has to live through. */
import { uniform } from '../../src/random.ts'
import { NAMES } from './flock.ts'
import type { Flock } from './flock.ts'
import type { Random } from '../../src/random.ts'

export interface KillOptions {
  /** For so long. */
  durationMs: number
  /** From one kill to the next, on average; each comes at a random moment. */
  everyMs: number
  random: Random
  /** Told of each kill. */
  onKill?: (name: string, round: number) => void
}

/** Kill one of the four after the other; each is started again at once. How many kills it were. */
export async function killAtRandom(flock: Flock, options: KillOptions): Promise<number> {
  const { durationMs, everyMs, random, onKill } = options
  const from = performance.now()
  let kills = 0
  for (; performance.now() - from < durationMs; kills++) {
    // Faults come by the clock: nothing that a peer does may choose the moment.
    await after(everyMs * (0.5 + uniform(random)))
    const name = NAMES[Math.floor(uniform(random) * NAMES.length)]
    await flock.peer(name).kill('SIGKILL')
    flock.restart(name)
    onKill?.(name, flock.lastRound)
  }
  return kills
}

/** So much later. Only for what has to take its time, never to wait for something. */
export async function after(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms))
}
