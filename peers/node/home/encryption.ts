/**
 * A secret under a passphrase: scrypt makes the key, XChaCha20-Poly1305 encrypts.
 *
 * Specs: RFC 7914 (scrypt), draft-irtf-cfrg-xchacha-03.
 */
import { randomBytes } from 'node:crypto'
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js'
import { scryptAsync } from '@noble/hashes/scrypt.js'
import { z } from 'zod'
import { bytesField } from '../../../src/federation/fields.ts'

const SALT_BYTES = 16
const NONCE_BYTES = 24
const KEY_BYTES = 32
const BLOCK_SIZE = 8

/** 2^17 blocks of 1 KiB: OWASP's first choice, about half a second and 128 MiB. */
export const SCRYPT_LOG2_COST = 17

/** What is stored in place of the secret. Its caps bound the time and memory that a forged file can cost. */
export const encryptedField = z.strictObject({
  kdf: z.literal('scrypt'),
  /** Cost: 2^log2Cost blocks of 1 KiB. */
  log2Cost: z.int().min(10).max(20),
  salt: bytesField(SALT_BYTES),
  cipher: z.literal('xchacha20-poly1305'),
  nonce: bytesField(NONCE_BYTES).refine((nonce) => nonce.byteLength === NONCE_BYTES, '24 bytes expected'),
  ciphertext: bytesField(1024)
})

export type Encrypted = z.output<typeof encryptedField>

/** The passphrase, and bytes that are not secret but must not change either. */
export interface Lock {
  passphrase: string
  context: Uint8Array
}

/** Encrypt under a passphrase. */
export async function encrypt(
  secret: Uint8Array,
  lock: Lock,
  log2Cost: number = SCRYPT_LOG2_COST
): Promise<Encrypted> {
  const salt = new Uint8Array(randomBytes(SALT_BYTES))
  const nonce = new Uint8Array(randomBytes(NONCE_BYTES))
  const key = await deriveKey(lock.passphrase, salt, log2Cost)
  const ciphertext = xchacha20poly1305(key, nonce, lock.context).encrypt(secret)
  return { kdf: 'scrypt', log2Cost, salt, cipher: 'xchacha20-poly1305', nonce, ciphertext }
}

/** The secret, or null when the passphrase does not fit or anything was changed. */
export async function decrypt(encrypted: Encrypted, lock: Lock): Promise<Uint8Array | null> {
  const key = await deriveKey(lock.passphrase, encrypted.salt, encrypted.log2Cost)
  const cipher = xchacha20poly1305(key, encrypted.nonce, lock.context)
  try {
    return cipher.decrypt(encrypted.ciphertext)
  } catch {
    // A failed authentication tag is the cipher's only answer to a wrong key, and carries no more than that.
    return null
  }
}

function deriveKey(passphrase: string, salt: Uint8Array, log2Cost: number): Promise<Uint8Array> {
  // NFKC: the same letters typed on another keyboard or system give the same bytes.
  const options = { N: 2 ** log2Cost, r: BLOCK_SIZE, p: 1, dkLen: KEY_BYTES, maxmem: 2 ** 31 }
  return scryptAsync(passphrase.normalize('NFKC'), salt, options)
}
