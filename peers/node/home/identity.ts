/** The peer's identity: an Ed25519 key in one file, optionally under a passphrase. */
import { generateKeyPair, generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { z } from 'zod'
import { decode, encode } from '../../../src/federation/cbor.ts'
import { bytesField, peerIdField } from '../../../src/federation/fields.ts'
import { decrypt, encrypt, encryptedField } from './encryption.ts'
import { DamagedHomeError, NoIdentityError, WrongPassphraseError } from './errors.ts'
import { checkPrivate, readIfThere, writeAtomically } from './files.ts'
import type { RecordSchema } from '../../../src/federation/cbor.ts'
import type { Lock } from './encryption.ts'
import type { PrivateKey } from '@libp2p/interface'

const SEED_BYTES = 32

const identitySchema = z.strictObject({
  version: z.literal(1),
  /** In the clear, so that the peer's name is known without the passphrase. */
  peerId: peerIdField,
  /** 32 bytes, or the same encrypted. */
  seed: z.union([bytesField(SEED_BYTES), encryptedField])
})

type IdentityFile = z.output<typeof identitySchema>

const identityType: RecordSchema<IdentityFile> = { name: 'identity', schema: identitySchema, maxBytes: 4096 }

/** How to store a new identity. */
export interface IdentityOptions {
  /** Encrypts the key; without it the file's mode alone protects it. */
  passphrase?: string
  /** Cost of trying a passphrase, see encryption.ts. Default 17. */
  log2Cost?: number
}

/** Make an identity and store it. @throws {DamagedHomeError} there is one already */
export async function createIdentity(file: string, options: IdentityOptions = {}): Promise<PrivateKey> {
  if ((await readIfThere(file)) != null) throw new DamagedHomeError(file, 'an identity is there already')
  const key = await generateKeyPair('Ed25519')
  const peerId = peerIdFromPrivateKey(key).toString()
  const plain = key.raw.slice(0, SEED_BYTES)
  const { passphrase, log2Cost } = options
  const seed = passphrase == null ? plain : await encrypt(plain, lockOf(peerId, passphrase), log2Cost)
  await writeAtomically(file, encode({ version: 1, peerId, seed }))
  return key
}

/**
 * Open the identity.
 *
 * @throws {NoIdentityError} there is none
 * @throws {WrongPassphraseError} it is encrypted, and the passphrase is missing or wrong
 * @throws {PermissionsError} other users could read it
 * @throws {DamagedHomeError} the file is damaged
 */
export async function openIdentity(file: string, passphrase?: string): Promise<PrivateKey> {
  const stored = await readIdentity(file)
  await checkPrivate(file, 'chmod 600')
  const key = await generateKeyPairFromSeed('Ed25519', await seedOf(stored, { file, passphrase }))
  if (peerIdFromPrivateKey(key).toString() !== stored.peerId) {
    throw new DamagedHomeError(file, 'its key does not belong to its peer id')
  }
  return key
}

/** What is known of an identity without its passphrase; undefined when there is none. */
export async function describeIdentity(
  file: string
): Promise<{ peerId: string; encrypted: boolean } | undefined> {
  if ((await readIfThere(file)) == null) return undefined
  const { peerId, seed } = await readIdentity(file)
  return { peerId, encrypted: !(seed instanceof Uint8Array) }
}

async function readIdentity(file: string): Promise<IdentityFile> {
  const bytes = await readIfThere(file)
  if (bytes == null) throw new NoIdentityError(file)
  try {
    return decode(identityType, bytes)
  } catch (cause) {
    throw new DamagedHomeError(file, (cause as Error).message, { cause })
  }
}

async function seedOf(
  { seed, peerId }: IdentityFile,
  { file, passphrase }: { file: string; passphrase?: string }
): Promise<Uint8Array> {
  if (seed instanceof Uint8Array) {
    if (seed.byteLength === SEED_BYTES) return seed
    throw new DamagedHomeError(file, `a key of ${seed.byteLength} bytes, ${SEED_BYTES} expected`)
  }
  const opened = passphrase == null ? null : await decrypt(seed, lockOf(peerId, passphrase))
  if (opened == null) throw new WrongPassphraseError(file, passphrase != null)
  return opened
}

/** Binds the encrypted key to the peer id beside it. */
function lockOf(peerId: string, passphrase: string): Lock {
  return { passphrase, context: encode({ version: 1, peerId }) }
}
