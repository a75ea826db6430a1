/** A lying engine: what it publishes is changed and signed anew on the way out, differently for each receiver. */
import { cidOf, encode } from '../../../src/federation/cbor.ts'
import { compare } from 'uint8arrays/compare'
import { evidenceType, proposalType, updateType, voteType } from '../../../src/federation/records.ts'
import { integerBelow, uniform } from '../../../src/random.ts'
import { reopen, seal } from '../../../src/federation/signed.ts'
import type { Strategy } from '../peer/liars.ts'
import type { WireRecord } from '../../engine/components.ts'
import type { CommitBody } from '../../../src/federation/records.ts'
import type { Random } from '../../../src/random.ts'
import type { PrivateKey } from '@libp2p/interface'
import type { CID } from 'multiformats/cid'

const HONESTY = 0.3
const MAX_REMEMBERED = 32

export class EngineLiar {
  readonly #key: PrivateKey
  readonly #strategies: readonly Strategy[]
  readonly #random: Random
  readonly #memory: WireRecord[] = []
  /** Of what it proposed twofold: the other body. */
  readonly #others = new Map<string, CID>()

  constructor(key: PrivateKey, strategies: readonly Strategy[], random: Random) {
    this.#key = key
    this.#strategies = strategies
    this.#random = random
  }

  serves(to: number): boolean {
    if (this.#strategies.includes('stall')) return false
    return !this.#strategies.includes('withhold') || to % 2 === 0
  }

  /** @param heard - the records that reached it */
  async tell(record: WireRecord, to: number, heard: readonly WireRecord[]): Promise<WireRecord[]> {
    const strategy = this.#strategies[integerBelow(this.#random, this.#strategies.length)]
    if (this.#memory.length < MAX_REMEMBERED) this.#memory.push(record)
    if (uniform(this.#random) < HONESTY) return [record]
    switch (strategy) {
      case 'equivocate':
        return to % 2 === 0
          ? [record]
          : [await this.#other(record, (body) => ({ ...body, time: body.time + 1 }))]
      case 'lie-about-aggregate':
        return [await this.#lie(record)]
      case 'vote-twice':
        return [record, await this.#other(record, (body) => body)]
      case 'unproven':
        return [await this.#unproven(record)]
      case 'replay':
        return [this.#memory[integerBelow(this.#random, this.#memory.length)], record]
      case 'frame':
        return [record, ...(await this.#frame(record, heard))]
      case 'withhold':
      case 'stall':
      case 'garbage':
      case 'huge-claims':
        return [record]
    }
  }

  /** Two votes of one member, or of two, as if they contradicted each other. */
  async #frame({ kind, bytes }: WireRecord, heard: readonly WireRecord[]): Promise<WireRecord[]> {
    const votes = heard.filter((one) => one.kind === 'vote')
    if (kind !== 'vote' || votes.length < 2) return []
    const { federation } = reopen(voteType, bytes)
    const [first, second] = [0, 1]
      .map(() => votes[integerBelow(this.#random, votes.length)].bytes)
      .sort(compare)
    return [
      { kind: 'evidence', ...(await seal(evidenceType, { federation, votes: [first, second] }, this.#key)) }
    ]
  }

  /** Something that can be had is to be the model: one of the payloads. */
  async #lie(record: WireRecord): Promise<WireRecord> {
    const [update] = record.kind === 'proposal' ? reopen(proposalType, record.bytes).updates : []
    const { payload } = update == null ? {} : reopen(updateType, update)
    const isRoot = payload != null && !(payload instanceof Uint8Array)
    return await this.#other(record, (body) => ({ ...body, model: isRoot ? payload : body.previous }))
  }

  async #other(record: WireRecord, change: (body: CommitBody) => CommitBody): Promise<WireRecord> {
    if (record.kind === 'vote') return await this.#otherVote(record)
    if (record.kind !== 'proposal') return record
    const proposal = reopen(proposalType, record.bytes)
    const body = change(proposal.body)
    this.#others.set((await cidOf(encode(proposal.body))).toString(), await cidOf(encode(body)))
    return { kind: 'proposal', ...(await seal(proposalType, { ...proposal, body }, this.#key)) }
  }

  async #otherVote(record: WireRecord): Promise<WireRecord> {
    const vote = reopen(voteType, record.bytes)
    const other =
      vote.body == null ? [...this.#others.values()].at(-1) : this.#others.get(vote.body.toString())
    return { kind: 'vote', ...(await seal(voteType, { ...vote, body: other ?? null }, this.#key)) }
  }

  async #unproven(record: WireRecord): Promise<WireRecord> {
    if (record.kind !== 'proposal') return record
    const proposal = reopen(proposalType, record.bytes)
    if (proposal.view === 0) return record
    const body = { ...proposal.body, time: proposal.body.time + 1 }
    const said = { ...proposal, body, validView: proposal.view - 1 }
    return { kind: 'proposal', ...(await seal(proposalType, said, this.#key)) }
  }
}
