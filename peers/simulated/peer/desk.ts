/** A simulated peer's work on one height: payloads that are here, bodies that were made, others' bodies checked. */
import { changesAnything } from '../../engine/membership.ts'
import { admissible, selectOffences } from '../../../src/rounds/index.ts'
import { adopt, claimsFault, judge, make } from './work.ts'
import type { SimPeer } from './peer.ts'
import type { ProposalRecord, SimUpdate } from './records.ts'
import type { MadeBody, MakeInput } from './work.ts'
import type { MembershipChange, Offence, RoundEffect } from '../../../src/rounds/index.ts'

/** How long until a payload that nobody gave is asked for again. */
const RETRY_MS = 200

export class Desk {
  readonly #peer: SimPeer
  /** By address; models that others may ask for as well. */
  readonly payloads = new Map<string, Float32Array>()
  readonly #made = new Map<string, MadeBody>()

  constructor(peer: SimPeer) {
    this.#peer = peer
  }

  /** A body that was made here, by address. */
  made(address: string): MadeBody | undefined {
    return this.#made.get(address)
  }

  /** Make an update complete: fetched and judged. Whoever is on no committee notes that it is there. */
  hold(update: SimUpdate): void {
    const peer = this.#peer
    if (!peer.isGathering && !this.payloads.has(update.payload)) return this.#note(update)
    this.#fetch([update], () => {
      const delta = this.payloads.get(update.payload)
      if (delta == null) return
      const { author, value } = update.signed
      const known = { update: update.address, accepted: judge(peer.position, value, delta) == null }
      peer.dispatch({ type: 'update', author, update: known })
    })
  }

  #note({ signed: { author }, address: update }: SimUpdate): void {
    this.#peer.dispatch({ type: 'update', author, update: { update, accepted: true, announced: true } })
  }

  build({ view, updates }: Extract<RoundEffect, { type: 'build' }>): void {
    const peer = this.#peer
    const change = peer.change()
    if (peer.position.height.mode === 'membership' && !changesAnything(change)) return
    const held = [...peer.log.values()].flatMap((record) =>
      record.kind === 'update' && updates.includes(record.update.address) ? [record.update] : []
    )
    const evidence = peer.accused.carried(change.offences)
    const made = this.#make(held, change, { evidence, time: Math.round(peer.world.now()) })
    peer.dispatch({ type: 'built', view, body: made.address })
  }

  /** Make a proposed body again, or what of it does not follow from payloads: that those on the committee have done. */
  check({ body: address, attested }: Extract<RoundEffect, { type: 'check' }>): void {
    const proposal = [...this.#peer.log.values()].find(
      (record): record is ProposalRecord => record.kind === 'proposal' && record.address === address
    )
    if (proposal == null) return
    const { position, accused } = this.#peer
    if (claimsFault(position, proposal) != null) return this.#verdict(address, false)
    const { body, evidence, updates } = proposal
    const change = (): MembershipChange => {
      const offences = selectOffences(position.tip, accused.proven(evidence))
      return admissible(position.tip, changeOf(body.admissions.map(nameOf), offences))
    }
    if (attested === true) return this.#adopt(proposal, change)
    this.#fetch(updates, () => {
      const made = this.#make(updates, change(), { evidence, time: body.time })
      this.#verdict(address, made.address === address)
    })
  }

  #adopt(proposal: ProposalRecord, change: () => MembershipChange): void {
    const { position } = this.#peer
    this.#fetchModel(proposal.body.model.toString(), (weights) => {
      const made = adopt(position, proposal, { weights, change: change() })
      this.#made.set(made.address, made)
      this.#verdict(proposal.address, made.address === proposal.address)
    })
  }

  /** Asks again until somebody gives it. */
  #fetchModel(model: string, done: (weights: Float32Array) => void): void {
    const peer = this.#peer
    const { weights, tip } = peer.position
    if (model === tip.body.model.toString()) return done(weights)
    peer.later('fetch', () => {
      const here = this.payloads.get(model) ?? peer.world.model(peer, model)
      if (here == null) return peer.later(RETRY_MS, () => this.#fetchModel(model, done))
      this.payloads.set(model, here)
      done(here)
    })
  }

  #verdict(body: string, valid: boolean): void {
    this.#peer.dispatch({ type: 'checked', body, valid })
  }

  #make(
    updates: readonly SimUpdate[],
    change: MembershipChange,
    rest: Pick<MakeInput, 'evidence' | 'time'>
  ): MadeBody {
    const made = make(this.#peer.position, { updates, payloads: this.payloads, change, ...rest })
    this.#made.set(made.address, made)
    if (this.#peer.position.height.committee != null)
      this.payloads.set(made.body.model.toString(), made.weights)
    return made
  }

  /** Get payloads, asking again until somebody gives them: their authors at first, then anybody. */
  #fetch(updates: readonly SimUpdate[], done: () => void, attempt = 0): void {
    if (this.#areHere(updates)) return done()
    this.#peer.later('fetch', () => {
      for (const update of updates) {
        if (this.payloads.has(update.payload)) continue
        const delta = this.#peer.world.payload(this.#peer, update, attempt)
        if (delta != null) this.payloads.set(update.payload, delta)
      }
      if (this.#areHere(updates)) done()
      else this.#peer.later(RETRY_MS, () => this.#fetch(updates, done, attempt + 1))
    })
  }

  #areHere(updates: readonly SimUpdate[]): boolean {
    return updates.every(({ payload }) => this.payloads.has(payload))
  }
}

/** These members admitted, these accused, and nothing else. A certificate is the member's name. */
export function changeOf(admitted: string[], offences: Offence[] = []): MembershipChange {
  const admissions = admitted.map((name) => new TextEncoder().encode(name))
  return { admissions, admitted, revocations: [], removed: [], offences }
}

function nameOf(certificate: Uint8Array): string {
  return new TextDecoder().decode(certificate)
}
