/** Taking back an invite or a membership: a record that an admin signs and the next commit carries. */
import { z } from 'zod'
import { TamperedError } from './errors.ts'
import { cidField, peerIdField, textField, timeField } from './fields.ts'
import { open, seal } from './signed.ts'
import type { Signed, SignedType } from './signed.ts'
import type { PrivateKey } from '@libp2p/interface'

const revocationSchema = z.strictObject({
  federation: cidField,
  /** An invite (nobody joins with it any more), or a member (it is one no longer, for good). */
  target: z.union([z.strictObject({ invite: cidField }), z.strictObject({ member: peerIdField })]),
  /** Shown to the person concerned. */
  reason: textField(256),
  /** The admin's clock, ms since the epoch. */
  time: timeField
})

export type Revocation = z.output<typeof revocationSchema>

/** Signed by an admin. */
export const revocationType: SignedType<Revocation> = {
  name: 'revocation',
  domain: 'murmuration-revocation',
  schema: revocationSchema,
  maxBytes: 2048
}

/** Sign a revocation. @throws {InvalidRecordError} a value out of its bounds */
export function revoke(revocation: Revocation, adminKey: PrivateKey): Promise<Signed<Revocation>> {
  return seal(revocationType, revocation, adminKey)
}

/**
 * Open an untrusted revocation; whether its signer is an admin is for the membership to say.
 *
 * @throws {TamperedError} the signature does not hold, or it is not a revocation
 */
export async function openRevocation(bytes: Uint8Array): Promise<Signed<Revocation>> {
  try {
    return await open(revocationType, bytes)
  } catch (cause) {
    throw new TamperedError('revocation', (cause as Error).message, { cause })
  }
}
