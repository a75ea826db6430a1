/** Four peers of one federation, and what must hold of them whatever happens. */
import { expect } from 'chai'
import { manifestTemplate } from '../../src/federation/manifest/index.ts'
import { compareLedgers } from './rounds.ts'
import type { JsonEvent, MurmurProcess } from '../e2e/process.ts'
import type { World } from '../e2e/world.ts'

export const NAMES: readonly string[] = ['ada', 'ben', 'cleo', 'dan']
/** How they are divided. */
export const ALL_BUT_DAN = NAMES.slice(0, 3)
export const [HALF, OTHER_HALF] = [NAMES.slice(0, 2), NAMES.slice(2)]

/** What is written on the demo data: a few hundred kilobytes a model, a second a round. */
const DEMO_ROUNDS = '100000'

export class Flock {
  readonly world: World
  readonly #running = new Map<string, MurmurProcess>()
  /** Also those that were killed. */
  readonly all: MurmurProcess[] = []

  private constructor(world: World) {
    this.world = world
  }

  /** Four that train on a small table; a round takes as long as these passes over it. */
  static async onTable(world: World, epochs: number): Promise<Flock> {
    const flock = new Flock(world)
    for (const peer of await world.federation(NAMES, { epochs, rounds: Number(DEMO_ROUNDS) }))
      flock.#add(peer)
    return flock
  }

  /** Four that train on drawn digits, each its own writers'; in a butterfly of three blocks each, if asked for. */
  static async onDigits(world: World, topology: 'full' | 'butterfly' = 'full'): Promise<Flock> {
    const flock = new Flock(world)
    const start = (name: string, args: string[]): void =>
      flock.#add(world.start(name, [...args, ...world.local(name)]))
    const exchange = `topology: ${topology}\n  blockSizeBytes: 65536`
    const yaml = manifestTemplate('digits').replace('topology: full', exchange)
    const from = topology === 'full' ? [] : ['--from', await world.write('digits.yaml', yaml)]
    await world.ask(NAMES[0], ['init', 'digits', ...from, '--rounds', DEMO_ROUNDS, '--members', '4'])
    start(NAMES[0], ['start', '--data', 'demo:1'])
    await flock.peer(NAMES[0]).event('listen')
    const invite = await world.invite(NAMES[0], ['--uses', '3'])
    for (const [i, name] of NAMES.entries())
      if (i > 0) start(name, ['join', invite, '--yes', '--data', `demo:${i + 1}`])
    return flock
  }

  peer(name: string): MurmurProcess {
    const found = this.#running.get(name)
    if (found == null) throw new Error(`No ${name} was started, only ${[...this.#running.keys()].join(', ')}`)
    return found
  }

  peers(names: readonly string[] = NAMES): MurmurProcess[] {
    return names.map((name) => this.peer(name))
  }

  /** Start a peer again that has ended. */
  restart(name: string, env: Record<string, string> = {}): MurmurProcess {
    const again = this.world.start(name, ['start', ...this.world.local(name)], env)
    this.#add(again)
    return again
  }

  /** The latest round that anybody has told of. */
  get lastRound(): number {
    return Math.max(...this.all.map(({ round }) => round))
  }

  /** These complete so many rounds that none of them has completed yet, with the same commits. */
  async goOn(names: readonly string[] = NAMES, rounds = 2): Promise<void> {
    const first = this.lastRound + 1
    for (let round = first; round < first + rounds; round++) await this.#agreed(names, round)
  }

  /** All four go on together from one commit, and no height ever had two. */
  async expectOneLedger(): Promise<void> {
    await this.goOn()
    expect((await compareLedgers(this.world, NAMES)).wrong).to.deep.equal([])
  }

  /** Every one is connected with every other: rounds go on before that. */
  async untilAllMet(): Promise<void> {
    const others = NAMES.length - 1
    const meet = async (peer: MurmurProcess): Promise<void> => {
      while (connectedTo(peer).size < others) await peer.next('member:connect')
    }
    await Promise.all(this.peers().map(meet))
  }

  /** Each of these says, by event and when asked, that it waits for a quorum, and names those of `missing`. */
  async expectStuck(names: readonly string[], missing: readonly string[]): Promise<void> {
    const ids = await Promise.all(this.peers(missing).map(idOf))
    const isIt = (text: string): boolean =>
      /^a quorum|^updates/.test(text) && ids.every((id) => text.includes(id))
    await Promise.all(names.map(async (name) => await this.untilWaitingFor(name, isIt)))
  }

  /** From now on: a peer says, by event and when asked, that it waits for this. */
  async untilWaitingFor(name: string, isIt: (text: string) => boolean): Promise<void> {
    const saysSo = ({ waitingFor }: Record<string, unknown>): boolean => isIt(String(waitingFor))
    for (let said = this.#nextPhase(name, saysSo); ;) {
      await said
      // A last message, or a little room, may still move it on: then it says so again.
      said = this.#nextPhase(name, saysSo)
      if (saysSo(await this.world.ask(name, ['status']))) return
    }
  }

  /** The last round that the files of a peer tell of which does not run. */
  async rememberedBy(name: string): Promise<number> {
    const { origin, round } = await this.world.ask(name, ['status'])
    expect(origin).to.equal('disk')
    return Number(round)
  }

  #nextPhase(name: string, filter: (event: JsonEvent) => boolean): Promise<JsonEvent> {
    const next = this.peer(name).next('phase', filter)
    // It is not waited for where nothing is to come.
    next.catch(() => undefined)
    return next
  }

  async #agreed(names: readonly string[], round: number): Promise<void> {
    const commits = await Promise.all(this.peers(names).map(async (peer) => await peer.commit(round)))
    expect(new Set(commits.map(({ cid }) => cid)), `commits of round ${round}`).to.have.length(1)
  }

  #add(peer: MurmurProcess): void {
    this.#running.set(peer.name, peer)
    this.all.push(peer)
  }
}

/** Whom a peer is connected with, by what it told. */
function connectedTo({ events }: MurmurProcess): Set<unknown> {
  const connected = new Set<unknown>()
  for (const { event, peerId } of events) {
    if (event === 'member:connect') connected.add(peerId)
    if (event === 'member:disconnect') connected.delete(peerId)
  }
  return connected
}

/** The peer's id. */
export async function idOf(peer: MurmurProcess): Promise<string> {
  return String((await peer.event('start'))['peerId'])
}

/** Commits that this process has told of so far. */
export function commitsOf({ events }: MurmurProcess): JsonEvent[] {
  return events.filter(({ event }) => event === 'commit')
}
