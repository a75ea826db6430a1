/**
 * Whose messages can be expected: of members that are connected, and of those that this peer hears of by others. Two
 * members behind firewalls may never connect to each other, and a newcomer is not connected to all at once.
 */
import type { Draft } from './draft.ts'
import type { Height, RoundState } from './types.ts'

/** Is this other member worth waiting for? */
export function isWithinReach(state: RoundState, peer: string): boolean {
  return state.connected.has(peer) || state.relayed.has(peer)
}

/** Other peers are connected now. Who no longer is has gone, however recently it was heard. */
export function onConnected({ state }: Draft, peers: ReadonlySet<string>): void {
  const lost = new Map(state.lost)
  for (const peer of state.connected) if (!peers.has(peer)) lost.set(peer, state.height.height)
  for (const peer of peers) lost.delete(peer)
  state.lost = lost
  state.relayed = new Set([...state.relayed].filter((peer) => !lost.has(peer)))
  state.connected = peers
}

/**
 * Who is there at the height that begins, as far as one hears by others: who took part in the one before, or was just
 * admitted, and is not lost. One that is dead without this peer's knowing costs a deadline.
 */
export function startReach({ state }: Draft, { roster, present }: Height): void {
  const { height, updates, prevotes, precommits } = state
  const voters = [...prevotes.values(), ...precommits.values()].flatMap((votes) => [...votes.keys()])
  const heard = new Set([...updates.keys(), ...voters])
  // What was heard at the height that lost it may have been said before.
  state.lost = new Map([...state.lost].filter(([peer, at]) => at === height.height || !heard.has(peer)))
  const there = new Set([...present, ...heard])
  state.relayed = new Set(roster.filter((peer) => there.has(peer) && !state.lost.has(peer)))
}
