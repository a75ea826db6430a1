/** What the engine tells: events as they happen, and a snapshot at any time. */
import type { BranchState } from './branches/index.ts'
import type { WrongClock } from './clocks.ts'
import type { Metrics } from '../../src/federation/records.ts'
import type { LedgerTip, Step } from '../../src/rounds/index.ts'
import type { TrainingProgress, TrainingResult } from '../../src/training/types.ts'

export interface EngineEvents {
  /** The engine's snapshot changed in a way people care about. */
  change: CustomEvent<EngineSnapshot>
  'round:start': CustomEvent<{ height: number; round: number; cohort: string[] }>
  'training:progress': CustomEvent<TrainingProgress & { round: number }>
  'training:end': CustomEvent<TrainingResult & { round: number }>
  /** Here and judged; off a committee that happens to few. */
  'update:accepted': CustomEvent<{ height: number; author: string; samples: number; sizeBytes: number }>
  'update:refused': CustomEvent<{ height: number; author: string; reason: string }>
  /** A proposal that does not follow from what it refers to; `author` signed it. */
  'proposal:refused': CustomEvent<{ height: number; author: string; reason: string }>
  /** A report of two votes that prove nothing; `author` signed it. */
  'evidence:refused': CustomEvent<{ author: string; reason: string }>
  'view:change': CustomEvent<{ height: number; view: number }>
  /** A commit (encoded, with its votes) was applied; `durationMs` since the one before it was, here. */
  commit: CustomEvent<{ tip: LedgerTip; commit: Uint8Array; durationMs: number }>
  finished: CustomEvent<{ tip: LedgerTip; evaluation: Metrics }>
  error: CustomEvent<{ error: Error }>
}

export interface EngineSnapshot extends BranchState {
  /** Null until the ledger was read. */
  tip: LedgerTip | null
  /** False while commits or the model are fetched. */
  settled: boolean
  /** The model of the tip was asked for and not had: it is with nobody who is connected. Asked for again all the time. */
  lacksModel: boolean
  step: Step
  view: number
  mode: 'train' | 'membership'
  /** The round that the current height works on. */
  round: number
  training: boolean
  /** Authors whose updates for this height are here and accepted; off a committee: announced. */
  updated: string[]
  /** Those that train in this round and whose updates are not here. */
  awaited: string[]
  deadlinePassed: boolean
  /** Members that are known to have voted as far as this peer has: in the current step, or in a later one. */
  voted: string[]
  /** What the disk says that does not take what has to be on it before this peer goes on; null: it does. */
  disk: string | null
  /** Members whose clocks and this host's are so far apart that one refuses what the other proposes. */
  clocks: WrongClock[]
  /** Nothing of the current height came for a while, and it is not this peer's training that takes so long. */
  quiet: boolean
  finished: boolean
}
