/**
 * How the peers that this one talks to behave: points for each offence, which fade; above a threshold a ban, which ends
 * by itself and lasts twice as long each time. By this peer alone, of whom it was connected to, and only for what no
 * honest peer does: nobody is blamed for being slow, behind, or gone.
 */

/** What a peer can do wrong. */
export type Offence =
  /** A record, request or answer that nobody can read, or a signature that does not hold. */
  | 'unreadable'
  /** Bytes that do not hash to the block asked for. */
  | 'false-block'
  /** It falls silent in the middle of an answer, while it goes on talking elsewhere. */
  | 'stall'
  /** It ends a stream while an answer is due on it, at once, and stays connected. */
  | 'break-off'
  /** More than any peer has a reason to send or to ask for. */
  | 'flood'
  /** A proposal, signed by it, that does not follow from what it refers to. */
  | 'false-proposal'
  /** A report, signed by it, of a proof that proves nothing. */
  | 'false-evidence'
  /** An update that a commit refuses, while it accepts most others. */
  | 'refused-update'

interface Weight {
  points: number
  /** Counts once in so long: many streams break at the same moment, for one reason. */
  everyMs?: number
  /** What it did, for people. */
  reason: string
}

const weights: Record<Offence, Weight> = {
  unreadable: { points: 25, reason: 'it sent what nobody can read' },
  'false-block': { points: 60, reason: 'it gave false blocks' },
  stall: { points: 45, everyMs: 5_000, reason: 'it fell silent again and again in the middle of an answer' },
  'break-off': { points: 40, everyMs: 500, reason: 'it broke off its answers again and again' },
  flood: { points: 2, reason: 'it sent more than any peer has a reason to' },
  'false-proposal': { points: 40, reason: 'it proposed what does not follow from the updates' },
  'false-evidence': { points: 40, reason: 'it accused others without proof' },
  'refused-update': { points: 15, reason: 'its updates were refused again and again' }
}

/** Points at which a peer is banned. */
export const BAN_POINTS = 100
/** Half of all points are forgotten in this time: an accident a minute never adds up to a ban. */
const HALF_LIFE_MS = 60_000
/** The first ban, and the longest. */
export const FIRST_BAN_MS = 60_000
export const LONGEST_BAN_MS = 3_600_000
/** After so long without a ban the next one is a first one again. */
const FORGIVEN_MS = 6 * 3_600_000
/** A peer that was heard so recently is not merely cut off. Less than half of what a transfer may stand still. */
const ALIVE_MS = 4_000
/** Peers whose conduct is remembered; the one that did nothing for longest is forgotten first. */
const MAX_PEERS = 1024

/** A ban by this peer alone. */
export interface Ban {
  peerId: string
  offence: Offence
  /** For people. */
  reason: string
  /** By the clock that was handed in. */
  untilMs: number
  /** Of the whole ban. */
  durationMs: number
}

/** What protocols tell of the peers they talk to. */
export interface Judge {
  blame(peerId: string, offence: Offence): void
  /** It said something that is in order. */
  heard(peerId: string): void
}

export interface ConductInit {
  /** Milliseconds from any fixed origin. */
  nowMs: () => number
  /** A peer is banned from now on. */
  onBan?: (ban: Ban) => void
}

interface Known {
  points: number
  atMs: number
  /** Offence → when it last counted. */
  counted: Map<Offence, number>
  heardMs: number
  ban: Ban | null
}

/** Keeps the score. */
export class Conduct implements Judge {
  readonly #init: ConductInit
  /** In the order of use, oldest first. */
  readonly #peers = new Map<string, Known>()

  constructor(init: ConductInit) {
    this.#init = init
  }

  blame(peerId: string, offence: Offence): void {
    const now = this.#init.nowMs()
    const record = this.#used(peerId)
    if (this.#inForce(record, now) || !counts(record, offence, now)) return
    record.counted.set(offence, now)
    record.points = faded(record, now) + weights[offence].points
    record.atMs = now
    if (record.points >= BAN_POINTS) this.#ban(peerId, record, offence)
  }

  heard(peerId: string): void {
    this.#used(peerId).heardMs = this.#init.nowMs()
  }

  /** The ban of this peer while it lasts, and for how long it still does. */
  ban(peerId: string): (Ban & { leftMs: number }) | undefined {
    const now = this.#init.nowMs()
    const ban = this.#peers.get(peerId)?.ban
    return ban != null && now < ban.untilMs ? { ...ban, leftMs: ban.untilMs - now } : undefined
  }

  #ban(peerId: string, record: Known, offence: Offence): void {
    const now = this.#init.nowMs()
    const before = record.ban
    const isRepeated = before != null && now - before.untilMs < FORGIVEN_MS
    const durationMs = isRepeated ? Math.min(LONGEST_BAN_MS, 2 * before.durationMs) : FIRST_BAN_MS
    const { reason } = weights[offence]
    record.ban = { peerId, offence, reason, untilMs: now + durationMs, durationMs }
    record.points = 0
    this.#init.onBan?.(record.ban)
  }

  #inForce({ ban }: Known, now: number): boolean {
    return ban != null && now < ban.untilMs
  }

  #used(peerId: string): Known {
    const record = this.#peers.get(peerId) ?? {
      points: 0,
      atMs: 0,
      counted: new Map<Offence, number>(),
      heardMs: -Infinity,
      ban: null
    }
    this.#peers.delete(peerId)
    this.#peers.set(peerId, record)
    if (this.#peers.size > MAX_PEERS) this.#forgetOne()
    return record
  }

  /** Who is banned is remembered before who is not. */
  #forgetOne(): void {
    const now = this.#init.nowMs()
    const oldest = [...this.#peers].find(([, record]) => !this.#inForce(record, now))
    const [key] = oldest ?? this.#peers.keys()
    this.#peers.delete(key as string)
  }
}

/** A peer that is silent everywhere is gone or stopped, and to blame for nothing. */
function counts({ counted, heardMs }: Known, offence: Offence, now: number): boolean {
  const { everyMs = 0 } = weights[offence]
  if (now - (counted.get(offence) ?? -Infinity) < everyMs) return false
  return offence !== 'stall' || now - heardMs <= ALIVE_MS
}

function faded({ points, atMs }: Known, now: number): number {
  return points * 2 ** (-(now - atMs) / HALF_LIFE_MS)
}
