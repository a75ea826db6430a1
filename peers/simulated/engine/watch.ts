/** What must hold of real engines, checked at every vote and every commit of a correct one. */
import * as dagCbor from '@ipld/dag-cbor'
import { nextHeight, genesisTip } from '../../../src/rounds/index.ts'
import { voteType } from '../../../src/federation/records.ts'
import { reopen, signerAgain } from '../../../src/federation/signed.ts'
import { heightKey } from '../../../src/state/keys.ts'
import { BanWatch } from '../checker/bans.ts'
import { ViolationError } from '../checker/checker.ts'
import { LockWatch } from '../checker/locks.ts'
import { Models } from './validity.ts'
import type { EngineActor } from './actor.ts'
import type { EngineStage } from './stage.ts'
import type { ProvenVote } from '../checker/bans.ts'
import type { CastVote } from '../checker/locks.ts'
import type { OpenHeight } from '../stage/acts.ts'
import type { RoundEngine } from '../../engine/engine.ts'
import type { WireRecord } from '../../engine/components.ts'
import type { Vote } from '../../../src/federation/records.ts'
import type { LedgerTip } from '../../../src/rounds/index.ts'
import type { CID } from 'multiformats/cid'

export class EngineWatch {
  readonly #stage: EngineStage
  /** By height, from the founding on; of the first peer that committed it. */
  readonly decided: OpenHeight[] = []
  #models: Models | null = null
  #bans: BanWatch | null = null
  readonly #heights = new Map<string, number>()
  readonly #voted = new Map<string, Vote>()
  readonly #locks: LockWatch

  constructor(stage: EngineStage) {
    this.#stage = stage
    this.#locks = new LockWatch(stage.manifest.membership.faultModel)
  }

  follow(peer: EngineActor, engine: RoundEngine): void {
    const { life } = peer
    engine.addEventListener('commit', ({ detail }) => {
      if (peer.life === life) this.#stage.background(this.#committed(peer, detail.tip))
    })
    engine.addEventListener('error', ({ detail }) => {
      if (peer.life === life) this.#stage.background(Promise.reject(detail.error))
    })
  }

  /** Once its ledger is read: it has lost nothing, and is of one mind with the others. */
  restarted(peer: EngineActor): void {
    const before = this.#heights.get(peer.id) ?? 0
    const tip = peer.engine?.tip
    if (tip == null || tip.body.height < before)
      throw new ViolationError(
        `${peer.index} came back at height ${tip?.body.height}, it had committed ${before}`
      )
    this.#heights.set(peer.id, tip.body.height)
    this.#agree(peer, tip)
    this.#rememberAll(peer, tip.body.height + 1)
  }

  #rememberAll(peer: EngineActor, height: number): void {
    for (const [key, vote] of this.#voted) {
      const isOwn = vote.height === height && key.startsWith(`${peer.index}/`)
      if (isOwn && !isWritten(peer, vote)) throw new ViolationError(`${key} was sent, and is forgotten`)
    }
  }

  /** What a correct peer publishes: a vote must be on disk, and the only one of its step. */
  published(peer: EngineActor, { kind, bytes }: WireRecord): void {
    if (kind !== 'vote') return
    const vote = reopen(voteType, bytes)
    const key = `${peer.index}/${vote.height}/${vote.view}/${vote.kind}`
    const said = this.#voted.get(key)
    if (said != null && String(said.body) !== String(vote.body))
      throw new ViolationError(`double vote: ${key}: ${said.body}, ${vote.body}`)
    this.#voted.set(key, vote)
    if (!isWritten(peer, vote)) throw new ViolationError(`${key} was sent before it was synced`)
    if (said == null) this.#judgeLock(peer, vote)
  }

  /** What anybody tells anybody, before it is judged. */
  heard(from: EngineActor, { kind, bytes }: WireRecord): void {
    if (kind === 'vote') this.#locks.heard(castVote(from, reopen(voteType, bytes)))
  }

  #judgeLock(peer: EngineActor, vote: Vote): void {
    const { height, view, kind } = vote
    const { roster } = this.decided[height - 1].height
    const wrong = this.#locks.judge(castVote(peer, vote), roster)
    if (wrong != null) throw new ViolationError(`${wrong}: ${peer.index}/${height}/${view}/${kind}`)
  }

  async #committed(peer: EngineActor, tip: LedgerTip): Promise<void> {
    if (this.#stage.isLiar(peer)) return
    const { height } = tip.body
    const before = this.#heights.get(peer.id) ?? 0
    if (height !== before + 1)
      throw new ViolationError(`${peer.index} went from height ${before} to ${height}`)
    this.#heights.set(peer.id, height)
    if (!isCommitted(peer, height))
      throw new ViolationError(`${peer.index} told of height ${height} before its sync`)
    this.#agree(peer, tip)
  }

  #first(tip: LedgerTip): void {
    const { height } = tip.body
    this.#models ??= new Models(this.#stage)
    if (this.decided[height - 1] == null)
      throw new ViolationError(`height ${height} was committed before the one before it`)
    this.#bans ??= new BanWatch({ liars: this.#stage.liars, read: provenVote })
    const banFault = this.#bans.judge(this.decided[height - 1].tip, tip.body)
    if (banFault != null) throw new ViolationError(banFault)
    if (!this.#models.follows(tip.body))
      throw new ViolationError(`validity: the model of height ${height} does not follow`)
    this.decided[height] = { tip, height: nextHeight(tip) }
  }

  #agree(peer: EngineActor, tip: LedgerTip): void {
    if (this.#stage.isLiar(peer)) return
    const { height } = tip.body
    if (this.decided.length === 0) {
      const founding = genesisTip(this.#stage.federation, this.#stage.manifest, tip.body.model)
      this.decided.push({ tip: founding, height: nextHeight(founding) })
    }
    const known = height === 0 ? undefined : this.decided[height]
    if (height > 0 && known == null) this.#first(tip)
    if (known != null && !known.tip.cid.equals(tip.cid))
      throw new ViolationError(
        `disagreement at height ${height}: ${peer.index} has another commit than the first`
      )
  }
}

function castVote({ id: from }: EngineActor, { height, view, kind, body }: Vote): CastVote {
  return { from, height, view, vote: kind, body: body?.toString() ?? null }
}

/** What a vote in a commit's evidence says. */
export function provenVote(envelope: Uint8Array): ProvenVote {
  const { height, view, kind, body } = reopen(voteType, envelope)
  return { author: signerAgain(envelope), height, step: `${view}/${kind}`, body: body?.toString() ?? null }
}

/** Is this vote in the record on the disk, or the height over? */
function isWritten(peer: EngineActor, { height, view, kind, body }: Vote): boolean {
  const bytes = peer.disk.durable.get(heightKey('votes/', height))
  if (bytes == null) return isCommitted(peer, height)
  const said = dagCbor.decode<{ votes: { view: number; kind: string; body: CID | null }[] }>(bytes)
  return said.votes.some((one) => one.view === view && one.kind === kind && String(one.body) === String(body))
}

function isCommitted(peer: EngineActor, height: number): boolean {
  return peer.disk.durable.has(heightKey('ledger/commit/', height))
}
