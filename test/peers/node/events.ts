/** Waiting for, and writing down, what peers tell. */
import type { Peer, PeerEvents, PeerStatus } from '../../../peers/node/index.ts'

export const eventTypes = [
  'phase',
  'round:start',
  'training:progress',
  'training:end',
  'update:accepted',
  'update:refused',
  'view:change',
  'commit',
  'member:connect',
  'member:disconnect',
  'member:refused',
  'block:damaged',
  'finished',
  'error'
] as const satisfies (keyof PeerEvents)[]

/** One event as a union that its type narrows. */
export type Told = { [K in keyof PeerEvents]: { type: K; detail: PeerEvents[K]['detail'] } }[keyof PeerEvents]

/** Everything that the peer tells from now on, in order. */
export function record(peer: Peer): Told[] {
  const told: Told[] = []
  for (const type of eventTypes) {
    peer.addEventListener(type, (event: Event) => {
      told.push({ type, detail: (event as CustomEvent).detail } as Told)
    })
  }
  return told
}

/** The events of one type among those recorded. */
export function only<K extends keyof PeerEvents>(told: readonly Told[], type: K): PeerEvents[K]['detail'][] {
  return told.flatMap((event) => (event.type === type ? [event.detail as PeerEvents[K]['detail']] : []))
}

/** The detail of the next event of this type that matches. */
export function next<K extends keyof PeerEvents>(
  peer: Peer,
  type: K,
  matches: (detail: PeerEvents[K]['detail']) => boolean = () => true
): Promise<PeerEvents[K]['detail']> {
  return new Promise((resolve) => {
    const listener = (event: Event): void => {
      const { detail } = event as CustomEvent<PeerEvents[K]['detail']>
      if (!matches(detail)) return
      peer.removeEventListener(type, listener as EventListener)
      resolve(detail)
    }
    peer.addEventListener(type, listener as EventListener)
  })
}

/** Resolves as soon as the status is as wanted: looked at now and once the peer has acted on what it tells. */
export function statusWhere(peer: Peer, holds: (status: PeerStatus) => boolean): Promise<PeerStatus> {
  return new Promise((resolve) => {
    const check = (): void => {
      const status = peer.status()
      if (!holds(status)) return
      for (const type of eventTypes) peer.removeEventListener(type, checkSoon)
      resolve(status)
    }
    const checkSoon = (): void => void setImmediate(check)
    for (const type of eventTypes) peer.addEventListener(type, checkSoon)
    check()
  })
}
