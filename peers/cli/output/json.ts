/** `--json`: one object per line, for scripts. Addresses are text, bytes are base64, times are ms since the epoch. */
import { CID } from 'multiformats/cid'

/** One line of JSON with its line feed. `value` may hold CIDs, bytes, bigints and errors. */
export function jsonLine(value: Record<string, unknown>): string {
  return `${JSON.stringify(plain(value))}\n`
}

/** An event as `start --json` and `join --json` print it: `{event, time, …}`. */
export function eventLine(event: string, time: number, detail: Record<string, unknown> = {}): string {
  return jsonLine({ event, time, ...detail })
}

function plain(value: unknown): unknown {
  if (value === null || typeof value !== 'object') return plainScalar(value)
  const cid = CID.asCID(value)
  if (cid != null) return cid.toString()
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (value instanceof Error) return { name: value.name, message: value.message }
  if (Array.isArray(value)) return value.map(plain)
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]))
}

/** JSON has no bigint and would silently turn NaN and infinities into null: they become text. */
function plainScalar(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString()
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value
}
