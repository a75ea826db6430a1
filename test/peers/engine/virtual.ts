/** Swarms by a virtual clock. */
import { expect } from 'chai'
import type { SwarmPeer } from './swarm.ts'
import type { VirtualClock } from '../../helpers/virtual-clock.ts'

/** Four members begin; a round waits for nobody for more than five seconds. */
export const SHORT_ROUNDS = {
  rounds: {
    startMembers: 4,
    minContributors: 2,
    deadline: { floorMs: 1_000, ceilingMs: 5_000, factor: 4 },
    stop: { rounds: 1000 }
  }
}

/** Let time pass, and everything that follows from it happen. */
export async function pass(clock: VirtualClock, ms: number): Promise<void> {
  clock.advance(ms)
  for (let i = 0; i < 10; i++) await new Promise((resolve) => setImmediate(resolve))
}

/** Let time pass, a little at a time, until the condition holds; it must within so much of it. */
export async function passUntil(
  clock: VirtualClock,
  condition: () => boolean,
  limitMs: number
): Promise<void> {
  const end = clock.nowMs() + limitMs
  while (!condition() && clock.nowMs() < end) await pass(clock, 20)
  expect(condition(), `within ${limitMs} ms`).to.equal(true)
}

/** Rounds that a peer knows to be completed. */
export const roundsOf = ({ engine }: SwarmPeer): number => engine.snapshot().tip?.body.round ?? 0
