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
  const gone = [...state.connected].filter((peer) => !peers.has(peer))
  state.lost = new Set([...state.lost, ...gone].filter((peer) => !peers.has(peer)))
  state.relayed = new Set([...state.relayed].filter((peer) => !state.lost.has(peer)))
  state.connected = peers
}

/**
 * Who is heard by others at the height that begins: who took part in the one before, and who was admitted since training
 * last went on, as nobody could be admitted without having been heard. One that is dead costs one deadline.
 */
export function relayedAt(before: RoundState, { roster }: Height): Set<string> {
  const { height, updates, prevotes, precommits, lost, relayed } = before
  if (height.height === 0) return new Set()
  const voted = [...prevotes.values(), ...precommits.values()].flatMap((votes) => [...votes.keys()])
  const heard = new Set([...updates.keys(), ...voted])
  if (height.mode === 'membership') for (const peer of relayed) heard.add(peer)
  for (const peer of roster) if (!height.roster.includes(peer)) heard.add(peer)
  return new Set(roster.filter((peer) => heard.has(peer) && !lost.has(peer)))
}
