/** In what two commit bodies differ. */
import { encode } from '../../src/federation/cbor.ts'
import type { CommitBody } from '../../src/federation/records.ts'

/** Names of the fields in which two bodies differ. */
export function differences(found: CommitBody, expected: CommitBody): string[] {
  const keys = [...new Set([...Object.keys(expected), ...Object.keys(found)])] as (keyof CommitBody)[]
  return keys.filter((key) => textOf(found[key]) !== textOf(expected[key]))
}

function textOf(value: unknown): string {
  return value === undefined ? '' : String(encode(value))
}
