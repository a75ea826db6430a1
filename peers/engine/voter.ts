/** Casting votes: on disk first, then signed and sent. A restarted peer reads here what it has said. */
import { z } from 'zod'
import { CID } from 'multiformats/cid'
import { decode, encode } from '../../src/federation/cbor.ts'
import { bytesField, cidField } from '../../src/federation/fields.ts'
import { voteType } from '../../src/federation/records.ts'
import { seal } from '../../src/federation/signed.ts'
import type { RecordSchema } from '../../src/federation/cbor.ts'
import type { Vote } from '../../src/federation/records.ts'
import type { Signed } from '../../src/federation/signed.ts'
import type { Resume, RoundEffect } from '../../src/rounds/index.ts'
import type { VoteLog } from '../../src/state/index.ts'
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
  proposals: z.array(bytesField(4 * 1024 * 1024))
})

const saidType: RecordSchema<z.output<typeof saidSchema>> = {
  name: 'vote record',
  schema: saidSchema,
  maxBytes: 64 * 1024 * 1024
}

export interface VoterInit {
  federation: CID
  height: number
  key: PrivateKey
  log: VoteLog
}

/** The voice of one peer at one height. */
export class Voter {
  readonly #init: VoterInit
  #said: z.output<typeof saidSchema> = { view: 0, locked: null, valid: null, votes: [], proposals: [] }

  constructor(init: VoterInit) {
    this.#init = init
  }

  /** What was said before a restart; undefined: nothing at this height. */
  async resume(): Promise<(Resume & { proposals: Uint8Array[] }) | undefined> {
    const bytes = await this.#init.log.get(this.#init.height)
    if (bytes == null) return undefined
    this.#said = decode(saidType, bytes)
    const { view, locked, valid, votes, proposals } = this.#said
    return {
      view,
      locked: inText(locked),
      valid: inText(valid),
      votes: votes.map((vote) => ({ ...vote, body: vote.body?.toString() ?? null })),
      proposals
    }
  }

  /** Sign the votes of before the restart again, to send them to those who missed them. */
  async repeat(): Promise<Signed<Vote>[]> {
    return await Promise.all(this.#said.votes.map((vote) => this.#sign(vote)))
  }

  /**
   * Write the vote down, then sign it.
   *
   * @param proposal - envelope of the proposal voted for
   */
  async cast(effect: Extract<RoundEffect, { type: 'vote' }>, proposal?: Uint8Array): Promise<Signed<Vote>> {
    const body = effect.body == null ? null : CID.parse(effect.body)
    const vote = { view: effect.view, kind: effect.kind, body }
    const isNew = proposal != null && effect.kind === 'precommit' && effect.body != null
    this.#said = {
      view: effect.view,
      locked: inCid(effect.locked),
      valid: inCid(effect.valid),
      votes: [...this.#said.votes, vote],
      proposals: isNew ? [...this.#said.proposals, proposal] : this.#said.proposals
    }
    await this.#init.log.put(this.#init.height, encode(this.#said))
    return await this.#sign(vote)
  }

  async #sign(vote: Pick<Vote, 'view' | 'kind' | 'body'>): Promise<Signed<Vote>> {
    const { federation, height, key } = this.#init
    return await seal(voteType, { federation, height, ...vote }, key)
  }
}

function inText(value: { body: CID; view: number } | null): { body: string; view: number } | null {
  return value == null ? null : { body: value.body.toString(), view: value.view }
}

function inCid(value: { body: string; view: number } | null): { body: CID; view: number } | null {
  return value == null ? null : { body: CID.parse(value.body), view: value.view }
}
