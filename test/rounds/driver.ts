/** One round machine by hand: member `a` of `a b c d`, where `b` proposes first, then `a`. Every step is checked to be pure. */
import { initialState, step } from '../../src/rounds/index.ts'
import type {
  Height,
  Resume,
  RoundConfig,
  RoundEffect,
  RoundEvent,
  RoundState,
  VoteKind
} from '../../src/rounds/index.ts'

export const DEFAULT_CONFIG: RoundConfig = {
  faultModel: 'crash',
  minContributors: 1,
  deadline: { floorMs: 1000, ceilingMs: 20_000, factor: 6 },
  proposeMs: 1000,
  voteMs: 500
}

export const HEIGHT: Height = {
  height: 5,
  round: 5,
  previous: 'commit 4',
  roster: ['a', 'b', 'c', 'd'],
  proposers: ['b', 'a', 'c', 'd'],
  present: [],
  cohort: ['a', 'b', 'c', 'd'],
  mode: 'train'
}

type WithoutNow<E> = E extends unknown ? Omit<E, 'now'> : never
type EffectOf<T extends RoundEffect['type']> = Extract<RoundEffect, { type: T }>

export class Driver {
  state: RoundState
  now = 1000
  /** What the latest step wanted. */
  effects: RoundEffect[] = []

  constructor(config: Partial<RoundConfig> = {}, self = 'a', connected = HEIGHT.roster) {
    this.state = initialState(self, { ...DEFAULT_CONFIG, minContributors: 2, ...config })
    this.send({ type: 'connected', peers: new Set(connected.filter((peer) => peer !== self)) })
  }

  send(event: WithoutNow<RoundEvent>): this {
    const before = freeze(this.state)
    const { state, effects } = step(before, freeze({ ...event, now: this.now } as RoundEvent))
    this.state = state
    this.effects = effects
    return this
  }

  begin(change: Partial<Height> = {}, resume?: Resume): this {
    return this.send({
      type: 'height',
      height: { ...HEIGHT, ...change },
      ...(resume == null ? {} : { resume })
    })
  }

  updates(...authors: string[]): this {
    for (const author of authors) {
      this.send({ type: 'update', author, update: { update: `u${author}`, accepted: true } })
    }
    return this
  }

  refused(author: string): this {
    return this.send({ type: 'update', author, update: { update: `u${author}`, accepted: false } })
  }

  /** A proposal by the view's proposer, whose body turns out to be right unless told otherwise. */
  proposal(view: number, body: string, { valid = true as boolean | null, validView = -1 } = {}): this {
    const from = this.state.height.proposers[view % 4]
    this.send({ type: 'proposal', from, view, proposal: { body, validView } })
    return valid == null ? this : this.send({ type: 'checked', body, valid })
  }

  votes(kind: VoteKind, view: number, body: string | null, ...from: string[]): this {
    for (const voter of from) this.send({ type: 'vote', from: voter, view, kind, body })
    return this
  }

  connected(...peers: string[]): this {
    return this.send({ type: 'connected', peers: new Set(peers) })
  }

  /** Fires a timer that the latest step asked for, when it is due. */
  fire(kind: string, afterMs?: number): this {
    const timer = this.all('timer').find((effect) => effect.id.startsWith(kind))
    if (timer == null) throw new Error(`No ${kind} timer among ${JSON.stringify(this.effects)}`)
    this.now += afterMs ?? timer.afterMs
    return this.send({ type: 'timer', id: timer.id })
  }

  /** The latest step's effects of one type. */
  all<T extends RoundEffect['type']>(type: T): EffectOf<T>[] {
    return this.effects.filter((effect): effect is EffectOf<T> => effect.type === type)
  }

  /** The vote that the latest step casts, e.g. `prevote nil`. */
  get vote(): string | undefined {
    const [vote] = this.all('vote')
    return vote && `${vote.kind} ${vote.body ?? 'nil'}`
  }

  /** Up to the first view with all updates in. */
  agreeing(): this {
    return this.begin().updates('a', 'b', 'c', 'd')
  }

  /** Locked on `body` in view 0, where the others did not precommit it. */
  lockedOn(body: string): this {
    this.agreeing().proposal(0, body)
    this.votes('prevote', 0, body, 'a', 'b', 'c')
    return this.votes('precommit', 0, body, 'a').votes('precommit', 0, null, 'c', 'd')
  }
}

/** Freezes values all through, maps and sets included. */
function freeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  if (value instanceof Map || value instanceof Set) {
    for (const [key, item] of value.entries()) freeze([key, item])
    for (const method of ['set', 'add', 'delete', 'clear']) {
      Object.defineProperty(value, method, {
        value: () => {
          throw new TypeError(`${method} on a state that was handed out`)
        }
      })
    }
  }
  for (const item of Object.values(value)) freeze(item)
  return Object.freeze(value)
}
