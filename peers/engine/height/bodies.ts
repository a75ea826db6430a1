/** Commit bodies of one height: those this peer makes, and those it checks by making them again. */
import { cidOf, encode } from '../../../src/federation/cbor.ts'
import { updateType } from '../../../src/federation/records.ts'
import { open } from '../../../src/federation/signed.ts'
import { admissible, isLapse, makeBody, openEvidence, selectOffences } from '../../../src/rounds/index.ts'
import { isTooLate } from '../clocks.ts'
import { differences } from '../differences.ts'
import { changesAnything } from '../membership.ts'
import type { HeldUpdate, Position } from '../components.ts'
import type { Membership } from '../membership.ts'
import type { Results, ResultsCache } from './results.ts'
import type { UpdatePool } from './updates.ts'
import type { CommitBody, Proposal, Update } from '../../../src/federation/records.ts'
import type { Signed } from '../../../src/federation/signed.ts'
import type { Height, MembershipChange, Offence } from '../../../src/rounds/index.ts'
import type { CID } from 'multiformats/cid'

/** A body that this peer knows to be right, with what it takes to propose and to apply it. */
export interface KnownBody {
  body: CommitBody
  cid: CID
  updates: HeldUpdate[]
  results: Results
}

/** A proposal that does not hold; the message says in what. */
export class InvalidProposalError extends Error {
  static override name = 'InvalidProposalError'
  /** Its author's clock may be wrong, or this peer's. */
  readonly isOfClock: boolean

  constructor(reason: string, { isOfClock = false }: { isOfClock?: boolean } = {}) {
    super(`The proposal does not hold: ${reason}`)
    this.name = 'InvalidProposalError'
    this.isOfClock = isOfClock
  }
}

export interface BodiesInit {
  position: Position
  height: Height
  updates: Pick<UpdatePool, 'hold'>
  results: Pick<ResultsCache, 'of'>
  membership: Pick<Membership, 'proposeChange' | 'checkChange'>
  /** What is proven against whom, for the next commit to carry. */
  offences: () => Offence[]
  now: () => number
}

export class Bodies {
  readonly #init: BodiesInit
  readonly #known = new Map<string, KnownBody>()

  constructor(init: BodiesInit) {
    this.#init = init
  }

  get(cid: string): KnownBody | undefined {
    return this.#known.get(cid)
  }

  /** Make a body from updates held here. Undefined: there is nothing to commit. */
  async build(updates: readonly Signed<Update>[]): Promise<KnownBody | undefined> {
    const { height, now } = this.#init
    const time = now()
    const held = await Promise.all(updates.map((update) => this.#init.updates.hold(update)))
    const change = await this.#proposeChange(time)
    if (height.mode === 'membership' && !changesAnything(change)) return undefined
    return await this.#make(held, change, { time, results: await this.#init.results.of(held) })
  }

  async #proposeChange(time: number): Promise<MembershipChange> {
    const { membership, height, position, offences } = this.#init
    const change = admissible(position.tip, await membership.proposeChange(height.roster, time))
    return { ...change, offences: offences() }
  }

  /**
   * Make a proposed body again from its own updates and membership changes.
   *
   * @throws {InvalidProposalError} the result differs, or the rules forbid it
   * @throws {Error} a payload cannot be had: no verdict
   */
  async check(proposal: Proposal): Promise<KnownBody> {
    const { body } = proposal
    this.#checkClaims(body)
    const signed = await this.#open(proposal)
    const held = await Promise.all(signed.map((update) => this.#init.updates.hold(update)))
    return await this.#same(body, await this.#remake(body, held))
  }

  /**
   * The same for who is on no committee, once those that are have prevoted it: all but the verdicts on its updates and these
   * results, which were taken from them, is made again.
   */
  async adopt(proposal: Proposal, results: Results): Promise<KnownBody> {
    const { body } = proposal
    this.#checkClaims(body)
    const said = new Map(body.contributions.map(({ update, refused }) => [update.toString(), refused]))
    const signed = await this.#open(proposal)
    const judged = signed.map((update) => ({ signed: update, refused: said.get(update.cid.toString()) }))
    return await this.#same(body, await this.#remake(body, judged, results))
  }

  /** @throws {InvalidProposalError} it is another */
  async #same(body: CommitBody, made: KnownBody): Promise<KnownBody> {
    const claimed = await cidOf(encode(body))
    if (!made.cid.equals(claimed)) {
      const differing = differences(body, made.body).join(', ')
      throw new InvalidProposalError(`recomputing it gives another ${differing}`)
    }
    return made
  }

  /**
   * Make a body again from updates that were judged and the membership changes that it lists, whatever it says itself.
   *
   * @throws {InvalidProposalError} the rules forbid it
   */
  async remake(body: CommitBody, held: HeldUpdate[]): Promise<KnownBody> {
    this.#checkClaims(body)
    return await this.#remake(body, held)
  }

  async #remake(body: CommitBody, held: HeldUpdate[], results?: Results): Promise<KnownBody> {
    const authors = body.contributions.map((contribution) => contribution.author)
    if (!isFrom(this.#init.height.cohort, authors))
      throw new InvalidProposalError('it counts who was not to train, or twice')
    const change = await this.#checkChange(body)
    const of = results ?? (await this.#init.results.of(held))
    return await this.#make(held, change, { time: body.time, results: of })
  }

  async #make(
    updates: HeldUpdate[],
    change: MembershipChange,
    { time, results }: { time: number; results: Results }
  ): Promise<KnownBody> {
    const { position, height } = this.#init
    const { model, optimizerState } = results
    const body = makeBody({ tip: position.tip, height, updates, change, time, model, optimizerState })
    const cid = await cidOf(encode(body))
    const known = { body, cid, updates, results }
    this.#known.set(cid.toString(), known)
    return known
  }

  #checkClaims(body: CommitBody): void {
    const { position, height, now } = this.#init
    const { rounds } = position.tip.manifest
    if (body.height !== height.height)
      throw new InvalidProposalError(`height ${body.height}, not ${height.height}`)
    if (body.time < position.tip.body.time)
      throw new InvalidProposalError('its time is before the previous commit')
    if (isTooLate(body.time, { now: now(), previous: position.tip.body.time }))
      throw new InvalidProposalError('its time is in the future', { isOfClock: true })
    const accepted = body.contributions.filter((contribution) => contribution.refused == null).length
    if (height.mode === 'train' && accepted < rounds.minContributors && !isLapse(height, body)) {
      throw new InvalidProposalError(
        `${accepted} accepted updates, at least ${rounds.minContributors} needed`
      )
    }
    const { admissions, revocations, participation = [], evidence = [] } = body
    const changes = admissions.length + revocations.length + participation.length + evidence.length
    if (height.mode === 'membership' && changes === 0) {
      throw new InvalidProposalError('it changes nothing')
    }
  }

  async #open({ body, updates }: Proposal): Promise<Signed<Update>[]> {
    const signed = await Promise.all(updates.map(openUpdate))
    const listed = new Set(body.contributions.map((contribution) => contribution.update.toString()))
    const matching = signed.every((update) => listed.has(update.cid.toString()))
    const authors = signed.map((update) => update.author)
    if (!matching || !isFrom(this.#init.height.cohort, authors) || listed.size !== signed.length) {
      throw new InvalidProposalError('its updates are not the contributions it lists')
    }
    return signed
  }

  async #checkChange(body: CommitBody): Promise<MembershipChange> {
    const { membership, position } = this.#init
    try {
      const change = await membership.checkChange(body)
      if (admissible(position.tip, change).admitted.length < change.admitted.length)
        throw new InvalidProposalError('it admits a member that is banned')
      return { ...change, offences: await this.#checkEvidence(body) }
    } catch (cause) {
      throw new InvalidProposalError((cause as Error).message)
    }
  }

  /** What does not prove anything, or is not to be carried, is not among what is selected. */
  async #checkEvidence({ federation, evidence = [] }: CommitBody): Promise<Offence[]> {
    const offences = await Promise.all(evidence.map((votes) => openEvidence(federation, votes)))
    return selectOffences(this.#init.position.tip, offences)
  }
}

/** Each of them in the cohort, and none twice? */
function isFrom(cohort: readonly string[], authors: readonly string[]): boolean {
  const members = new Set(cohort)
  return new Set(authors).size === authors.length && authors.every((author) => members.has(author))
}

/** What does not open today will not tomorrow: no payload that may still come, but a verdict. */
async function openUpdate(bytes: Uint8Array): Promise<Signed<Update>> {
  try {
    return await open(updateType, bytes)
  } catch (cause) {
    throw new InvalidProposalError(`an update in it cannot be read (${(cause as Error).message})`)
  }
}
