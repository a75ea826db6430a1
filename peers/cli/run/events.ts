/** All events of a peer as one stream of `{event, detail}`, for the live view, the plain lines and `--json`. */
import type { Peer, PeerEvents } from '../../node/types.ts'

/** The names of all events. */
export type PeerEventName = keyof PeerEvents

/** One event, typed by its name. */
export type PeerEvent = {
  [Name in PeerEventName]: { event: Name; detail: PeerEvents[Name]['detail'] }
}[PeerEventName]

/** Every event a peer emits; the type makes sure that none is forgotten. */
const present: Record<PeerEventName, true> = {
  phase: true,
  'round:start': true,
  'training:progress': true,
  'training:end': true,
  'update:accepted': true,
  'update:refused': true,
  'view:change': true,
  commit: true,
  'member:connect': true,
  'member:disconnect': true,
  'member:refused': true,
  'block:damaged': true,
  finished: true,
  error: true
}

export const peerEventNames = Object.keys(present) as PeerEventName[]

/** Listen to everything; returns how to stop. */
export function listen(
  peer: Pick<Peer, 'addEventListener' | 'removeEventListener'>,
  listener: (event: PeerEvent) => void
): () => void {
  const handlers = peerEventNames.map((event) => {
    const handler = (source: Event): void =>
      listener({ event, detail: (source as CustomEvent).detail } as PeerEvent)
    peer.addEventListener(event, handler as EventListener)
    return { event, handler }
  })
  return () => {
    for (const { event, handler } of handlers) peer.removeEventListener(event, handler as EventListener)
  }
}
