/** Fault schedules as data: what goes wrong, when, and for how long. Any part of a schedule is a schedule. */
import type { Weather } from './network.ts'

export interface Span {
  /** Virtual time of its begin. */
  atMs: number
  /** It is over after so long. */
  forMs: number
}

/** Peers are named by index. */
export type Fault = Span &
  /** The power goes for all of these at once. */
  (
    | { type: 'crash'; peers: number[] }
    /** What `from` send does not reach `to`: one way. */
    | { type: 'cut'; from: number[]; to: number[] }
    /** No message passes between the group and the rest. */
    | { type: 'split'; group: number[] }
    | { type: 'weather'; weather: Weather }
    | { type: 'slow-disk'; peer: number; factor: number }
    /** Slow at everything: computing, sending, receiving. */
    | { type: 'slow-peer'; peer: number; factor: number }
  )

/** What a fault may be done to; each call is undone by its opposite. */
export interface Victim {
  readonly size: number
  crash(peer: number): void
  restart(peer: number): void
  cut(from: readonly number[], to: readonly number[]): void
  mend(from: readonly number[], to: readonly number[]): void
  slowDisk(peer: number, factor: number): void
  slowPeer(peer: number, factor: number): void
  setWeather(weather: Weather | null): void
}

/** Begin a fault. Returns how to end it. */
export function strike(victim: Victim, fault: Fault): () => void {
  switch (fault.type) {
    case 'crash':
      for (const peer of fault.peers) victim.crash(peer)
      return () => {
        for (const peer of fault.peers) victim.restart(peer)
      }
    case 'cut':
      victim.cut(fault.from, fault.to)
      return () => victim.mend(fault.from, fault.to)
    case 'split':
      return split(victim, fault.group)
    case 'weather':
      victim.setWeather(fault.weather)
      return () => victim.setWeather(null)
    case 'slow-disk':
      victim.slowDisk(fault.peer, fault.factor)
      return () => victim.slowDisk(fault.peer, 1 / fault.factor)
    case 'slow-peer':
      victim.slowPeer(fault.peer, fault.factor)
      return () => victim.slowPeer(fault.peer, 1 / fault.factor)
  }
}

function split(victim: Victim, group: number[]): () => void {
  const rest = [...Array(victim.size).keys()].filter((peer) => !group.includes(peer))
  victim.cut(group, rest)
  victim.cut(rest, group)
  return () => {
    victim.mend(group, rest)
    victim.mend(rest, group)
  }
}
