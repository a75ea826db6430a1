/** What the round engine needs of the world. `peers/node` gives it the real one, tests a small one. */
import type { CheckedUpdate, LedgerTip } from '../../src/rounds/index.ts'
import type { EvidenceLog, Ledger, RecoveryLog, VoteLog } from '../../src/state/index.ts'
import type { RecordKind } from '../../src/federation/records.ts'
import type { ByteSpan, VectorReader } from '../../src/codecs/index.ts'
import type { Trainer } from '../../src/training/types.ts'
import type { OwnControls } from './controls.ts'
import type { OwnLocals } from './locals.ts'
import type { OwnMomentum } from './momentum.ts'
import type { ErrorFeedback } from './feedback.ts'
import type { Membership } from './membership.ts'
import type { Logger, PrivateKey } from '@libp2p/interface'
import type { CID } from 'multiformats/cid'

/** Time as the engine sees it. */
export interface Clock {
  /** Milliseconds since the Unix epoch, as the host has it: it may be set, forwards or back, at any moment. */
  now(): number
  /** Milliseconds from any fixed origin, of a clock that nobody sets: how long things take is measured by it. */
  elapsedMs(): number
  /** Calls back once; returns how to cancel that. */
  setTimer(ms: number, callback: () => void): () => void
}

/** A signed record as it travels: kind, address of its payload, envelope. */
export interface WireRecord {
  kind: RecordKind
  cid: CID
  bytes: Uint8Array
}

/** Tells all members. Resolves when the message is on its way; whether it arrives is the catch-up's concern. */
export interface Gossip {
  publish(record: WireRecord): Promise<void>
}

/** Asks one peer what this one lacks. */
export interface CatchUpClient {
  ask(
    peer: string,
    question: { height: number; have: WireRecord[] },
    options: { signal: AbortSignal }
  ): AsyncIterable<CatchUpFrame>
}

export type CatchUpFrame =
  | { type: 'head'; height: number; cid: CID }
  | { type: 'commit'; bytes: Uint8Array }
  | { type: 'record'; record: Pick<WireRecord, 'kind' | 'bytes'> }
  /** `more`: the answer was cut, ask again. */
  | { type: 'end'; more: boolean }

/** Content-addressed vectors and payloads: kept here, fetched from whoever has them. */
export interface BlockExchange {
  /** Keep a vector durably. Resolves when it is stored; `sync` makes it survive a power cut. */
  putModel(weights: Float32Array): Promise<CID>
  /** The root a vector would have, without storing it. */
  hashModel(weights: Float32Array): Promise<CID>
  /** A vector by root, from the local store or else from `holders`. */
  getModel(root: CID, length: number, options: FetchOptions): Promise<Float32Array>
  /** Keep an own payload. It survives the end of the process, not a power cut: then it is trained again. */
  putPayload(bytes: Uint8Array, options?: { blockSizeBytes?: number }): Promise<CID>
  /**
   * Make a payload of exactly `sizeBytes` available here, or only these spans of it, and read it piece by piece. What was
   * not asked for is fetched when it is read.
   */
  getPayload(
    root: CID,
    sizeBytes: number,
    options: FetchOptions & { spans?: readonly ByteSpan[] }
  ): Promise<(offset: number, length: number) => Promise<Uint8Array>>
  /** Keep a part of the combined delta where others can get it, as any payload. It does not survive the process. */
  putShard(payload: Uint8Array): Promise<CID>
  /** Forget everything that none of these roots holds. */
  prune(keep: readonly CID[]): Promise<void>
}

export interface FetchOptions {
  holders: () => string[]
  signal: AbortSignal
}

export interface EngineComponents {
  key: PrivateKey
  self: string
  /** Envelope of this peer's certificate. */
  certificate: Uint8Array
  ledger: Ledger
  votes: VoteLog
  recoveries: RecoveryLog
  evidence: EvidenceLog
  feedback: ErrorFeedback
  controls: OwnControls
  locals: OwnLocals
  momentum: OwnMomentum
  blocks: BlockExchange
  gossip: Gossip
  catchUp: CatchUpClient
  trainer: Trainer
  membership: Membership
  clock: Clock
  log: Logger
  /** What this peer's link takes, bytes a second; null before that could be measured. */
  uplink(): number | null
  /** Own addresses, for those that want to dial this peer. */
  addresses(): string[]
}

export interface EngineOptions {
  /** False: agree and hold, but never train. */
  train: boolean
  /** The first time-out for a proposal and for the votes on it; later views wait longer. */
  proposeMs: number
  voteMs: number
  /** Without progress for so long, ask another member what is missing. */
  catchUpMs: number
  /** Payloads up to this size travel inside their updates; at most `MAX_INLINE_BYTES`. */
  inlineBytes: number
}

/** An update that was looked at, and how to read its delta if it is usable: each use by a reader of its own. */
export interface HeldUpdate extends CheckedUpdate {
  reader?: () => VectorReader
}

/** The vectors that a commit names: the model, and what the server optimizer remembers. */
export interface Checkpoint {
  weights: Float32Array
  /** As many vectors as the optimizer has, one behind the other; zeros before the first round. */
  moments: Float32Array
}

/** The tip of the ledger with what it commits. */
export interface Position extends Checkpoint {
  tip: LedgerTip
}
