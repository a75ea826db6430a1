/** Who takes part in a run, and what follows from its seed alone. */
import { randomFrom, seededRandom } from '../../../src/random.ts'
import { sampleCohort } from '../../../src/rounds/quorum.ts'
import type { Manifest } from '../../../src/federation/manifest/schema.ts'

/** Streams of draws that must differ although the seed is the same. */
const ROUND_STREAM = 0x726f756e
const CLIENT_STREAM = 0x636c6965

/** Bytes of a commit's hash, which all members draw of. */
const SEED_BYTES = 32
/** Digits of a client's number in its id: the order of the arithmetic, by id, is that of the numbers. */
const ID_DIGITS = 5

/** What stands for the hash of the commit before a round: another one for each seed and round. */
export function roundSeedOf(seed: number, round: number): Uint8Array {
  const random = seededRandom(seed, ROUND_STREAM, round)
  return Uint8Array.from({ length: SEED_BYTES }, () => random() >>> 24)
}

/** The clients that train, ascending: as members sample themselves (src/rounds/quorum.ts). */
export function cohortOf(clients: number, rounds: Manifest['rounds'], roundSeed: Uint8Array): number[] {
  const roster = Array.from({ length: clients }, (_, i) => ({ peer: idOf(i), missed: 0 }))
  return sampleCohort(roster, rounds, roundSeed).map(Number)
}

/** Decides the order of a client's examples, and what it makes up. */
export function clientSeed(roundSeed: Uint8Array, client: number): number {
  return randomFrom(roundSeed, CLIENT_STREAM, client)()
}

function idOf(client: number): string {
  return String(client).padStart(ID_DIGITS, '0')
}
