/** Signed records as the engine has them: opened, or ready to travel. */
import type { WireRecord } from '../components.ts'
import type { OpenRecord } from '../../../src/federation/sealed.ts'

/** A record ready to travel. */
export function wire({ kind, signed }: OpenRecord): WireRecord {
  return { kind, cid: signed.cid, bytes: signed.bytes }
}

export { openRecord } from '../../../src/federation/sealed.ts'
export type { OpenRecord, RoundRecord } from '../../../src/federation/sealed.ts'
