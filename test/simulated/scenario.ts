/** Histories by hand: a calm federation, to which a test does what it likes. */
import { Simulation } from '../../peers/simulated/index.ts'
import type { History } from '../../peers/simulated/index.ts'

export interface CalmOptions extends Partial<Omit<History, 'federation'>>, Partial<History['federation']> {
  /** How long every peer trains. */
  trainMs?: number
}

/** Nothing goes wrong. Everything can be changed. */
export function calmHistory(options: CalmOptions = {}): History {
  const { peers = 4, trainMs = 400, ...rest } = options
  return {
    seed: 1,
    weather: { delayMs: [10, 10], loss: 0, duplication: 0 },
    training: Array.from({ length: peers }, () => ({ leastMs: trainMs, spreadMs: 0 })),
    timerLateMs: 0,
    noticeMs: 100,
    syncMs: 3,
    liars: [],
    faults: [],
    faultyMs: 0,
    mortality: [],
    ...rest,
    federation: {
      peers,
      members: peers,
      faultModel: 'crash',
      minContributors: 1,
      cohort: 1,
      maxMissed: 1_000_000,
      banRounds: 10,
      proposeMs: 1000,
      voteMs: 500,
      parameters: 10,
      topology: 'full',
      ...rest
    }
  }
}

/** By then all have started. */
const ALL_UP_MS = 21

/** A running simulation, moved on by what is waited for. */
export class Scenario extends Simulation {
  constructor(options: CalmOptions = {}) {
    super(calmHistory(options))
    this.start()
    this.run(ALL_UP_MS)
  }

  /** Runs for so many virtual milliseconds. */
  run(forMs: number): this {
    let over = false
    this.time.after(forMs, () => (over = true))
    while (!over) this.next()
    return this
  }

  /** Runs until `reached`; fails after so many virtual milliseconds. */
  runUntil(reached: () => boolean, withinMs = 600_000): this {
    const endsAt = this.now() + withinMs
    while (!reached()) {
      if (this.now() > endsAt || !this.next()) {
        throw new Error([`Not reached within ${withinMs} ms`, ...this.describe()].join('\n'))
      }
    }
    return this
  }

  /** Runs until all that are up have committed `height`. */
  until(height: number, withinMs?: number): this {
    return this.runUntil(() => this.peers.every((peer) => !peer.up || peer.committed >= height), withinMs)
  }

  get decided(): number {
    return this.observer.latest.position.tip.body.height
  }

  /** Whose updates count in the commit of a height. */
  authorsAt(height: number): string[] {
    const body = this.observer.decided.get(height)?.position.tip.body
    return (body?.contributions ?? []).map((contribution) => contribution.author)
  }

  /** How long each height took, from the one before. */
  durations(): number[] {
    const times = [...this.observer.decided.values()].slice(1).map((decided) => decided.atMs)
    return times.slice(1).map((at, i) => at - times[i])
  }

  /** Index of the peer that proposes first at the next height. */
  get nextProposer(): number {
    return this.federation.ids.indexOf(this.observer.latest.position.height.proposers[0])
  }

  split(...group: number[]): () => void {
    const rest = [...this.peers.keys()].filter((peer) => !group.includes(peer))
    this.cut(group, rest)
    this.cut(rest, group)
    return () => {
      this.mend(group, rest)
      this.mend(rest, group)
    }
  }
}
