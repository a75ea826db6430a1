/** The records that peers sign and gossip in a round, and what they agree on: update, proposal, vote, commit. */
import { z } from 'zod'
import {
  bytesField,
  cidField,
  countField,
  multiaddrField,
  peerIdField,
  realField,
  textField,
  timeField
} from './fields.ts'
import { maxEnvelopeBytes } from './signed.ts'
import type { RecordSchema } from './cbor.ts'
import type { SignedType } from './signed.ts'

/** The most members whose contributions one commit lists. */
export const MAX_ROSTER = 1024
/** A payload of at most so many bytes may be in its update: fetching it would cost several times as much. */
export const MAX_INLINE_BYTES = 2048
/** The most admissions, or revocations, that one commit lists; the rest wait for the next. */
export const MAX_MEMBERSHIP_CHANGES = 64
/** A recovery (see recovery.ts) that names a full roster: 54 bytes a member. */
export const MAX_RECOVERY_BYTES = 64 * 1024
/** The most proofs of equivocation that one commit carries; the rest wait for the next. */
export const MAX_EVIDENCE = 16
/** The most bans that are kept at a time: as many as a roster has members. */
export const MAX_BANS = MAX_ROSTER

/** A participation as its signed envelope (see participation.ts). */
const participationField = bytesField(1024)

/** A vote as its signed envelope. */
const voteField = bytesField(1024)

/** Two votes of one member in one step that contradict each other (see src/rounds/evidence.ts), the lesser bytes first. */
const evidenceField = z.tuple([voteField, voteField])

/** A certificate or an invite capability as its signed envelope (see invite.ts, certificate.ts). */
const envelopeField = bytesField(8192)

/** Metric name → value, e.g. `{ loss, accuracy, samples }`. `samples` is the number of examples evaluated on. */
export const metricsField = z
  .unknown()
  // zod leaves such a name out: the value would be another than was signed.
  .refine(
    (value) => !Object.hasOwn(Object(value) as object, '__proto__'),
    'expected no metric named __proto__'
  )
  .pipe(
    z.record(textField(32).min(1), realField).refine((m) => Object.keys(m).length <= 16, 'at most 16 metrics')
  )

/** One member's weight delta for one round. */
const updateSchema = z.strictObject({
  federation: cidField,
  /** Also in the signature, but two members' updates must differ even where all else is equal. */
  author: peerIdField,
  /** The commit height this update is for (the round opened by commit `height − 1`). */
  height: countField,
  /** The commit whose model was trained from: guards against replays. */
  base: cidField,
  /** Examples trained on, as claimed; counted up to the manifest's `aggregation.maxSamples`. */
  samples: z.int().min(1),
  /** Of the base model, and of the locally trained one, on the author's held-out data. */
  metricsBefore: metricsField,
  metricsAfter: metricsField,
  codec: textField(32).min(1),
  /** Root of the payload's DAG (see src/blocks), or the payload itself if it is small. */
  payload: z.union([cidField, bytesField(MAX_INLINE_BYTES)]),
  /** Payload bytes, all blocks together. */
  sizeBytes: countField,
  /** Wall time of local training. */
  trainingMs: z.number().min(0)
})

/** Why an update that was announced does not count. `too-few`: with it there are less than a round needs. */
export const refusalReasons = ['malformed', 'not-finite', 'norm', 'size', 'base', 'too-few'] as const

const contributionSchema = z.strictObject({
  author: peerIdField,
  update: cidField,
  /** The share with which this update enters the aggregation (a rule may choose among them); 0 when refused. */
  weight: z.number().min(0).max(1),
  samples: countField,
  refused: z.enum(refusalReasons).optional()
})

const rosterEntrySchema = z.strictObject({
  peer: peerIdField,
  /**
   * Rounds in a row in which this member was in the cohort and sent no update; for one that observes: rounds since a
   * commit carried its word that it does.
   */
  missed: countField,
  /** True for a member that never trains; absent for the others. */
  observes: z.literal(true).optional()
})

const banSchema = z.strictObject({
  peer: peerIdField,
  /** The commit that carried the proof against it: what it did up to that height is paid for. */
  since: countField,
  /** The first height whose commit may admit it again. */
  until: countField
})

/** What a quorum agrees on. Its CID is *the* commit id: the same on every peer, whichever votes each holds. */
const commitBodySchema = z.strictObject({
  federation: cidField,
  height: countField,
  /** Training rounds completed, this one included; a commit that only changes membership, or lapses, does not count. */
  round: countField,
  /** The previous commit; at height 1 the federation's manifest. */
  previous: cidField,
  /** Proposer's clock, ms since the epoch; never decreases along the ledger. Invites expire by this clock. */
  time: timeField,
  /** Root of the model's DAG (see src/blocks). */
  model: cidField,
  /** Root of what the server optimizer remembers: its vectors, one behind the other; null when it has none, or none yet. */
  optimizerState: cidField.nullable(),
  /** By author id, ascending: the order of the arithmetic. */
  contributions: z.array(contributionSchema).max(MAX_ROSTER),
  /** The previous model's metrics on the contributors' held-out data, averaged by number of examples. */
  evaluation: metricsField,
  /** Differential privacy spent so far, null without. */
  epsilon: realField.nullable(),
  /** Who counts in the next round, by peer id ascending. */
  roster: z.array(rosterEntrySchema).max(MAX_ROSTER),
  /** Certificates of members that join (or return) with this commit. */
  admissions: z.array(envelopeField).max(MAX_MEMBERSHIP_CHANGES),
  /** Signed revocations that take effect with this commit. */
  revocations: z.array(envelopeField).max(MAX_MEMBERSHIP_CHANGES),
  /** Members' word on whether they train (see participation.ts); absent when there is none. */
  participation: z.array(participationField).min(1).max(MAX_MEMBERSHIP_CHANGES).optional(),
  /** Proofs of equivocation, by offender ascending, one each; absent when there is none. */
  evidence: z.array(evidenceField).min(1).max(MAX_EVIDENCE).optional(),
  /** Who was banned by proof, by peer id ascending, until nothing follows from it any more; absent when nobody. */
  bans: z.array(banSchema).min(1).max(MAX_BANS).optional(),
  /** The admin's signed recovery (see recovery.ts) that this commit is: it has no votes. Absent in all others. */
  recovery: bytesField(maxEnvelopeBytes({ maxBytes: MAX_RECOVERY_BYTES })).optional()
})

const proposalSchema = z.strictObject({
  federation: cidField,
  height: countField,
  view: countField,
  body: commitBodySchema,
  /** Tendermint's validRound: the view in which the proposer saw a quorum of prevotes for this body, or −1. */
  validView: z.int().min(-1),
  /** The signed updates that the body counts, so that a voter needs no other message to check it. */
  updates: z.array(bytesField(8192)).max(MAX_ROSTER)
})

const voteSchema = z.strictObject({
  federation: cidField,
  height: countField,
  view: countField,
  kind: z.enum(['prevote', 'precommit']),
  /** CID of the commit body voted for; null is Tendermint's nil. */
  body: cidField.nullable()
})

/** A member tells that it has reduced its part of the vector (see src/rounds/shards.ts), and where the result is. */
const shardSchema = z.strictObject({
  federation: cidField,
  height: countField,
  /** Which part. */
  index: countField,
  /** Of which updates: the address of the list of the addresses of those that count, ascending. */
  updates: cidField,
  /** Root of the DAG (see src/blocks) of this part of the next model; of the combined delta where optimizers have a state. */
  root: cidField
})

const commitSchema = z.strictObject({
  body: commitBodySchema,
  /** Precommits for `body` by a quorum of the previous roster, all of one view; none in a recovery. */
  votes: z.array(voteField).max(MAX_ROSTER)
})

/** A member tells of a proof that it has come by. Who signs it does not matter: the proof speaks for itself. */
const evidenceReportSchema = z.strictObject({
  federation: cidField,
  votes: evidenceField
})

/**
 * A member asks to be put in the roster, or back into it after missing rounds, or says whether it trains. Its signer is
 * `member`.
 */
const joinSchema = z.strictObject({
  federation: cidField,
  member: peerIdField,
  certificate: envelopeField,
  /** Where the others reach it. */
  addresses: z.array(multiaddrField).max(16),
  /** The member's clock, ms since the epoch: no two of its requests are the same message. */
  time: timeField,
  /** Height of the latest commit that the member knows: what it asked before it left the roster lets it in no more. */
  ledgerHeight: countField,
  /** Whether it trains, if that has to be said; absent: as one that joins, it does. */
  participation: participationField.optional()
})

/** What members send each other in a round; `shard` in a butterfly alone, `revocation` is the admins' signed record (see revocation.ts), `evidence` a report. */
export const recordKinds = ['update', 'shard', 'proposal', 'vote', 'join', 'revocation', 'evidence'] as const

export type RecordKind = (typeof recordKinds)[number]
export type Metrics = z.output<typeof metricsField>
export type Update = z.output<typeof updateSchema>
export type RefusalReason = (typeof refusalReasons)[number]
export type Contribution = z.output<typeof contributionSchema>
export type RosterEntry = z.output<typeof rosterEntrySchema>
/** Two signed votes that contradict each other. */
export type Evidence = z.output<typeof evidenceField>
export type Ban = z.output<typeof banSchema>
export type EvidenceReport = z.output<typeof evidenceReportSchema>
export type CommitBody = z.output<typeof commitBodySchema>
export type Proposal = z.output<typeof proposalSchema>
export type Vote = z.output<typeof voteSchema>
export type ShardRecord = z.output<typeof shardSchema>
export type Commit = z.output<typeof commitSchema>
export type Join = z.output<typeof joinSchema>

export const updateType: SignedType<Update> = {
  name: 'update',
  domain: 'murmuration-update',
  schema: updateSchema,
  authorOf: ({ author }) => author,
  maxBytes: 4096 + MAX_INLINE_BYTES
}
export const shardType: SignedType<ShardRecord> = {
  name: 'shard',
  domain: 'murmuration-shard',
  schema: shardSchema,
  maxBytes: 512
}
export const proposalType: SignedType<Proposal> = {
  name: 'proposal',
  domain: 'murmuration-proposal',
  schema: proposalSchema,
  maxBytes: 2 * 1024 * 1024
}
export const voteType: SignedType<Vote> = {
  name: 'vote',
  domain: 'murmuration-vote',
  schema: voteSchema,
  maxBytes: 512
}
export const evidenceType: SignedType<EvidenceReport> = {
  name: 'evidence',
  domain: 'murmuration-evidence',
  schema: evidenceReportSchema,
  /** Two votes and the federation. */
  maxBytes: 2560
}
export const commitType: RecordSchema<Commit> = {
  name: 'commit',
  schema: commitSchema,
  maxBytes: 2 * 1024 * 1024
}
export const joinType: SignedType<Join> = {
  name: 'join request',
  domain: 'murmuration-join',
  schema: joinSchema,
  /** A certificate (8 KiB) and 16 addresses (half a KiB each). */
  maxBytes: 20 * 1024
}
