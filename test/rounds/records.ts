/** What simulated peers tell each other, and the commit bodies they agree on. */
import type { VoteKind } from '../../src/rounds/index.ts'

export type SimRecord =
  | { kind: 'update'; height: number; from: string; update: string }
  | { kind: 'proposal'; height: number; from: string; view: number; body: string; validView: number }
  | { kind: 'vote'; height: number; from: string; view: number; vote: VoteKind; body: string | null }
  | { kind: 'join'; height: 0; from: string }

/** A record that belongs to one height. */
export type HeightRecord = Exclude<SimRecord, { kind: 'join' }>

/** What a body says, told by its name alone. */
export interface SimBody {
  height: number
  updates: string[]
  joins: string[]
}

/** Where a join request, or a lie about one, may come from. */
export const REFUSED = '!refused'

export function recordKey(record: SimRecord): string {
  return JSON.stringify(record)
}

/** Bodies are canonical: the order in which updates came in does not show. `stamp` stands for the proposer's clock. */
export function nameBody({ height, updates, joins }: SimBody, stamp: number): string {
  return [height, [...updates].sort().join(' '), [...joins].sort().join(' '), stamp].join('|')
}

/** Null for what is no body at all. */
export function readBody(name: string): SimBody | null {
  const [height, updates, joins, stamp] = name.split('|')
  if (stamp === undefined) return null
  const list = (text: string): string[] => text.split(' ').filter((item) => item !== '')
  return { height: Number(height), updates: list(updates), joins: list(joins) }
}
