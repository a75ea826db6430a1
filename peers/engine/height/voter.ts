/** Casting votes: on disk first, then signed and sent. A restarted peer reads here what it has said. */
import { z } from 'zod'
import { CID } from 'multiformats/cid'
import { cidOf, decode, encode } from '../../../src/federation/cbor.ts'
import { bytesField, cidField } from '../../../src/federation/fields.ts'
import { MAX_ROSTER, proposalType, voteType } from '../../../src/federation/records.ts'
import { open, seal } from '../../../src/federation/signed.ts'
import { createTurns } from '../../../src/turns.ts'
import type { RecordSchema } from '../../../src/federation/cbor.ts'
import type { Vote } from '../../../src/federation/records.ts'
import type { Signed } from '../../../src/federation/signed.ts'
import type { BodyInView, Resume, RoundEffect } from '../../../src/rounds/index.ts'
import type { VoteLog } from '../../../src/state/index.ts'
import type { PrivateKey } from '@libp2p/interface'

const bodyInView = z.strictObject({ body: cidField, view: z.int().min(0) }).nullable()

const saidSchema = z.strictObject({
  view: z.int().min(0),
  locked: bodyInView,
  valid: bodyInView,
  votes: z.array(
    z.strictObject({
      view: z.int().min(0),
      kind: z.enum(['prevote', 'precommit']),
      body: cidField.nullable()
    })
  ),
  /** Envelopes of the proposals that `locked` and `valid` refer to, to be able to argue for them again. */
  proposals: z.array(bytesField(4 * 1024 * 1024)),
  /** Envelopes of the prevotes that made them so: the quorum that a re-proposal refers to must be shown again. */
  prevotes: z.array(bytesField(1024)).max(2 * MAX_ROSTER)
})

const saidType: RecordSchema<z.output<typeof saidSchema>> = {
  name: 'vote record',
  schema: saidSchema,
  maxBytes: 64 * 1024 * 1024
}

type Said = z.output<typeof saidSchema>

/**
 * Views whose votes are remembered, beside those of the lock and of the valid value. A restarted peer enters no view
 * before the last one it voted in, so older votes are not needed to cast none twice; repeating them would only help
 * others that are as far behind.
 */
const VIEWS_REMEMBERED = 64

/** Where to find what a lock, or a valid value, rests on. */
export interface ProofSource {
  /** Envelope of the proposal of a body, if it is here. */
  proposalOf(body: string): Uint8Array | undefined
  /** Envelopes of the prevotes for a body in a view that are here. */
  prevotesFor(at: BodyInView): Uint8Array[]
}

type VoteEffect = Extract<RoundEffect, { type: 'vote' }>

export interface VoterInit {
  federation: CID
  height: number
  key: PrivateKey
  log: VoteLog
}

/** The voice of one peer at one height. */
export class Voter {
  readonly #init: VoterInit
  #said: Said = { view: 0, locked: null, valid: null, votes: [], proposals: [], prevotes: [] }
  /** Votes that were on disk at the start. */
  #resumed: Said['votes'] = []
  /** Body → the proposal kept for it: of those that `locked` and `valid` refer to. */
  #proposals = new Map<string, Uint8Array>()
  /** View and body → the prevotes kept for it. */
  #prevotes = new Map<string, Uint8Array[]>()
  /** One write after the other: a store may finish two at once in any order, and an older record must not stay. */
  readonly #writing = createTurns()

  constructor(init: VoterInit) {
    this.#init = init
  }

  /** What was said before a restart; undefined: nothing at this height. */
  async resume(): Promise<(Resume & { proposals: Uint8Array[]; prevotes: Uint8Array[] }) | undefined> {
    const bytes = await this.#init.log.get(this.#init.height)
    if (bytes == null) return undefined
    this.#said = decode(saidType, bytes)
    this.#resumed = this.#said.votes
    const { view, locked, valid, votes, proposals, prevotes } = this.#said
    this.#proposals = new Map(await Promise.all(proposals.map(byBody)))
    this.#prevotes = await byView(prevotes)
    return {
      view,
      locked: inText(locked),
      valid: inText(valid),
      votes: votes.map((vote) => ({ ...vote, body: vote.body?.toString() ?? null })),
      proposals,
      prevotes
    }
  }

  /**
   * Sign the votes of before the restart again, to send them to those who missed them. Those alone: what was noted since
   * may not be on disk yet.
   */
  async repeat(): Promise<Signed<Vote>[]> {
    return await Promise.all(this.#resumed.map((vote) => this.#sign(vote)))
  }

  /** Take down what this vote says. It is in every record that is written from now on, and may be signed once one is. */
  note(effect: VoteEffect, source: ProofSource): void {
    const { view, kind, locked, valid } = effect
    this.#keepProofs([locked, valid], source)
    const vote = { view, kind, body: effect.body == null ? null : CID.parse(effect.body) }
    const remembered = (of: number): boolean =>
      of > view - VIEWS_REMEMBERED || of === locked?.view || of === valid?.view
    this.#said = {
      view,
      locked: inCid(locked),
      valid: inCid(valid),
      votes: [...this.#said.votes.filter((one) => remembered(one.view)), vote],
      proposals: [...this.#proposals.values()],
      prevotes: [...this.#prevotes.values()].flat()
    }
  }

  /** Write down all that was noted; resolves once it is on disk. May be tried again: it writes what is true by then. */
  async write(): Promise<void> {
    const { log, height } = this.#init
    await this.#writing.take(async () => await log.put(height, encode(this.#said)))
  }

  #keepProofs(rests: (BodyInView | null)[], source: ProofSource): void {
    const proposals = new Map<string, Uint8Array>()
    const prevotes = new Map<string, Uint8Array[]>()
    for (const at of rests) {
      if (at == null) continue
      const proposal = source.proposalOf(at.body) ?? this.#proposals.get(at.body)
      if (proposal != null) proposals.set(at.body, proposal)
      const here = source.prevotesFor(at).slice(0, MAX_ROSTER)
      const before = this.#prevotes.get(proofKey(at)) ?? []
      prevotes.set(proofKey(at), here.length > before.length ? here : before)
    }
    this.#proposals = proposals
    this.#prevotes = prevotes
  }

  /** Sign a vote that is on disk. */
  async sign({ view, kind, body }: VoteEffect): Promise<Signed<Vote>> {
    return await this.#sign({ view, kind, body: body == null ? null : CID.parse(body) })
  }

  async #sign(vote: Pick<Vote, 'view' | 'kind' | 'body'>): Promise<Signed<Vote>> {
    const { federation, height, key } = this.#init
    return await seal(voteType, { federation, height, ...vote }, key)
  }
}

async function byBody(proposal: Uint8Array): Promise<[string, Uint8Array]> {
  const { value } = await open(proposalType, proposal)
  return [(await cidOf(encode(value.body))).toString(), proposal]
}

async function byView(prevotes: readonly Uint8Array[]): Promise<Map<string, Uint8Array[]>> {
  const sorted = new Map<string, Uint8Array[]>()
  for (const prevote of prevotes) {
    const { body, view } = (await open(voteType, prevote)).value
    const key = proofKey({ body: String(body), view })
    sorted.set(key, [...(sorted.get(key) ?? []), prevote])
  }
  return sorted
}

function proofKey({ body, view }: BodyInView): string {
  return `${view}/${body}`
}

function inText(value: { body: CID; view: number } | null): { body: string; view: number } | null {
  return value == null ? null : { body: value.body.toString(), view: value.view }
}

function inCid(value: { body: string; view: number } | null): { body: CID; view: number } | null {
  return value == null ? null : { body: CID.parse(value.body), view: value.view }
}
