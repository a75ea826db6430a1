/** What an audit of a ledger finds. */

/** Something that is not as it must be. */
export interface Defect {
  /** Of the commit concerned; for the model and the store's index, of the commit they belong to. */
  height: number
  /** What is wrong, in words. */
  what: string
  expected: string
  found: string
}

/** Where an admin went on without a quorum. */
export interface Branch {
  height: number
  admin: string
  reason: string
  members: readonly string[]
  /** ms since the epoch. */
  time: number
}

/** The result of checking a whole ledger. */
export interface AuditReport {
  federation: string
  /** Of the last commit that follows from those before it. */
  height: number
  commit: string
  /** Commits that were checked, and those that could not be for want of one before them. */
  commits: number
  unchecked: number
  /** Votes that count, their signatures checked. */
  votes: number
  admissions: number
  revocations: number
  /** Commits by recovery, which nobody voted on. */
  branches: Branch[]
  /** Signed updates that are kept, their signatures checked. */
  updates: number
  aggregates: {
    /** Made again from the updates' payloads, bit by bit. */
    recomputed: number
    /** Commits without updates: the model stays as it is. */
    unchanged: number
    /** Not made again: a payload, the model before, or the signed updates are not kept any more. */
    pruned: number
  }
  /** Blocks of the latest model, its optimizer's state included, that were hashed again; null when the ledger names none that is stored. */
  modelBlocks: number | null
  /** The first ones, in the order of heights. */
  defects: Defect[]
  /** All of them. */
  defectCount: number
}

/** The most defects that are listed; the rest is counted. */
export const MAX_DEFECTS = 100

/** A report to begin with. */
export function emptyReport(federation: string): AuditReport {
  return {
    federation,
    height: 0,
    commit: federation,
    commits: 0,
    unchecked: 0,
    votes: 0,
    admissions: 0,
    revocations: 0,
    branches: [],
    updates: 0,
    aggregates: { recomputed: 0, unchanged: 0, pruned: 0 },
    modelBlocks: null,
    defects: [],
    defectCount: 0
  }
}
