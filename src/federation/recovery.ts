/**
 * Going on without a quorum: when the majority is gone for good, an admin signs who remains. It stands in the ledger in
 * place of a quorum's votes, for all to see: from there on the ledger is a branch.
 */
import { z } from 'zod'
import { TamperedError } from './errors.ts'
import { cidField, countField, peerIdField, textField, timeField } from './fields.ts'
import { MAX_RECOVERY_BYTES, MAX_ROSTER } from './records.ts'
import { open, seal } from './signed.ts'
import type { Signed, SignedType } from './signed.ts'
import type { PrivateKey } from '@libp2p/interface'

const recoverySchema = z.strictObject({
  federation: cidField,
  /** The last commit before the branch; at height 0 the federation's manifest. */
  base: z.strictObject({ height: countField, commit: cidField }),
  /** Who counts from now on, by peer id ascending. */
  members: z
    .array(peerIdField)
    .min(1)
    .max(MAX_ROSTER)
    .refine(
      (ids) => ids.every((id, i) => i === 0 || ids[i - 1] < id),
      'expected peer ids in ascending order'
    ),
  /** Shown to everybody. */
  reason: textField(256).min(1),
  /** Its signer, whom the manifest names. */
  admin: peerIdField,
  /** The admin's clock, ms since the epoch. */
  time: timeField,
  /** The recovery before this one in the same ledger (CID of its record); null for the first. */
  previous: cidField.nullable()
})

export type Recovery = z.output<typeof recoverySchema>

/** Signed by an admin that the manifest names. */
export const recoveryType: SignedType<Recovery> = {
  name: 'recovery',
  domain: 'murmuration-recovery',
  schema: recoverySchema,
  authorOf: ({ admin }) => admin,
  maxBytes: MAX_RECOVERY_BYTES
}

/** Sign a recovery. @throws {InvalidRecordError} a value out of its bounds */
export function signRecovery(
  recovery: Omit<Recovery, 'admin'>,
  admin: { id: string; key: PrivateKey }
): Promise<Signed<Recovery>> {
  const members = [...new Set(recovery.members)].sort()
  return seal(recoveryType, { ...recovery, members, admin: admin.id }, admin.key)
}

/**
 * Open an untrusted recovery; whether it takes effect is for the ledger to say.
 *
 * @throws {TamperedError} the signature does not hold, or it is no recovery
 */
export async function openRecovery(bytes: Uint8Array): Promise<Signed<Recovery>> {
  try {
    return await open(recoveryType, bytes)
  } catch (cause) {
    throw new TamperedError('recovery', (cause as Error).message, { cause })
  }
}
