/** Real messages to start from: a small federation with a chain of invites, and one record of every kind. */
import { compare } from 'uint8arrays/compare'
import { RecordEnvelope } from '@libp2p/peer-record'
import { certificateType } from '../../src/federation/certificate.ts'
import { cidOf, encode, rawCidOf } from '../../src/federation/cbor.ts'
import { capabilityType } from '../../src/federation/invite.ts'
import {
  founding,
  manifestTemplate,
  manifestType,
  parseManifestYaml,
  templateKinds
} from '../../src/federation/manifest/index.ts'
import {
  commitType,
  evidenceType,
  joinType,
  proposalType,
  shardType,
  updateType,
  voteType
} from '../../src/federation/records.ts'
import { revocationType } from '../../src/federation/revocation.ts'
import { seal } from '../../src/federation/signed.ts'
import { genesisTip } from '../../src/rounds/index.ts'
import { invite, join, NOW, person, revocation, world } from '../federation/world.ts'
import type {
  Commit,
  CommitBody,
  Evidence,
  Join,
  Proposal,
  ShardRecord,
  Update,
  Vote
} from '../../src/federation/records.ts'
import type { RecordSchema } from '../../src/federation/cbor.ts'
import type { SignedType } from '../../src/federation/signed.ts'
import type { PrivateKey } from '@libp2p/interface'

export const small = await world({ invites: 'members' })
export const { founder } = small
export const federation = small.manifest.cid
export const member = await person(2)
export const guest = await person(3)
export const stranger = await person(4)

const firstInvite = await invite(small, founder, { maxUses: 3, addresses: ['/ip4/127.0.0.1/tcp/4001'] })
await join(member, firstInvite)
const secondInvite = await invite(small, member)
await join(guest, secondInvite)
export const invites = [firstInvite, secondInvite]

/** Envelopes of every depth of chain. */
export const certificates = [founder, member, guest].map(({ certificate }) => certificate as Uint8Array)
export const revocations = [
  await revocation(small, founder, { member: member.id }),
  await revocation(small, founder, { invite: firstInvite.capability.cid })
]
export const templates = templateKinds.map((kind) => manifestTemplate(kind))
export const manifests = await Promise.all(
  templates.map((yaml) =>
    founding({ draft: parseManifestYaml(yaml), founderKey: founder.key, now: NOW, nonce: new Uint8Array(16) })
  )
)

export const payload = await rawCidOf(Uint8Array.of(1, 2, 3))
const metrics = { loss: 0.5, accuracy: 0.25, samples: 10 }

export const update: Update = {
  federation,
  author: member.id,
  height: 1,
  base: federation,
  samples: 10,
  metricsBefore: metrics,
  metricsAfter: { loss: 1e-3 },
  codec: 'fp32',
  payload,
  sizeBytes: 40,
  trainingMs: 1.5
}
const signedUpdate = await seal(updateType, update, member.key)

const body: CommitBody = {
  ...genesisTip(federation, small.manifest.value, payload).body,
  height: 1,
  round: 1,
  time: NOW,
  contributions: [
    { author: member.id, update: signedUpdate.cid, weight: 1, samples: 10 },
    { author: guest.id, update: payload, weight: 0, samples: 3, refused: 'norm' }
  ],
  evaluation: metrics,
  roster: [
    { peer: founder.id, missed: 0 },
    { peer: member.id, missed: 1 }
  ],
  admissions: [certificates[1]],
  revocations: [revocations[0]]
}
export const vote: Vote = {
  federation,
  height: 1,
  view: 0,
  kind: 'precommit',
  body: await cidOf(encode(body))
}
const contradiction = await Promise.all(
  [vote.body, null].map(async (said) => (await seal(voteType, { ...vote, body: said }, member.key)).bytes)
)
/** Two votes of `member` in one step. */
export const evidence = contradiction.sort(compare) as Evidence
const banned: CommitBody = {
  ...body,
  evidence: [evidence],
  bans: [{ peer: member.id, since: 1, until: 101 }]
}
const votes = [
  (await seal(voteType, vote, founder.key)).bytes,
  (await seal(voteType, vote, member.key)).bytes
]
export const shard: ShardRecord = { federation, height: 1, index: 0, updates: payload, root: payload }
export const commit: Commit = { body, votes }
export const proposal: Proposal = {
  federation,
  height: 1,
  view: 2,
  body,
  validView: -1,
  updates: [signedUpdate.bytes]
}
export const joinRequest: Join = {
  federation,
  member: guest.id,
  certificate: certificates[2],
  addresses: ['/ip4/10.0.0.1/tcp/4001'],
  time: NOW,
  ledgerHeight: 4
}

/** A kind of record with payloads of it. */
export interface Kind {
  type: RecordSchema<unknown>
  payloads: Uint8Array[]
}

const payloadOf = (envelope: Uint8Array): Uint8Array =>
  RecordEnvelope.createFromProtobuf(envelope).payload.subarray()

/** Whose signature opens them: each with the key of an author that the payloads name. */
export const signedKinds: (Kind & { type: SignedType<unknown>; key: PrivateKey })[] = [
  { type: manifestType, payloads: manifests.map(({ bytes }) => payloadOf(bytes)), key: founder.key },
  {
    type: capabilityType,
    payloads: invites.map(({ capability }) => payloadOf(capability.bytes)),
    key: founder.key
  },
  { type: certificateType, payloads: certificates.map(payloadOf), key: firstInvite.key },
  { type: revocationType, payloads: revocations.map(payloadOf), key: founder.key },
  {
    type: updateType,
    payloads: [encode(update), encode({ ...update, payload: new Uint8Array(update.sizeBytes) })],
    key: member.key
  },
  { type: shardType, payloads: [encode(shard)], key: member.key },
  { type: proposalType, payloads: [encode(proposal)], key: founder.key },
  {
    type: voteType,
    payloads: [encode(vote), encode({ ...vote, body: null, kind: 'prevote' })],
    key: founder.key
  },
  { type: joinType, payloads: [encode(joinRequest)], key: guest.key },
  { type: evidenceType, payloads: [encode({ federation, votes: evidence })], key: guest.key }
] as (Kind & { type: SignedType<unknown>; key: PrivateKey })[]

export const commitKind = {
  type: commitType,
  payloads: [encode(commit), encode({ ...commit, body: banned })]
} as Kind

/** Sign any bytes as this kind of record: a member that lies with a good signature. */
export async function signed(
  { domain }: Pick<SignedType<unknown>, 'domain'>,
  bytes: Uint8Array,
  key: PrivateKey
): Promise<Uint8Array> {
  const codec = new TextEncoder().encode(`/${domain}`)
  return (
    await RecordEnvelope.seal({ domain, codec, marshal: () => bytes, equals: () => false }, key)
  ).marshal()
}
