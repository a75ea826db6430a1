/** What crosses the control socket, as JSON. The client checks it too: the peer may be of another version. */
import { CID } from 'multiformats/cid'
import { z } from 'zod'
import {
  countField,
  multiaddrField,
  peerIdField,
  realField,
  textField,
  timeField
} from '../../../src/federation/fields.ts'
import { phases } from '../phases.ts'
import {
  MAX_RECOVERY_BYTES,
  MAX_ROSTER,
  metricsField,
  refusalReasons
} from '../../../src/federation/records.ts'
import type {
  BranchStatus,
  CommitSummary,
  HeardRecoveryStatus,
  InviteOptions,
  PeerStatus,
  RecoverOptions
} from '../types.ts'
import type { TrainerInfo } from '../../../src/training/types.ts'

const text = z.string().max(4096)
const texts = z.array(text).max(65_536)

const phaseField = z.enum(phases)

const memberSchema = z.object({
  peerId: text,
  role: z.enum(['founder', 'admin', 'member']),
  self: z.boolean(),
  connected: z.boolean(),
  inRoster: z.boolean(),
  updated: z.boolean(),
  missed: countField,
  latencyMs: realField.nullable(),
  addresses: texts,
  bans: z
    .array(
      z.discriminatedUnion('by', [
        z.object({ by: z.literal('ledger'), untilHeight: countField, reason: text }),
        z.object({ by: z.literal('peer'), untilMs: timeField, reason: text })
      ])
    )
    .max(16)
})

const trainerSchema: z.ZodType<TrainerInfo> = z.object({
  backend: text,
  threads: countField.optional(),
  attempts: z
    .array(
      z.object({
        name: text,
        reason: text.optional(),
        isAbsent: z.boolean().optional(),
        isSlower: z.enum(['measured', 'known']).optional(),
        durationMs: realField
      })
    )
    .max(16)
    .optional(),
  parameters: countField,
  trainSamples: countField,
  testSamples: countField
})

const branchSchema: z.ZodType<BranchStatus> = z.object({
  number: countField,
  height: countField,
  admin: text,
  reason: text,
  members: texts,
  time: countField
})

const heardSchema: z.ZodType<HeardRecoveryStatus> = z.object({
  commit: text,
  height: countField,
  admin: text,
  reason: text,
  members: texts,
  time: countField,
  refused: z.boolean()
})

/** Fields that a newer peer adds are left out. */
export const statusSchema: z.ZodType<PeerStatus> = z.object({
  peerId: text,
  federation: text,
  name: text,
  phase: phaseField,
  waitingFor: text.nullable(),
  height: countField,
  commit: text.nullable(),
  round: countField,
  rounds: countField,
  view: countField,
  evaluation: metricsField.nullable(),
  ownEvaluation: metricsField.nullable(),
  members: z.array(memberSchema).max(65_536),
  addresses: texts,
  bytesIn: countField,
  bytesOut: countField,
  roundMs: realField.nullable(),
  etaMs: realField.nullable(),
  trainer: trainerSchema.nullable(),
  branch: branchSchema.nullable(),
  recoveries: z.array(heardSchema).max(1024),
  forks: z.array(z.object({ peerId: text, height: countField, what: text })).max(65_536)
})

/** A CID as text on the wire, as a CID for the caller. */
const cidText = text.transform((value, context) => {
  try {
    return CID.parse(value)
  } catch (cause) {
    context.addIssue({ code: 'custom', message: `expected a CID (${(cause as Error).message})` })
    return z.NEVER
  }
})

export const commitSchema: z.ZodType<CommitSummary> = z.object({
  height: countField,
  round: countField,
  cid: text,
  time: countField,
  model: text,
  evaluation: metricsField,
  contributions: z
    .array(
      z.object({
        author: text,
        update: cidText,
        weight: realField,
        samples: countField,
        refused: z.enum(refusalReasons).optional()
      })
    )
    .max(65_536),
  roster: texts,
  admitted: texts,
  revoked: texts,
  evidence: z
    .array(
      z.object({
        offender: text,
        height: countField,
        view: countField,
        kind: z.enum(['prevote', 'precommit']),
        untilHeight: countField
      })
    )
    .max(65_536),
  votes: countField,
  recovery: z.object({ admin: text, reason: text }).nullable()
})

export const inviteOptionsSchema: z.ZodType<InviteOptions> = z.strictObject({
  role: z.enum(['member', 'admin']).optional(),
  expiresInMs: z.number().positive().optional(),
  maxUses: z.int().min(1).optional(),
  addresses: z.array(multiaddrField).max(16).optional()
})

export type RevokeTarget = { invite: string } | { peerId: string }

export const revokeTargetSchema: z.ZodType<RevokeTarget> = z.union([
  z.strictObject({ invite: textField(16_384).min(1) }),
  z.strictObject({ peerId: peerIdField })
])

export const recoverSchema: z.ZodType<RecoverOptions> = z.strictObject({
  reason: textField(256).min(1),
  members: z.array(peerIdField).min(1).max(MAX_ROSTER).optional()
})

/** A signed recovery: base64 in JSON. */
const recordField = z
  .base64()
  .max(2 * MAX_RECOVERY_BYTES)
  .transform((text) => new Uint8Array(Buffer.from(text, 'base64')))

/** A signed recovery as JSON has it. */
export function recordJson(record: Uint8Array): string {
  return Buffer.from(record).toString('base64')
}

/** Which recovery: the only one, that with the commit's CID, or this one. */
export const whichSchema = z.strictObject({
  commit: textField(128).min(1).optional(),
  record: recordField.optional()
})

export const recoveredSchema = z.object({ record: recordField })

export const rangeSchema = z.strictObject({
  from: z.coerce.number().int().min(0).optional(),
  limit: z.coerce.number().int().min(0).optional()
})

export const inviteAnswerSchema = z.object({ invite: z.string().max(65_536) })
export const doneSchema = z.object({ done: z.literal(true) })

/** In place of any answer, and of any line of a series. */
export const failureSchema = z.object({
  error: z.object({ name: text, code: text.optional(), message: z.string().max(65_536) })
})

export type Failure = z.output<typeof failureSchema>

/** A failure as it is sent. */
export function failureOf(error: unknown): Failure {
  const { name, message, code } = error as Error & { code?: unknown }
  return { error: { name, message, ...(typeof code === 'string' ? { code } : {}) } }
}

/** Commits carry CIDs, which JSON does not know. */
export function commitJson(commit: CommitSummary): unknown {
  const contributions = commit.contributions.map((each) => ({ ...each, update: each.update.toString() }))
  return { ...commit, contributions }
}
