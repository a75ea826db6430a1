/** Membership as the engine needs it, over the federation's pure rules (src/federation). */
import { MembershipError, NotAllowedError } from '../../../src/federation/errors.ts'
import { applyCommit, followCommit } from '../../../src/federation/change.ts'
import { checkAdmission, checkRevocation, genesisMembership } from '../../../src/federation/membership.ts'
import { openParticipation } from '../../../src/federation/participation.ts'
import { selectChange, selectParticipation } from '../../../src/federation/selection.ts'
import { Wishes } from '../../engine/wishes.ts'
import type { Membership } from '../../engine/membership.ts'
import type { Manifest } from '../../../src/federation/manifest/schema.ts'
import type { MembershipState } from '../../../src/federation/membership.ts'
import type { CommitBody, Join } from '../../../src/federation/records.ts'
import type { Signed } from '../../../src/federation/signed.ts'
import type { Participation } from '../../../src/federation/participation.ts'
import type { Declaration, MembershipChange } from '../../../src/rounds/index.ts'
import type { Logger } from '@libp2p/interface'

/** The most wishes of other members held at once. */
const MAX_WISHES = 1024

export interface LedgerMembershipInit {
  manifest: Signed<Manifest>
  now: () => number
  log: Logger
  /** A member told where it is to be reached. */
  onAddresses: (peerId: string, addresses: string[]) => void
  /** The ledger admitted or revoked somebody. */
  onChange: () => void
}

export class LedgerMembership implements Membership {
  readonly #init: LedgerMembershipInit
  #state: MembershipState
  /** To be in the roster, to be known to train or not to. */
  readonly #wishes = new Wishes<Wish>()
  readonly #revocations = new Map<string, Uint8Array>()

  constructor(init: LedgerMembershipInit) {
    this.#init = init
    this.#state = genesisMembership(init.manifest)
  }

  /** As of the latest commit. */
  get state(): MembershipState {
    return this.#state
  }

  async prepare(body: CommitBody): Promise<() => void> {
    const next = await applyCommit(this.#state, body)
    return () => {
      this.#state = next
      for (const { peer } of body.roster) this.#fulfil(peer)
      this.#wishes.follow(body)
      if (body.admissions.length + body.revocations.length > 0) this.#init.onChange()
    }
  }

  async request({ author, value }: Signed<Join>): Promise<boolean> {
    if (author !== value.member || this.#wishes.held.size >= MAX_WISHES) return false
    try {
      const { member } = await checkAdmission(this.#state, value.certificate, this.#init.now())
      if (member !== author) return false
      if (!this.#wishes.hold(author, await wishOf(value))) return false
    } catch (error) {
      return this.#declined(author, error)
    }
    this.#init.onAddresses(author, value.addresses)
    return true
  }

  /** Would this certificate admit its member now? Also of one that was never connected here. */
  async admits(certificate: Uint8Array): Promise<boolean> {
    try {
      return (await checkAdmission(this.#state, certificate, this.#init.now())) != null
    } catch (error) {
      return this.#declined('a wish to join', error)
    }
  }

  async revoke(envelope: Uint8Array): Promise<boolean> {
    try {
      const { cid } = await checkRevocation(this.#state, envelope)
      this.#revocations.set(cid.toString(), envelope)
      return true
    } catch (error) {
      return this.#declined('a revocation', error)
    }
  }

  async proposeChange(roster: readonly string[], time: number): Promise<MembershipChange> {
    const wanted = [...this.#wishes.held].filter(([member]) => !roster.includes(member))
    const certificates = wanted.map(([, { certificate }]) => certificate)
    const revocations = [...this.#revocations.values()]
    const said = [...this.#wishes.held.values()].some((wish) => wish.participation != null)
    if (certificates.length + revocations.length === 0 && !said) return nothing()
    const { declined, ...change } = await selectChange(this.#state, { certificates, revocations, time })
    for (const { envelope, error } of declined) this.#forget(envelope, error)
    return { ...change, declared: await this.#declarations(roster, { ...change, time }) }
  }

  /** What those say of themselves who will be in the roster. */
  async #declarations(
    roster: readonly string[],
    change: MembershipChange & { time: number }
  ): Promise<Declaration[]> {
    const members = new Set([...roster, ...change.admitted])
    const candidates = [...this.#wishes.held].flatMap(([member, { participation }]) =>
      participation != null && members.has(member) ? [participation.bytes] : []
    )
    const height = this.#state.height + 1
    const next = await applyCommit(this.#state, { height, ...change })
    return (await selectParticipation(next, candidates, height)).map(declarationOf)
  }

  async checkChange(
    body: Pick<CommitBody, 'height' | 'admissions' | 'revocations' | 'participation' | 'time'>
  ): Promise<MembershipChange> {
    return (await followCommit(this.#state, body)).change
  }

  /** A commit has put this member into the roster; what it says of itself may still have to be carried. */
  #fulfil(member: string): void {
    const { participation } = this.#wishes.held.get(member) ?? {}
    const isCarried = (participation?.value.height ?? 0) <= (this.#state.declared.get(member) ?? 0)
    if (isCarried) this.#wishes.held.delete(member)
  }

  #declined(what: string, error: unknown): false {
    if (!(error instanceof MembershipError)) throw error
    this.#init.log('declined %s: %s', what, error.message)
    return false
  }

  /**
   * Hold no longer what the next commit cannot carry. If it may hold later (its issuer is not admitted yet, another took
   * the last use in a commit that never came) it is asked for again: a member by itself, a revocation by its admin.
   */
  #forget(envelope: Uint8Array, error: MembershipError): void {
    this.#init.log('dropped a membership change: %s', error.message)
    for (const [key, { certificate }] of this.#wishes.held)
      if (certificate === envelope) this.#wishes.held.delete(key)
    for (const [key, bytes] of this.#revocations) if (bytes === envelope) this.#revocations.delete(key)
  }
}

interface Wish extends Pick<Join, 'certificate' | 'ledgerHeight'> {
  participation?: Signed<Participation>
}

/** @throws {MembershipError} what it says of itself is not its own */
async function wishOf({ member, certificate, ledgerHeight, participation }: Join): Promise<Wish> {
  if (participation == null) return { certificate, ledgerHeight }
  const said = await openParticipation(participation)
  if (said.author !== member)
    throw new NotAllowedError(`${member} passes on what ${said.author} says of itself`)
  return { certificate, ledgerHeight, participation: said }
}

function declarationOf({ value, bytes }: Signed<Participation>): Declaration {
  return { member: value.member, trains: value.trains, envelope: bytes }
}

function nothing(): MembershipChange {
  return { admissions: [], admitted: [], revocations: [], removed: [] }
}
