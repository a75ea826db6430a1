/**
 * An exhaustive explorer: every order in which messages reach machines and timers fire, for few peers, two views and
 * one height. Can any two correct machines decide differently?
 *
 * Two things keep it small, and exact. What one machine does in silence concerns no other, and what was said stays
 * said: so a node is what each machine has said and the *set* of all states it may be in by then, and a step is one
 * machine saying something. And a machine sees votes only through "a quorum votes for this body", "a quorum votes at
 * all" and "enough are in a later view" (local.ts): so it is these facts that reach it, in any order, once there are
 * votes for them. A liar's messages are there from the start, for whom and when it suits it.
 */
import { oneCorrect, quorumSize } from '../../src/rounds/index.ts'
import { LocalMachine } from './local.ts'
import type { Fact } from './local.ts'
import type { RoundConfig, VoteKind } from '../../src/rounds/index.ts'

export interface ExploreOptions {
  /** Named a, b, c, …; a proposes in view 0, b in view 1. */
  peers: number
  faultModel: RoundConfig['faultModel']
  /** These lie. */
  liars?: readonly string[]
  /** In a later view a machine rests. */
  views?: number
}

export interface Explored {
  /** Combinations of what was said and of what machines may be in. */
  nodes: number
  /** States of single machines. */
  states: number
  /** Bodies that some machine can decide. */
  decided: string[]
  /** How two machines get to decide differently; null: never. */
  disagreement: string[] | null
}

const NAMES = ['a', 'b', 'c', 'd', 'e']
const KINDS: VoteKind[] = ['prevote', 'precommit']

interface Node {
  /** By correct machine: what it said, sorted, and the id of the set of states that it may be in. */
  said: string[][]
  sets: number[]
  path: string[]
}

export class Explorer {
  readonly #options: ExploreOptions
  readonly #correct: string[]
  readonly #liars: readonly string[]
  readonly #machines: LocalMachine[]
  readonly #views: number
  readonly #quorum: number
  readonly #bodies: string[]
  readonly #lies: string[]
  readonly #sets: number[][] = []
  readonly #setIds = new Map<string, number>()

  constructor(options: ExploreOptions) {
    const { peers, faultModel, liars = [], views = 2 } = options
    const roster = NAMES.slice(0, peers)
    this.#options = options
    this.#liars = liars
    this.#views = views
    this.#quorum = quorumSize(peers, faultModel)
    this.#correct = roster.filter((peer) => !liars.includes(peer))
    this.#machines = this.#correct.map((self) => new LocalMachine({ self, roster, faultModel, views }))
    this.#bodies = bodiesOf(roster, liars, views)
    this.#lies = liesOf(roster, { liars, views, bodies: this.#bodies })
  }

  run(): Explored {
    const begun = this.#machines.map((machine) => machine.begin())
    const first = this.#close({
      said: begun.map(({ says }) => [...says].sort()),
      sets: begun.map(({ to }) => this.#setId([to])),
      path: begun.flatMap(({ says }, i) => says.map((said) => `${this.#correct[i]} says ${said}`))
    })
    const seen = new Set([nodeKey(first)])
    const open = [first]
    const decided = new Set<string>()
    for (let node = open.pop(); node != null; node = open.pop()) {
      const bodies = node.sets.map((set, i) => this.#decidedIn(i, set))
      for (const body of bodies.flat()) decided.add(body)
      if (disagreeing(bodies)) return this.#explored(seen.size, decided, node.path)
      for (const next of this.#successors(node)) {
        const key = nodeKey(next)
        if (!seen.has(key)) open.push(next)
        seen.add(key)
      }
    }
    return this.#explored(seen.size, decided, null)
  }

  #explored(nodes: number, decided: Set<string>, disagreement: string[] | null): Explored {
    const states = this.#machines.reduce((sum, machine) => sum + machine.size, 0)
    return { nodes, states, decided: [...decided].sort(), disagreement }
  }

  /** One machine says something; the others may hear of it from then on. */
  #successors(node: Node): Node[] {
    const facts = this.#facts(node)
    return node.sets.flatMap((set, i) => {
      const bySaying = new Map<string, { says: readonly string[]; to: Set<number> }>()
      for (const from of this.#sets[set]) {
        for (const { to, says } of this.#machines[i].moves(from, facts)) {
          if (says.length === 0) continue
          const key = says.join()
          bySaying.set(key, { says, to: (bySaying.get(key)?.to ?? new Set()).add(to) })
        }
      }
      return [...bySaying.values()].map(({ says, to }) => {
        const said = node.said.map((before, k) => (k === i ? [...before, ...says].sort() : before))
        const sets = node.sets.map((before, k) => (k === i ? this.#setId([...to]) : before))
        return this.#close({
          said,
          sets,
          path: [...node.path, `${this.#correct[i]} says ${says.join(', ')}`]
        })
      })
    })
  }

  /** Add all states that machines can get to in silence. */
  #close(node: Node): Node {
    const facts = this.#facts(node)
    const sets = node.sets.map((set, i) => {
      const states = new Set(this.#sets[set])
      for (const from of states) {
        for (const { to, says } of this.#machines[i].moves(from, facts)) if (says.length === 0) states.add(to)
      }
      return this.#setId([...states])
    })
    return { ...node, sets }
  }

  /** All that a machine may learn by now. */
  #facts({ said }: Node): Fact[] {
    const proposals = [...said.flat(), ...this.#lies].filter((text) => text.startsWith('P'))
    const facts: Fact[] = [...new Set(proposals)].map((text) => ({ type: 'proposal', text, key: text }))
    for (let view = 0; view < this.#views; view++) {
      for (const kind of KINDS) facts.push(...this.#quorums(said, kind, view))
      if (view > 0 && this.#isBelievable(said, view))
        facts.push({ type: 'later', view, key: `later ${view}` })
    }
    return facts
  }

  #quorums(said: string[][], kind: VoteKind, view: number): Fact[] {
    const facts: Fact[] = []
    const voters = (body: string): number =>
      said.filter((texts) => texts.includes(`V ${kind} ${view} ${body}`)).length
    const counts = [...this.#bodies, 'nil'].map((body) => ({ body, count: voters(body) }))
    for (const { body, count } of counts) {
      if (count + this.#liars.length >= this.#quorum)
        facts.push({ type: 'quorum', kind, view, body, key: `quorum ${kind} ${view} ${body}` })
    }
    const all = counts.reduce((sum, { count }) => sum + count, 0) + this.#liars.length
    const mixed = this.#liars.length > 0 || counts.filter(({ count }) => count > 0).length > 1
    if (all >= this.#quorum && mixed) facts.push({ type: 'mixed', kind, view, key: `mixed ${kind} ${view}` })
    return facts
  }

  #isBelievable(said: string[][], view: number): boolean {
    const { faultModel, peers } = this.#options
    const needed = faultModel === 'crash' ? 1 : oneCorrect(peers, faultModel)
    const voters = said.filter((texts) =>
      texts.some((text) => text.startsWith('V') && Number(text.split(' ')[2]) >= view)
    )
    return voters.length + this.#liars.length >= needed
  }

  #decidedIn(i: number, set: number): string[] {
    return [...new Set(this.#sets[set].flatMap((id) => this.#machines[i].decided(id) ?? []))]
  }

  #setId(states: number[]): number {
    const sorted = [...new Set(states)].sort((x, y) => x - y)
    const key = sorted.join()
    const known = this.#setIds.get(key)
    if (known != null) return known
    this.#setIds.set(key, this.#sets.length)
    return this.#sets.push(sorted) - 1
  }
}

/** What can be proposed: one body a view, and a second one where the proposer lies. */
function bodiesOf(roster: readonly string[], liars: readonly string[], views: number): string[] {
  const proposers = roster.slice(0, views)
  return proposers.flatMap((peer, view) =>
    liars.includes(peer) ? [`${peer}${view}`, `${peer}${view}x`] : [`${peer}${view}`]
  )
}

/** Every proposal that a liar may make in its view, proven or not. */
function liesOf(
  roster: readonly string[],
  { liars, views, bodies }: { liars: readonly string[]; views: number; bodies: readonly string[] }
): string[] {
  return roster.slice(0, views).flatMap((peer, view) => {
    const validViews = [...Array(view + 1).keys()].map((one) => one - 1)
    if (!liars.includes(peer)) return []
    return bodies.flatMap((body) => validViews.map((validView) => `P ${view} ${peer} ${body} ${validView}`))
  })
}

function nodeKey({ said, sets }: Node): string {
  return said.map((texts, i) => `${texts.join()}#${sets[i]}`).join('|')
}

function disagreeing(bodies: readonly string[][]): boolean {
  return bodies.some((mine, i) =>
    bodies.some((theirs, k) => i < k && mine.some((body) => theirs.some((other) => other !== body)))
  )
}
