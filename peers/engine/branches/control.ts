/** What a peer does about branches: opens one, hears of one, asks a person, and tells who is on another. */
import { encode } from '../../../src/federation/cbor.ts'
import { openRecovery } from '../../../src/federation/recovery.ts'
import { recoveryBody } from '../../../src/rounds/index.ts'
import { verifyCommit } from '../verify.ts'
import { Branches, NoRecoveryError, UndecidedRecoveryError } from './branches.ts'
import { Forks } from './forks.ts'
import type { HeardRecovery } from './branches.ts'
import type { Fork, ForksInit } from './forks.ts'
import type { EngineComponents } from '../components.ts'
import type { NextCommit } from '../tip.ts'
import type { Recovery } from '../../../src/federation/recovery.ts'
import type { Signed } from '../../../src/federation/signed.ts'
import type { LedgerTip } from '../../../src/rounds/index.ts'
import type { CID } from 'multiformats/cid'

export interface BranchControlInit extends Pick<ForksInit, 'signal' | 'tip' | 'founding' | 'onChange'> {
  components: Pick<EngineComponents, 'self' | 'recoveries' | 'catchUp' | 'ledger' | 'clock' | 'log'>
  /** Append a commit; false when it does not follow (any more). */
  apply(next: NextCommit): Promise<boolean>
  /** Go on from the tip. */
  settle(): Promise<void>
  /** Stop voting at the current height. */
  pause(): void
  /** Go on voting at the current height. */
  resume(): Promise<void>
  /** Work that nobody waits for. */
  background(work: Promise<unknown>): void
}

/** What there is to tell of branches. */
export interface BranchState {
  /** Recoveries that follow the tip, for the operator to decide about. */
  recoveries: HeardRecovery[]
  /** This peer counts in the roster and waits for that decision: it does not vote. */
  paused: boolean
  /** Connected members whose ledger is another. */
  forks: Fork[]
}

export class BranchControl {
  readonly #init: BranchControlInit
  readonly #branches: Branches
  readonly #forks: Forks

  constructor(init: BranchControlInit) {
    const { components, signal, tip, founding, onChange } = init
    const { catchUp: client, ledger, clock, log } = components
    this.#init = init
    this.#branches = new Branches(components)
    this.#forks = new Forks({ client, ledger, clock, log, signal, tip, founding, onChange })
  }

  /** What was heard before a restart. */
  async load(tip: LedgerTip): Promise<void> {
    await this.#branches.load(tip)
  }

  state(tip: LedgerTip | null, connected: readonly string[]): BranchState {
    const paused = tip != null && this.isPaused(tip)
    return { recoveries: this.#branches.all(), paused, forks: this.#forks.of(connected) }
  }

  isPaused(tip: LedgerTip): boolean {
    return this.#branches.isPaused(tip)
  }

  /** Go on without a quorum: this peer's admin says who remains. @throws {InvalidCommitError | MembershipError} */
  async recover(recovery: Signed<Recovery>): Promise<void> {
    const { commit, cid, bytes } = await verifyCommit(this.#tip, commitOf(this.#tip, recovery))
    await this.#follow({ cid, body: commit.body, bytes })
  }

  /** Follow a recovery that an admin opened elsewhere: the operator agrees. @throws {NoRecoveryError} */
  async follow(commit?: string): Promise<void> {
    await this.#follow(this.#branches.find(commit).next)
  }

  /** Stay with what is here, and vote on. @throws {NoRecoveryError} */
  async refuse(commit?: string): Promise<void> {
    await this.#branches.refuse(commit)
    if (!this.isPaused(this.#tip)) await this.#init.resume()
  }

  /**
   * Hear of a recovery, as its signed envelope, by another way than from a member.
   *
   * @throws {InvalidCommitError} it does not follow the tip
   * @throws {TamperedError} no recovery, or its signature does not hold
   */
  async hear(envelope: Uint8Array): Promise<HeardRecovery> {
    const tip = this.#tip
    const heard = await this.#branches.hear(tip, commitOf(tip, await openRecovery(envelope)))
    this.#onHeard()
    return heard
  }

  /** A member's commit: appended if it may be. @throws {UndecidedRecoveryError} a person must decide first */
  async takeIn(next: NextCommit): Promise<boolean> {
    const tip = this.#tip
    try {
      await this.#branches.mustFollow(tip, next)
    } catch (error) {
      if (error instanceof UndecidedRecoveryError) this.#onHeard()
      throw error
    }
    return await this.#init.apply(next)
  }

  /** The tip has moved. */
  async moved(tip: LedgerTip): Promise<void> {
    await this.#branches.moved(tip)
  }

  onHead(peer: string, head: { height: number; cid: CID }): void {
    this.#init.background(this.#forks.onHead(peer, head))
  }

  onOtherHistory(peer: string): void {
    this.#init.background(this.#forks.suspect(peer))
  }

  /** To vote on could fork the federation as much as to follow could. */
  #onHeard(): void {
    if (this.isPaused(this.#tip)) this.#init.pause()
    this.#init.onChange()
  }

  get #tip(): LedgerTip {
    const tip = this.#init.tip()
    if (tip == null) throw new NoRecoveryError([])
    return tip
  }

  async #follow(next: NextCommit): Promise<void> {
    if (!(await this.#init.apply(next))) throw new NoRecoveryError([])
    await this.#init.settle()
  }
}

/** What a recovery is in the ledger: all of it follows from the tip and the record. */
function commitOf(tip: LedgerTip, recovery: Signed<Recovery>): Uint8Array {
  return encode({ body: recoveryBody(tip, recovery), votes: [] })
}
