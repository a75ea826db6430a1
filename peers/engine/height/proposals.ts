/** The proposals of a height, and what this peer makes of their bodies: by its own work, or by that of a committee. */
import { cidOf, encode } from '../../../src/federation/cbor.ts'
import { isLapse } from '../../../src/rounds/index.ts'
import { InvalidProposalError } from './bodies.ts'
import { taken } from './results.ts'
import type { Bodies, KnownBody } from './bodies.ts'
import type { BlockExchange, FetchOptions, Position } from '../components.ts'
import type { Proposal } from '../../../src/federation/records.ts'
import type { Signed } from '../../../src/federation/signed.ts'
import type { Height, KnownProposal, RoundEffect } from '../../../src/rounds/index.ts'
import type { Logger } from '@libp2p/interface'

export interface ProposalsInit {
  position: Position
  height: Height
  blocks: BlockExchange
  bodies: Bodies
  /** Whoever has worked a result out has it, and soon others who took it from there. */
  fetch: FetchOptions
  log: Logger
  /** Tries until it works or the height is over. */
  insist: (attempt: () => Promise<boolean>) => Promise<boolean>
  onProposal: (from: string, view: number, proposal: KnownProposal) => void
  onChecked: (body: string, valid: boolean) => void
  /** Its author proposed what cannot be right. */
  onRefused: (author: string, error: InvalidProposalError) => void
}

export class Proposals {
  readonly #init: ProposalsInit
  /** Body → the first proposal of it. */
  readonly #byBody = new Map<string, Signed<Proposal>>()

  constructor(init: ProposalsInit) {
    this.#init = init
  }

  async hear(signed: Signed<Proposal>): Promise<void> {
    const { body: proposed, view, validView } = signed.value
    const body = (await cidOf(encode(proposed))).toString()
    if (!this.#byBody.has(body)) this.#byBody.set(body, signed)
    const lapses = isLapse(this.#init.height, proposed)
    this.#init.onProposal(signed.author, view, { body, validView, lapses })
  }

  /** Envelope of the proposal of a body, if it is here. */
  bytesOf(body: string): Uint8Array | undefined {
    return this.#byBody.get(body)?.bytes
  }

  async check({ body, attested }: Extract<RoundEffect, { type: 'check' }>): Promise<void> {
    const proposal = this.#byBody.get(body)
    if (proposal == null) throw new Error(`The proposed body ${body} is not known here`)
    const make = attested === true ? this.#adopt : this.#recompute
    const valid = await this.#init.insist(() => this.#verdict(proposal, make))
    this.#init.onChecked(body, valid)
  }

  readonly #recompute = async (proposal: Proposal): Promise<KnownBody> =>
    await this.#init.bodies.check(proposal)

  readonly #adopt = async (proposal: Proposal): Promise<KnownBody> =>
    await this.#init.bodies.adopt(proposal, await taken(this.#init, proposal.body, this.#init.fetch))

  async #verdict(
    proposal: Signed<Proposal>,
    make: (proposal: Proposal) => Promise<KnownBody>
  ): Promise<boolean> {
    try {
      await make(proposal.value)
      return true
    } catch (error) {
      if (!(error instanceof InvalidProposalError)) throw error
      this.#init.log('refused the proposal of %s: %s', proposal.author, error.message)
      if (!error.isOfClock) this.#init.onRefused(proposal.author, error)
      return false
    }
  }
}
