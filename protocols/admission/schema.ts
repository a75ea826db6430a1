/**
 * The messages. The dialler says `Hello`, the listener answers `Welcome`, the dialler ends with `Verdict`. A refusal
 * may stand in place of any (see ../common/refusal.ts).
 */
import { z } from 'zod'
import { bytesField, cidField, countField, multiaddrField, peerIdField } from '../../src/federation/fields.ts'
import { MAX_CERTIFICATE_BYTES } from '../../src/federation/invite.ts'
import {
  MAX_HELLO_BYTES,
  MAX_KNOWN_ADDRESSES,
  MAX_KNOWN_PEERS,
  MAX_MANIFEST_BYTES,
  MAX_OWN_ADDRESSES,
  MAX_VERDICT_BYTES,
  MAX_WELCOME_BYTES
} from './constants.ts'
import type { RecordSchema } from '../../src/federation/cbor.ts'

const certificateField = bytesField(MAX_CERTIFICATE_BYTES)
const ownAddresses = z.array(multiaddrField).max(MAX_OWN_ADDRESSES)

const headSchema = z.strictObject({ height: countField, cid: cidField })

const helloSchema = z.strictObject({
  federation: cidField,
  /** Of the dialler, or with `look` of whoever holds the invite. */
  certificate: certificateField,
  /** Where the dialler can be dialled, multiaddrs. */
  addresses: ownAddresses,
  /** The dialler's latest commit; null before the first. */
  head: headSchema.nullable(),
  /** True: only show me the manifest; I have not decided to join. Nobody is admitted. */
  look: z.boolean()
})

const knownPeerSchema = z.strictObject({
  peerId: peerIdField,
  addresses: z.array(multiaddrField).max(MAX_KNOWN_ADDRESSES)
})

const welcomeSchema = z.strictObject({
  certificate: certificateField,
  addresses: ownAddresses,
  /** The manifest's envelope, for one who looks. */
  manifest: bytesField(MAX_MANIFEST_BYTES).nullable(),
  /** Other members. */
  peers: z.array(knownPeerSchema).max(MAX_KNOWN_PEERS),
  /** The latest commit; null before the first. */
  head: headSchema.nullable()
})

const verdictSchema = z.strictObject({ accepted: z.literal(true) })

export type Hello = z.output<typeof helloSchema>
export type Welcome = z.output<typeof welcomeSchema>
/** A member and where it may be dialled, as another one tells. */
export type KnownPeer = z.output<typeof knownPeerSchema>
/** The latest commit of a ledger. */
export type LedgerHead = z.output<typeof headSchema>

export const helloType: RecordSchema<Hello> = {
  name: 'hello',
  schema: helloSchema,
  maxBytes: MAX_HELLO_BYTES
}
export const welcomeType: RecordSchema<Welcome> = {
  name: 'welcome',
  schema: welcomeSchema,
  maxBytes: MAX_WELCOME_BYTES
}
export const verdictType: RecordSchema<z.output<typeof verdictSchema>> = {
  name: 'verdict',
  schema: verdictSchema,
  maxBytes: MAX_VERDICT_BYTES
}
