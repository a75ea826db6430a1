/** Members whose ledger is another than this peer's: found out, told, never followed. */
import { cidOf, decode, encode } from '../../../src/federation/cbor.ts'
import { commitType } from '../../../src/federation/records.ts'
import { openRecovery } from '../../../src/federation/recovery.ts'
import { verifyCommit } from '../verify.ts'
import type { CatchUpClient, Clock } from '../components.ts'
import type { Commit } from '../../../src/federation/records.ts'
import type { Recovery } from '../../../src/federation/recovery.ts'
import type { LedgerTip } from '../../../src/rounds/index.ts'
import type { Ledger } from '../../../src/state/index.ts'
import type { Logger } from '@libp2p/interface'
import type { CID } from 'multiformats/cid'

/** A member whose history is known to be another is not asked about more often than this; one that did not tell, soon. */
const ASK_AGAIN_MS = 10_000
const RETRY_MS = 1_000
/** The most members remembered. */
const MAX_FORKS = 256

/** Where another member's ledger leaves this one's. */
export interface Fork {
  peer: string
  /** The first height at which they differ, and the other's commit there (CID as text). */
  height: number
  commit: string
  /** That commit is a recovery: the other one followed an admin there. */
  recovery: Recovery | null
  /** This peer's commit there is one: the other one goes on with what was before. */
  ownRecovery: boolean
}

export interface ForksInit {
  client: CatchUpClient
  ledger: Ledger
  clock: Clock
  log: Logger
  signal: AbortSignal
  tip(): LedgerTip | null
  founding(): LedgerTip | null
  onChange(): void
}

export class Forks {
  readonly #init: ForksInit
  readonly #found = new Map<string, Fork>()
  readonly #askedAt = new Map<string, number>()

  constructor(init: ForksInit) {
    this.#init = init
  }

  /** Those found, of these members. */
  of(peers: readonly string[]): Fork[] {
    return peers.flatMap((peer) => this.#found.get(peer) ?? [])
  }

  /** A member tells its last commit. */
  async onHead(peer: string, { height, cid }: { height: number; cid: CID }): Promise<void> {
    const own = await this.#ownAt(height)
    if (own == null) return
    if (!own.cid.equals(cid)) await this.suspect(peer)
    else if (this.#found.delete(peer)) this.#init.onChange()
  }

  /** A member's commits do not follow this peer's: find out where they part. Never rejects. */
  async suspect(peer: string): Promise<void> {
    const { clock, log, onChange } = this.#init
    const pauseMs = this.#found.has(peer) ? ASK_AGAIN_MS : RETRY_MS
    if (clock.elapsedMs() - (this.#askedAt.get(peer) ?? -Infinity) < pauseMs) return
    if (this.#askedAt.size >= MAX_FORKS) this.#askedAt.clear()
    this.#askedAt.set(peer, clock.elapsedMs())
    try {
      const fork = await this.#find(peer)
      if (fork == null) return
      log.error('%s has another history since height %d', peer, fork.height)
      if (this.#found.size >= MAX_FORKS) this.#found.clear()
      this.#found.set(peer, fork)
      onChange()
    } catch (error) {
      log('could not find out where %s parts from this ledger: %s', peer, (error as Error).message)
    }
  }

  /** Ask from further and further back until a commit comes that both have, and after it one that they have not. */
  async #find(peer: string): Promise<Fork | null> {
    const tip = this.#init.tip()
    for (let back = 1; tip != null; back *= 2) {
      const from = Math.max(0, tip.body.height - back)
      const different = await this.#firstDifferent(peer, from)
      if (different != null && (different.body.height > from + 1 || from === 0))
        return await this.#judge(peer, different)
      if (from === 0) return null
    }
    return null
  }

  /** The first commit after `from` that is not in the ledger here; null: none up to the height of either. */
  async #firstDifferent(peer: string, from: number): Promise<Commit | null> {
    const { client, signal } = this.#init
    for (let height = from, before = -1; height > before;) {
      before = height
      for await (const frame of client.ask(peer, { height, have: [] }, { signal })) {
        if (frame.type !== 'commit') continue
        const commit = decode(commitType, frame.bytes)
        const own = await this.#ownAt(commit.body.height)
        if (own == null) return null
        if (!own.cid.equals(await cidOf(encode(commit.body)))) return commit
        height = commit.body.height
      }
    }
    return null
  }

  /** Only what is proven counts: a quorum's commit, or an admin's. */
  async #judge(peer: string, commit: Commit): Promise<Fork | null> {
    const { height, recovery } = commit.body
    const before = await this.#ownAt(height - 1)
    const own = await this.#ownAt(height)
    if (before == null || own == null) return null
    const { cid } = await verifyCommit(before, encode(commit))
    return {
      peer,
      height,
      commit: cid.toString(),
      recovery: recovery == null ? null : (await openRecovery(recovery)).value,
      ownRecovery: own.body.recovery != null
    }
  }

  /** The tip as it was when the ledger here ended at a height. */
  async #ownAt(height: number): Promise<LedgerTip | null> {
    const founding = this.#init.founding()
    if (founding == null || height === 0) return founding
    const entry = await this.#init.ledger.get(height)
    if (entry == null) return null
    return { ...founding, cid: entry.cid, body: decode(commitType, entry.bytes).body }
  }
}
