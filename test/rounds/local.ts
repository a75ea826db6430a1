/**
 * One machine in the explorer: its states by number, and what each makes of a fact. Votes are kept as the facts they
 * amount to, and made up again, by nobody in particular, when the machine is to see them.
 */
import { initialState, quorumSize, step } from '../../src/rounds/index.ts'
import type {
  Height,
  RoundConfig,
  RoundEffect,
  RoundEvent,
  RoundState,
  VoteKind
} from '../../src/rounds/index.ts'

export type Fact = { key: string } & (
  | { type: 'proposal'; text: string }
  /** So many vote for this body that it is a quorum. */
  | { type: 'quorum'; kind: VoteKind; view: number; body: string }
  /** A quorum votes, but not for one body. */
  | { type: 'mixed'; kind: VoteKind; view: number }
  /** Enough others are in this view. */
  | { type: 'later'; view: number }
)

export interface Move {
  to: number
  says: readonly string[]
}

interface Local {
  /** Without votes. */
  state: RoundState
  timers: ReadonlySet<string>
  /** Facts about votes that were seen. */
  seen: ReadonlyMap<string, Fact>
  decided: string | null
  key: string
}

export interface LocalMachineInit {
  self: string
  roster: readonly string[]
  faultModel: RoundConfig['faultModel']
  views: number
}

export class LocalMachine {
  readonly #init: LocalMachineInit
  readonly #quorum: number
  readonly #locals: Local[] = []
  readonly #ids = new Map<string, number>()
  readonly #moves = new Map<string, Move | null>()

  constructor(init: LocalMachineInit) {
    this.#init = init
    this.#quorum = quorumSize(init.roster.length, init.faultModel)
  }

  get size(): number {
    return this.#locals.length
  }

  decided(id: number): string | null {
    return this.#locals[id].decided
  }

  /** A machine that has the updates and may agree. */
  begin(): Move {
    const { self, roster, faultModel } = this.#init
    const deadline = { floorMs: 1, ceilingMs: 1, factor: 1 }
    const config: RoundConfig = { faultModel, minContributors: 1, deadline, proposeMs: 1, voteMs: 1 }
    const about = { height: 1, round: 1, previous: '', mode: 'train' as const }
    const height: Height = { ...about, roster, proposers: roster, present: roster, cohort: [self] }
    const empty: Local = {
      state: initialState(self, config),
      timers: new Set(),
      seen: new Map(),
      decided: null,
      key: ''
    }
    return this.#feed(empty, [
      { type: 'connected', peers: new Set(roster), now: 0 },
      { type: 'height', height, now: 0 },
      { type: 'update', author: self, update: { update: 'u', accepted: true }, now: 0 }
    ])
  }

  /** What may happen next, of its own accord or for these facts. */
  moves(from: number, facts: readonly Fact[]): Move[] {
    const { state, timers, seen } = this.#locals[from]
    if (state.step === 'done' || state.view >= this.#init.views) return []
    const moves: Move[] = []
    const add = (key: string, make: () => Move): void => {
      const known = `${from} ${key}`
      let move = this.#moves.get(known)
      if (move === undefined) {
        move = make()
        // What changes nothing yet can as well be learnt later: it stays to be learnt.
        if (move.says.length === 0 && essence(this.#locals[move.to]) === essence(this.#locals[from]))
          move = null
        this.#moves.set(known, move)
      }
      if (move != null) moves.push(move)
    }
    for (const id of timers) add(id, () => this.#feed(this.#locals[from], [{ type: 'timer', id, now: 0 }]))
    for (const fact of facts) if (!seen.has(fact.key)) add(fact.key, () => this.#learn(from, fact))
    return moves
  }

  #learn(from: number, fact: Fact): Move {
    const local = this.#locals[from]
    if (fact.type === 'proposal') return this.#feed(local, [proposalOf(fact.text)])
    if (fact.type === 'later') {
      // As many as it takes, and no quorum of them.
      const needed = this.#init.faultModel === 'crash' ? 1 : this.#init.roster.length - this.#quorum + 1
      return this.#feed(local, this.#votes('prevote', fact.view, { count: needed, body: null }))
    }
    const body = fact.type === 'mixed' ? null : fact.body
    const votes = this.#votes(fact.kind, fact.view, { count: this.#quorum, body })
    return this.#feed({ ...local, seen: new Map(local.seen).set(fact.key, fact) }, votes, fact.key)
  }

  /** Votes by as many; for bodies that nobody knows where no body is named. */
  #votes(
    kind: VoteKind,
    view: number,
    of: { count: number; body: string | null }
  ): Extract<RoundEvent, { type: 'vote' }>[] {
    const { self, roster } = this.#init
    const voters = [...roster.filter((peer) => peer !== self), self].slice(0, of.count)
    return voters.map((from, i) => {
      const body = of.body == null ? `unknown ${i}` : of.body === 'nil' ? null : of.body
      return { type: 'vote', from, view, kind, body, now: 0 }
    })
  }

  /** Let events happen, with all that the machine does at once because of them. All but the last vote are there before. */
  #feed(local: Local, events: readonly RoundEvent[], except = ''): Move {
    const timers = new Set(local.timers)
    const says: string[] = []
    let { decided } = local
    let state = this.#withVotes(local, except)
    const queue = [...events]
    const last = queue.at(-1)
    if (last?.type === 'vote') {
      const before = queue.splice(0, queue.length - 1)
      state = withVotes(state, before as Extract<RoundEvent, { type: 'vote' }>[])
    }
    for (let event = queue.shift(); event != null; event = queue.shift()) {
      if (event.type === 'timer') timers.delete(event.id)
      const result = step(state, event)
      state = result.state
      for (const effect of result.effects) {
        if (effect.type === 'commit') decided = effect.body
        queue.push(...this.#perform(effect, { timers, says }))
      }
    }
    const bare = { ...state, prevotes: new Map(), precommits: new Map(), secondVotes: new Map() }
    const to = this.#id({
      state: bare,
      timers: new Set([...timers].filter((id) => isDue(id, state))),
      seen: new Map([...local.seen].filter(([, fact]) => stillMatters(fact, state))),
      decided,
      key: ''
    })
    return { to, says: says.sort() }
  }

  #withVotes({ state, seen }: Local, except: string): RoundState {
    let filled = state
    for (const fact of seen.values()) {
      if (fact.key === except || fact.type === 'proposal' || fact.type === 'later') continue
      const body = fact.type === 'mixed' ? null : fact.body
      // A quorum for a body makes up for a mixed one of the same step.
      if (fact.type === 'mixed' && hasQuorumOf(seen, fact)) continue
      filled = withVotes(filled, this.#votes(fact.kind, fact.view, { count: this.#quorum, body }))
    }
    return filled
  }

  /** Builds and checks take no time here. */
  #perform(effect: RoundEffect, { timers, says }: { timers: Set<string>; says: string[] }): RoundEvent[] {
    const { self, views } = this.#init
    if (effect.type === 'build')
      return [{ type: 'built', view: effect.view, body: `${self}${effect.view}`, now: 0 }]
    if (effect.type === 'check') return [{ type: 'checked', body: effect.body, valid: true, now: 0 }]
    if (effect.type === 'timer' && !effect.id.startsWith('deadline')) timers.add(effect.id)
    if (effect.type === 'vote' && effect.view < views)
      says.push(`V ${effect.kind} ${effect.view} ${effect.body ?? 'nil'}`)
    if (effect.type !== 'propose' || effect.view >= views) return []
    const { view, body, validView } = effect
    says.push(`P ${view} ${self} ${body} ${validView}`)
    return [{ type: 'proposal', from: self, view, proposal: { body, validView }, now: 0 }]
  }

  #id(local: Local): number {
    const key = keyOf(local)
    const known = this.#ids.get(key)
    if (known != null) return known
    this.#ids.set(key, this.#locals.length)
    return this.#locals.push({ ...local, key }) - 1
  }
}

/** A time-out of an earlier view, or of a step that is over, does nothing. */
function isDue(id: string, { step: at, view }: RoundState): boolean {
  const [kind, , of] = id.split(':')
  if (Number(of) !== view || at === 'done') return false
  return kind === 'precommit' || (kind === 'propose' ? at === 'propose' : at !== 'precommit')
}

/** Of earlier views only what a re-proposal can refer to, or what decides. */
function stillMatters(fact: Fact, { view }: RoundState): boolean {
  if (fact.type === 'proposal' || fact.type === 'later') return false
  return fact.view >= view || (fact.type === 'quorum' && fact.body !== 'nil')
}

function hasQuorumOf(seen: Local['seen'], { kind, view }: Extract<Fact, { type: 'mixed' }>): boolean {
  return [...seen.values()].some((fact) => fact.type === 'quorum' && fact.kind === kind && fact.view === view)
}

function withVotes(state: RoundState, votes: readonly Extract<RoundEvent, { type: 'vote' }>[]): RoundState {
  const prevotes = new Map(state.prevotes)
  const precommits = new Map(state.precommits)
  for (const { kind, view, from, body } of votes) {
    const cast = kind === 'prevote' ? prevotes : precommits
    cast.set(view, new Map(cast.get(view)).set(from, body))
  }
  return { ...state, prevotes, precommits }
}

function keyOf(local: Local): string {
  return `${essence(local)}|${[...local.seen.keys()].sort().join()}`
}

/** All but what was learnt of votes. */
function essence({ state, timers, decided }: Local): string {
  const { step: at, view, locked, valid, once, verdicts, proposals } = state
  const text = (value: typeof locked): string => (value == null ? '-' : `${value.body}@${value.view}`)
  const known = [...proposals].map(([of, { body, validView }]) => `${of}:${body}:${validView}`)
  // What was done once in an earlier view is not asked for again.
  const done = [...once].filter((one) => one.startsWith('check') || Number(one.split(':')[1] ?? 0) >= view)
  const parts = [done, [...verdicts.keys()], known, [...timers]]
  return [at, view, text(locked), text(valid), decided, ...parts.map((part) => part.sort().join())].join('|')
}

function proposalOf(said: string): RoundEvent {
  const [, view, from, body, validView] = said.split(' ')
  return {
    type: 'proposal',
    from,
    view: Number(view),
    proposal: { body, validView: Number(validView) },
    now: 0
  }
}
