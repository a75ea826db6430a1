/** Whether a member trains: a record that it signs and a commit carries, so that all peers see it at the same height. */
import { z } from 'zod'
import { TamperedError } from './errors.ts'
import { cidField, countField, peerIdField } from './fields.ts'
import { open } from './signed.ts'
import type { Signed, SignedType } from './signed.ts'

const participationSchema = z.strictObject({
  federation: cidField,
  /** Its signer. */
  member: peerIdField,
  /** False: it observes, that is it votes and holds blocks, but is in no cohort. */
  trains: z.boolean(),
  /** The height at which it was made. Later than that of the member's last one, so that none is used twice. */
  height: countField
})

export type Participation = z.output<typeof participationSchema>

/** Signed by the member. */
export const participationType: SignedType<Participation> = {
  name: 'participation',
  domain: 'murmuration-participation',
  schema: participationSchema,
  maxBytes: 512
}

/**
 * Open an untrusted participation; whether it takes effect is for the membership to say.
 *
 * @throws {TamperedError} the signature does not hold or is another member's, or it is no participation
 */
export async function openParticipation(bytes: Uint8Array): Promise<Signed<Participation>> {
  const signed = await open(participationType, bytes).catch((cause: unknown) => {
    throw new TamperedError('participation', (cause as Error).message, { cause })
  })
  if (signed.author !== signed.value.member)
    throw new TamperedError('participation', `${signed.author} signed for ${signed.value.member}`)
  return signed
}
