/**
 * Whose own controls the common one is the mean of (src/aggregation/controls.ts), as the ledger tells: the same on every
 * peer. Who joins brings zeros, so the mean shrinks. Who leaves takes away what nobody else knows: then all begin anew.
 */
import { keepsControls } from '../aggregation/index.ts'
import type { CommitBody } from '../federation/records.ts'
import type { LedgerTip } from './body.ts'
import type { CID } from 'multiformats/cid'

/** At the last height at which updates were counted. */
export interface ControlScope {
  /** Who could train: the common control is the mean of their own. */
  members: readonly string[]
  /** The height that began with zeros: what came of earlier ones counts no more. */
  since: number
}

/** What the height after a tip begins with. */
export interface ControlsAt {
  members: readonly string[]
  /** The common control times this is the mean of the members' own now. */
  kept: number
  /** An own control that a commit of this height or a later one counted is good; another one is zeros. */
  since: number
}

/** Where controls stand for the height after a tip. */
export function controlsAt({ body, controls }: LedgerTip): ControlsAt {
  const members = trainersOf(body)
  const before = controls?.members ?? []
  const isWhole = controls != null && before.every((peer) => members.includes(peer))
  return isWhole
    ? { members, kept: before.length / members.length, since: controls.since }
    : { members, kept: 0, since: body.height + 1 }
}

/** The tip that a commit makes of the one before. */
export function followedBy(tip: LedgerTip, { cid, body }: { cid: CID; body: CommitBody }): LedgerTip {
  const next = { ...tip, cid, body }
  const isCounted = body.contributions.some(({ refused }) => refused == null)
  if (!isCounted || !keepsControls(tip.manifest.training.client.name)) return next
  const { members, since } = controlsAt(tip)
  return { ...next, controls: { members, since } }
}

function trainersOf({ roster }: CommitBody): string[] {
  return roster.flatMap(({ peer, observes }) => (observes === true ? [] : [peer]))
}
