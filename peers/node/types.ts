/** The Node peer as a library: what `createPeer()` takes and gives. The CLI is written against nothing else. */
import type { BackendName } from '../../src/compute/names.ts'
import type { Manifest } from '../../src/federation/manifest/schema.ts'
import type { Contribution, Metrics } from '../../src/federation/records.ts'
import type { Trainer, TrainerInfo, TrainingProgress } from '../../src/training/types.ts'
import type { Phase } from './phases.ts'
import type { ComponentLogger } from '@libp2p/interface'
import type { TypedEventTarget } from 'main-event'

export type { Phase } from './phases.ts'

export interface PeerInit {
  /** State directory, prepared by `foundFederation()` or `joinFederation()`. */
  home: string
  /** Opens the identity key if it was encrypted. */
  passphrase?: string
  /** What to train on: file or directory (see src/data), or `demo:<writer seed>` for generated digits. Not needed with `trainer`. */
  data?: DataOptions
  /** Trains in place of the worker thread: for custom training and for tests. */
  trainer?: Trainer
  /** Multiaddrs to listen on. Default `/ip4/0.0.0.0/tcp/0`. */
  listen?: string[]
  /** Addresses to dial first, beside those in the home directory. */
  bootstrap?: string[]
  /** Find members on the local network. Default true. */
  mdns?: boolean
  /** Serve Prometheus metrics at http://<host>:<port>/metrics. */
  metrics?: { host: string; port: number }
  /** False: take part in agreement and hold blocks, but never train. Default true. */
  train?: boolean
  /** Which compute engine to use, and no other. Default: that of the configuration, else the fastest that is right. */
  backend?: BackendName
  /**
   * Threads that train: products of large matrices are shared out to more than one, with the same result. Default: that of
   * the configuration, else 1, as several peers may share a machine.
   */
  threads?: number
  /** Where libp2p and the protocols log. Default: libp2p's own, switched on by `DEBUG=murmur:*`. */
  logger?: ComponentLogger
}

export interface DataOptions {
  /** Directory or file; `demo:<seed>` generates drawn digits. */
  path: string
  /** Held-out data; without it the manifest's `training.holdout` share of `path` is kept aside. */
  testPath?: string
  /** Use only part `index` of `count` equal parts (seeded shuffle): how one data set is split among test peers. */
  part?: { index: number; count: number }
  /** Use only rows (CSV) or lines (JSON Lines) whose fields have these values, e.g. `{ hospital: 'va' }`. */
  where?: Record<string, string>
  /** Above this, examples stay on disk and are read as needed. Default 512 MiB. */
  maxMemoryBytes?: number
  /** Resize pictures (PNG, JPEG) to the manifest's size; without it another size is an error. */
  resize?: boolean
}

export interface MemberStatus {
  peerId: string
  role: 'founder' | 'admin' | 'member'
  self: boolean
  connected: boolean
  /** In the roster of the next commit: counts for quorum. */
  inRoster: boolean
  /** Its update for the current round has arrived and was accepted. */
  updated: boolean
  missed: number
  latencyMs: number | null
  addresses: string[]
  /** What keeps it out, now or for a time. */
  bans: MemberBan[]
}

/** `reason` is for people. */
export type MemberBan =
  /** By proof, by all members: the first height whose commit may admit it again. */
  | { by: 'ledger'; untilHeight: number; reason: string }
  /** By this peer alone, for what it did on its connections; ms since the epoch. */
  | { by: 'peer'; untilMs: number; reason: string }

/** Where an admin went on without a quorum. */
export interface BranchStatus {
  /** How many recoveries the ledger has by then. */
  number: number
  height: number
  admin: string
  reason: string
  /** Who counted from there on. */
  members: string[]
  /** ms since the epoch. */
  time: number
}

/** A recovery that follows this peer's last commit, for its operator to decide about. */
export interface HeardRecoveryStatus extends Omit<BranchStatus, 'number'> {
  /** CID of the commit that it is. */
  commit: string
  refused: boolean
}

/** A connected member whose ledger is another than this peer's. */
export interface ForkStatus {
  peerId: string
  /** The first height at which they differ. */
  height: number
  /** In words: what either side has there. */
  what: string
}

export interface RecoverOptions {
  /** Shown to everybody. */
  reason: string
  /** Who remains; default: this peer and the members of the roster that are connected. */
  members?: string[]
}

export interface PeerStatus {
  peerId: string
  federation: string
  name: string
  phase: Phase
  /** A sentence for people when progress needs something: what is waited for. */
  waitingFor: string | null
  height: number
  /** CID of the latest commit. */
  commit: string | null
  /** Training rounds completed, and the manifest's limit. */
  round: number
  rounds: number
  view: number
  /** Of the global model, as the latest commit states it (about the model before that commit). */
  evaluation: Metrics | null
  /** Of the global model on this peer's own held-out data. */
  ownEvaluation: Metrics | null
  members: MemberStatus[]
  addresses: string[]
  bytesIn: number
  bytesOut: number
  /** Mean duration of recent rounds. */
  roundMs: number | null
  etaMs: number | null
  trainer: TrainerInfo | null
  /** Null while every commit of the ledger was voted on. */
  branch: BranchStatus | null
  recoveries: HeardRecoveryStatus[]
  forks: ForkStatus[]
}

export interface ProvenOffence {
  offender: string
  height: number
  view: number
  kind: 'prevote' | 'precommit'
  untilHeight: number
}

export interface CommitSummary {
  height: number
  round: number
  cid: string
  time: number
  model: string
  evaluation: Metrics
  contributions: Contribution[]
  roster: string[]
  admitted: string[]
  revoked: string[]
  /** Members that were proven to have voted twice in one step, and the first height that may admit them again. */
  evidence: ProvenOffence[]
  votes: number
  /** Not null: an admin's, in place of votes. */
  recovery: { admin: string; reason: string } | null
}

export interface PeerEvents {
  phase: CustomEvent<{ phase: Phase; waitingFor: string | null }>
  'round:start': CustomEvent<{ height: number; round: number; cohort: string[] }>
  'training:progress': CustomEvent<TrainingProgress & { round: number }>
  'training:end': CustomEvent<{
    round: number
    trainingMs: number
    samples: number
    before: Metrics
    after: Metrics
  }>
  'update:accepted': CustomEvent<{ height: number; author: string; samples: number; sizeBytes: number }>
  'update:refused': CustomEvent<{ height: number; author: string; reason: string }>
  'view:change': CustomEvent<{ height: number; view: number }>
  /** `lackedRoot`: the member whom the rule trusts, where the commit counts updates without its: nothing is learnt. */
  commit: CustomEvent<CommitSummary & { roundMs: number; lackedRoot?: string }>
  'member:connect': CustomEvent<{ peerId: string }>
  'member:disconnect': CustomEvent<{ peerId: string }>
  /** `local`: this peer refused the other; else the other refused this one. `message` is for whoever was refused. */
  'member:refused': CustomEvent<{ peerId: string; code: string; message: string; local: boolean }>
  /** A block on disk was not what it should be. `healed`: written anew from memory; else it is fetched when it is needed. */
  'block:damaged': CustomEvent<{ cid: string; reason: string; healed: boolean }>
  finished: CustomEvent<{ round: number; commit: string; evaluation: Metrics }>
  /** A failure of a part that the peer goes on without; `error.message` says what to do. */
  error: CustomEvent<{ error: Error }>
}

/** A running peer. `start()` is idempotent; `stop()` leaves nothing behind that keeps the process alive. */
export interface Peer extends TypedEventTarget<PeerEvents> {
  readonly peerId: string
  readonly manifest: Manifest
  /** Where metrics are served, e.g. `http://127.0.0.1:9464/metrics`; null before the start, and without them. */
  readonly metricsUrl: string | null
  start(): Promise<void>
  stop(): Promise<void>
  status(): PeerStatus
  /** Dialable addresses of this peer, with its id. */
  addresses(): string[]
  /** Commits from `from` (a height) on, oldest first. */
  ledger(options?: { from?: number; limit?: number }): AsyncIterable<CommitSummary>
  /** The latest committed weights, with this peer's own values where the manifest lets layers stay with each (FedBN). */
  weights(): Promise<Float32Array>
  /** Make an invite that names this peer's addresses. */
  invite(options?: InviteOptions): Promise<string>
  /** Make an invite, or a member's certificate, worthless from the next commit on. Admins only. */
  revoke(target: { invite: string } | { peerId: string }): Promise<void>
  /**
   * Go on without a quorum when the majority is gone for good: opens a branch of the ledger, visibly. Admins that the
   * manifest names only.
   *
   * @returns the signed record: other members follow it by `followRecovery()`, or hear of it when they connect
   * @throws {NotAllowedError | RecoveryNotNeededError}
   */
  recover(options: RecoverOptions): Promise<Uint8Array>
  /**
   * Follow a recovery that an admin opened elsewhere: the one that was heard of, that with the commit's CID, or this record.
   *
   * @throws {NoRecoveryError} there is none, or it is not clear which
   * @throws {InvalidCommitError} it does not follow this peer's last commit
   */
  followRecovery(which?: { commit?: string; record?: Uint8Array }): Promise<void>
  /** Stay with the ledger as it is here, and vote on. @throws {NoRecoveryError} */
  refuseRecovery(commit?: string): Promise<void>
  /** Resolves with the commit that completes `round`; default: the last, after the manifest's rounds or at its target. */
  waitForRound(round?: number, options?: { signal?: AbortSignal }): Promise<CommitSummary>
}

export interface InviteOptions {
  role?: 'member' | 'admin'
  /** Default 7 days. */
  expiresInMs?: number
  /** Default 1. */
  maxUses?: number
  /** Addresses to put in; default: this peer's own dialable ones. */
  addresses?: string[]
}
