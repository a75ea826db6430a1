/** A history being played: peers, network, disks and liars in one virtual time, moved on event by event. */
import { integerBelow, seededRandom, uniform } from '../../src/random.ts'
import { addressOf } from './peer/address.ts'
import { Checker } from './checker/checker.ts'
import { simulatedFederation } from './federation.ts'
import { Liar } from './peer/liars.ts'
import { SimPeer } from './peer/peer.ts'
import { Stage } from './stage/stage.ts'
import { Trained } from './peer/trained.ts'
import type { VirtualDisk } from './stage/disk.ts'
import type { SimFederation } from './federation.ts'
import type { History } from './history.ts'
import type { Answer, Question } from './peer/inquiry.ts'
import type { Plot } from './peer/liars.ts'
import type { SimRecord, SimUpdate, Stored, VoteRecord } from './peer/records.ts'
import type { PeerWorld, Task, TrainedUpdate } from './world.ts'
import type { Update } from '../../src/federation/records.ts'

/** What work takes at most, in virtual milliseconds. */
const WORK_MS = { fetch: 30, check: 40, build: 40 }
const CODEC = 'fp32'
const NOTHING = new Uint8Array(0)

export class Simulation extends Stage<SimPeer> implements PeerWorld {
  readonly federation: SimFederation
  readonly observer: Checker
  readonly peers: SimPeer[]
  readonly #liars: ReadonlyMap<string, Liar>
  readonly #disks: VirtualDisk<Stored>[]
  readonly #trained = new Trained()
  /** Votes that their authors have cast. */
  readonly #genuine = new WeakSet<SimRecord>()

  constructor(history: History) {
    super(history)
    this.federation = simulatedFederation(history.federation)
    const { ids } = this.federation
    const { random, time } = this
    this.#disks = ids.map((_, i) => this.createDisk<Stored>(i))
    const plot: Plot = new Map()
    this.#liars = new Map(
      history.liars.map(({ peer, strategies }) => [
        ids[peer],
        new Liar(ids[peer], { strategies, random, plot, banRounds: history.federation.banRounds })
      ])
    )
    this.observer = new Checker({
      federation: this.federation,
      liars: new Set(this.#liars.keys()),
      trained: this.#trained,
      now: () => time.now
    })
    this.peers = ids.map((_, i) => new SimPeer(i, this))
  }

  disk(index: number): VirtualDisk<Stored> {
    return this.#disks[index]
  }

  takes(task: Task, peer: SimPeer): number {
    const factor = this.slowness(peer)
    if (task === 'late') return this.history.timerLateMs * uniform(this.random)
    if (task !== 'train') return factor * WORK_MS[task] * uniform(this.random)
    const { leastMs, spreadMs } = this.history.training[peer.index]
    return factor * (leastMs + spreadMs * uniform(this.random))
  }

  train(peer: SimPeer): TrainedUpdate {
    const { tip, height, weights } = peer.position
    const random = seededRandom(this.history.seed, 3, peer.index, height.height)
    const honest = weights.map(() => uniform(random) - 0.5)
    const samples = 1 + integerBelow(random, 200)
    const metrics = { loss: uniform(random), samples }
    const value: Update = {
      federation: tip.federation,
      author: peer.id,
      height: height.height,
      base: tip.cid,
      samples,
      metricsBefore: metrics,
      metricsAfter: metrics,
      codec: CODEC,
      payload: addressOf(honest),
      sizeBytes: honest.byteLength,
      trainingMs: 0
    }
    const { update: said, delta } = this.#liars.get(peer.id)?.train(value, honest) ?? {
      update: value,
      delta: honest
    }
    const cid = addressOf([peer.id, said.height, said.base, said.payload, said.samples])
    const signed = { value: said, author: peer.id, cid, bytes: NOTHING }
    const update = { signed, address: cid.toString(), payload: said.payload.toString() }
    this.#trained.add({ update, delta })
    return { update, delta }
  }

  isGenuine(vote: VoteRecord): boolean {
    return this.#genuine.has(vote)
  }

  tell(from: SimPeer, record: SimRecord): void {
    const liar = this.#liars.get(from.id)
    if (record.kind === 'vote') this.#genuine.add(record)
    for (const to of this.peers) {
      if (to === from) continue
      for (const told of liar?.tell(record, to.index, from.log) ?? [record]) {
        if (liar != null) this.observer.told(told)
        if (told.kind === 'vote' && told.from === from.id) this.#genuine.add(told)
        this.send(from, to, () => to.receive(told))
      }
    }
  }

  ask(from: SimPeer, other: string, question: Question, onAnswer: (answer: Answer) => void): void {
    const to = this.peers[this.federation.ids.indexOf(other)]
    const { life } = from
    this.send(from, to, () => {
      const honest = to.answer(question)
      const liar = this.#liars.get(to.id)
      const answer = liar?.answer(honest) ?? honest
      // Votes that it told nobody else are among its records.
      if (liar != null) for (const record of answer.records) this.observer.told(record)
      this.send(to, from, () => {
        if (from.life === life) onAnswer(answer)
      })
    })
  }

  payload(peer: SimPeer, { signed, payload }: SimUpdate, attempt: number): Float32Array | undefined {
    const isAuthorHere = attempt === 0 && peer.state.connected.has(signed.author)
    return this.#vector(peer, payload, (holder) => !isAuthorHere || holder.id === signed.author)
  }

  model(peer: SimPeer, address: string): Float32Array | undefined {
    return this.#vector(peer, address, () => true)
  }

  #vector(peer: SimPeer, address: string, mayAsk: (holder: SimPeer) => boolean): Float32Array | undefined {
    for (const holder of this.peers) {
      if (holder === peer || !holder.up || !mayAsk(holder) || !this.talk(peer, holder)) continue
      const liar = this.#liars.get(holder.id)
      if (liar?.serves(peer.index) === false) continue
      const vector = holder.desk.payloads.get(address) ?? liar?.lie(address)
      if (vector != null) return vector
    }
    return undefined
  }

  isOutstanding({ accused, position }: SimPeer): boolean {
    return accused.offences(position.tip).length > 0
  }

  /** For people: how it stands, a line a peer. */
  describe(): string[] {
    return this.peers.map((peer) => {
      const { step, view, locked, valid, updates } = peer.state
      const role = this.isLiar(peer) ? 'liar' : peer.up ? 'up' : 'down'
      const short = (at: typeof locked): string => (at == null ? '-' : `${at.body.slice(-6)}@${at.view}`)
      return `${peer.id} (${role}) height ${peer.height}, view ${view}, ${step}, locked ${short(locked)}, valid ${short(valid)}, ${updates.size} updates, connected to ${[...peer.state.connected].join(' ')}`
    })
  }

  protected onRaised(peer: SimPeer): void {
    this.observer.restarted(peer)
  }
}
