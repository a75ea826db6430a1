/** What must hold whatever happens, checked whenever a correct peer votes, commits or accuses. */
import { provenVote } from '../peer/accused.ts'
import { BanWatch } from './bans.ts'
import { changeOf } from '../peer/desk.ts'
import { LockWatch } from './locks.ts'
import { commitKey, saidKey } from '../peer/records.ts'
import { make } from '../peer/work.ts'
import { nextHeight } from '../../../src/rounds/index.ts'
import type { SimFederation } from '../federation.ts'
import type { SimPeer } from '../peer/peer.ts'
import type { Evidence } from '../../../src/federation/records.ts'
import type { SimCommit, SimRecord, VoteRecord } from '../peer/records.ts'
import type { Trained } from '../peer/trained.ts'
import type { Observer } from '../world.ts'
import type { SimPosition } from '../peer/work.ts'
import type { Offence, RoundEffect } from '../../../src/rounds/index.ts'

/** A property that must always hold does not. */
export class ViolationError extends Error {
  static override name = 'ViolationError'

  constructor(what: string) {
    super(what)
    this.name = 'ViolationError'
  }
}

/** Heights whose votes are remembered: nobody is further behind and votes. */
const HEIGHTS = 256

/** What was first committed at a height. */
export interface Decided {
  /** Null for the founding. */
  commit: Omit<SimCommit, 'votes'> | null
  atMs: number
  position: SimPosition
}

export interface CheckerInit {
  federation: SimFederation
  /** Peers that lie: nothing is expected of them. */
  liars: ReadonlySet<string>
  trained: Trained
  now: () => number
}

export class Checker implements Observer {
  readonly #init: CheckerInit
  /** Of the first peer that committed it. */
  readonly decided = new Map<number, Decided>()
  readonly accusations: { by: string; against: string }[] = []
  /** Height → peer, view and kind → what was voted. */
  readonly #voted = new Map<number, Map<string, string | null>>()
  readonly #heights = new Map<string, number>()
  readonly #locks: LockWatch
  readonly #bans: BanWatch

  constructor(init: CheckerInit) {
    this.#init = init
    this.#locks = new LockWatch(init.federation.config.faultModel)
    this.#bans = new BanWatch({ liars: init.liars, read: provenVote })
    const { genesis, initialWeights } = init.federation
    const position = { tip: genesis, weights: initialWeights, height: nextHeight(genesis) }
    this.decided.set(0, { commit: null, atMs: 0, position })
  }

  get latest(): Decided {
    const last = this.decided.get(this.decided.size - 1)
    if (last == null) throw new Error('Height 0 is always decided')
    return last
  }

  /** Whatever happens to it, a correct peer votes once in a step, and not before that is on disk. */
  voted(peer: SimPeer, record: VoteRecord): void {
    const { from, height, view, vote, body } = record
    if (this.#init.liars.has(peer.id)) return
    const key = `${from}/${height}/${view}/${vote}`
    const atHeight = this.#voted.get(height) ?? new Map<string, string | null>()
    const said = atHeight.get(key)
    if (said !== undefined && said !== body) throw new ViolationError(`double vote: ${key}: ${said}, ${body}`)
    this.#voted.set(height, atHeight.set(key, body))
    this.#voted.delete(height - HEIGHTS)
    this.#locks.heard(record)
    const roster = this.decided.get(height - 1)?.position.height.roster ?? []
    const wrong = said === undefined ? this.#locks.judge(record, roster) : null
    if (wrong != null) throw new ViolationError(`${key}: ${wrong}`)
    const votes = peer.store.said(height)?.resume.votes ?? []
    const written = votes.some((one) => one.view === view && one.kind === vote && one.body === body)
    if (!written && !peer.store.isDurable(commitKey(height))) {
      throw new ViolationError(`${key} was sent before ${saidKey(height)} was synced`)
    }
  }

  /** Anything that anybody sends to somebody, lies included. */
  told(record: SimRecord): void {
    if (record.kind === 'vote') this.#locks.heard(record)
  }

  committed(peer: SimPeer, commit: SimCommit): void {
    if (this.#init.liars.has(peer.id)) return
    const { height } = commit.body
    const before = this.#heights.get(peer.id) ?? 0
    if (height !== before + 1) throw new ViolationError(`${peer.id} went from height ${before} to ${height}`)
    this.#heights.set(peer.id, height)
    if (!peer.store.isDurable(commitKey(height)))
      throw new ViolationError(`${peer.id} went on from height ${height} before it was synced`)
    const known = this.decided.get(height)
    if (known == null) this.#first(commit)
    else if (known.commit?.address !== commit.address)
      throw new ViolationError(
        `disagreement at height ${height}: ${peer.id} has another commit than the first`
      )
  }

  shared(made: Omit<SimCommit, 'votes'>): Omit<SimCommit, 'votes'> {
    const known = this.decided.get(made.body.height)?.commit
    return known?.address === made.address ? known : made
  }

  evidence(peer: SimPeer, { from, view, kind }: Extract<RoundEffect, { type: 'evidence' }>): void {
    if (this.#init.liars.has(peer.id)) return
    this.accusations.push({ by: peer.id, against: from })
    if (!this.#init.liars.has(from))
      throw new ViolationError(`${peer.id} accuses ${from}, who is correct, of two ${kind}s in view ${view}`)
  }

  /** A restarted peer goes on where it had got to: nothing it told others is forgotten. */
  restarted(peer: SimPeer): void {
    const before = this.#heights.get(peer.id) ?? 0
    if (peer.committed < before)
      throw new ViolationError(`${peer.id} came back at height ${peer.committed}, it had committed ${before}`)
    // A commit may have reached the disk in the very moment of the crash.
    for (const commit of peer.store.commitsFrom(before + 1)) this.committed(peer, commit)
  }

  /** Validity: the commit follows from its updates and from nothing else. */
  #first({ body, address, weights, cid }: SimCommit): void {
    const previous = this.decided.get(body.height - 1)
    if (previous == null)
      throw new ViolationError(`height ${body.height} was committed before the one before it`)
    const { position } = previous
    const sources = body.contributions.flatMap(
      ({ update }) => this.#init.trained.get(body.height, update.toString()) ?? []
    )
    if (sources.length !== body.contributions.length)
      throw new ViolationError(`${address} counts what nobody sent`)
    const updates = sources.map(({ update }) => update)
    const payloads = new Map(sources.map(({ update, delta }) => [update.payload, delta]))
    const banFault = this.#bans.judge(position.tip, body)
    if (banFault != null) throw new ViolationError(banFault)
    const admitted = body.admissions.map((bytes) => new TextDecoder().decode(bytes))
    const change = changeOf(admitted, (body.evidence ?? []).map(offenceOf))
    const made = make(position, { updates, payloads, change, evidence: [], time: body.time })
    if (made.address !== address)
      throw new ViolationError(`validity: recomputing ${address} gives ${made.address}`)
    if ((body.epsilon ?? 0) < (position.tip.body.epsilon ?? 0))
      throw new ViolationError(`epsilon fell to ${body.epsilon} at height ${body.height}`)
    const tip = { ...position.tip, cid, body }
    const atMs = this.#init.now()
    this.decided.set(body.height, {
      commit: { cid, address, body, weights },
      atMs,
      position: { tip, weights, height: nextHeight(tip) }
    })
  }
}

/** What a proof in a commit proves; that it does so was judged. */
function offenceOf(votes: Evidence): Offence {
  const { author: offender, height, step } = provenVote(votes[0])
  const [view, kind] = step.split('/')
  return { offender, height, view: Number(view), kind: kind as Offence['kind'], votes }
}
