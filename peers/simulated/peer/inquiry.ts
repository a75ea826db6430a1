/** Finding out what this peer lacks, as peers/engine/catch-up.ts does: when others are ahead, when nothing moves. */
import { quorumSize } from '../../../src/rounds/index.ts'
import { addressOf } from './address.ts'
import { joinRecord } from './records.ts'
import type { SimPeer } from './peer.ts'
import type { SimCommit, SimRecord } from './records.ts'

export interface Question {
  height: number
  /** Keys of the records that are here. */
  have: { has(key: string): boolean }
}

export interface Answer {
  commits: readonly SimCommit[]
  records: readonly SimRecord[]
}

/** Without progress for so long, ask. */
const STALLED_MS = 500
/** Being behind by a moment is no reason to ask. */
const PATIENCE_MS = 200
/** Who is not in the roster asks to join no more often than this. */
const JOIN_INTERVAL_MS = 2000

export class Inquiry {
  readonly #peer: SimPeer
  readonly #soon = new Set<string>()
  #lastProgress = ''
  #turn = 0
  #askedAt = -Infinity

  constructor(peer: SimPeer) {
    this.#peer = peer
  }

  /** After each start of the peer. */
  start(): void {
    this.#soon.clear()
    this.#askedAt = -Infinity
    this.#tickLater()
  }

  /** Ask this peer in a moment, unless what is lacking has come by then. */
  askSoon(other: string): void {
    if (this.#soon.has(other)) return
    this.#soon.add(other)
    const { height, world } = this.#peer
    world.after(this.#peer, PATIENCE_MS, () => {
      this.#soon.delete(other)
      if (this.#peer.height === height) this.#ask(other)
    })
  }

  /** Outside the roster there is nothing to do but to ask to be let in. */
  askToJoin(): void {
    const peer = this.#peer
    const now = peer.world.now()
    if (peer.isMember() || now - this.#askedAt < JOIN_INTERVAL_MS) return
    this.#askedAt = now
    peer.announce(joinRecord(peer.id))
  }

  #tickLater(): void {
    this.#peer.world.after(this.#peer, STALLED_MS, () => {
      this.#tickLater()
      this.#tick()
    })
  }

  #tick(): void {
    const progress = this.#peer.progress()
    const stalled = progress === this.#lastProgress
    this.#lastProgress = progress
    this.askToJoin()
    const others = [...this.#peer.state.connected]
    if (stalled && others.length > 0) this.#ask(others[this.#turn++ % others.length])
  }

  #ask(other: string): void {
    const peer = this.#peer
    const question = { height: peer.committed, have: new Set(peer.log.keys()) }
    peer.world.ask(peer, other, question, ({ commits, records }) => {
      this.#adopt(commits, () => {
        for (const record of records) peer.receive(record)
      })
    })
  }

  /** One commit after the other, each on disk before the next; what does not follow ends it. */
  #adopt(commits: readonly SimCommit[], done: () => void): void {
    const peer = this.#peer
    const at = commits.findIndex((commit) => follows(peer, commit))
    if (at < 0) return done()
    const commit = commits[at]
    peer.append(commit, () => this.#adopt(commits.slice(at + 1), done))
  }
}

/** Is this the commit that follows, with a quorum's votes in one view and the model that it names? */
function follows({ position, world }: SimPeer, { body, cid, address, weights, votes }: SimCommit): boolean {
  const { tip, height } = position
  if (body.height !== height.height || !body.previous.equals(tip.cid)) return false
  if (!addressOf(body).equals(cid) || !addressOf(weights).equals(body.model)) return false
  const voters = new Set<string>()
  for (const vote of votes) {
    const counts = vote.vote === 'precommit' && vote.body === address && vote.view === votes[0].view
    if (counts && height.roster.includes(vote.from)) voters.add(vote.from)
  }
  return voters.size >= quorumSize(height.roster.length, world.federation.config.faultModel)
}
