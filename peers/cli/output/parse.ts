/** Option values: text from a command line → a value that cannot be wrong, or a UsageError that says what was expected. */
import { UsageError } from './exit.ts'

const DURATION_UNITS: Record<string, number> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000
}

/** A date this far off still has a four-digit year. */
const MAX_DURATION_MS = 36_525 * 86_400_000

/** '7d', '90m', '1.5h' → milliseconds. */
export function parseDuration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w)$/.exec(text.trim())
  const [, amount = '', unit = ''] = match ?? []
  const ms = Math.round(Number(amount) * (DURATION_UNITS[unit] ?? 0))
  if (match == null || ms <= 0 || ms > MAX_DURATION_MS) {
    throw new UsageError(
      `"${text}" is no duration up to 100 years. Give a number and a unit: 90s, 30m, 12h, 7d, 2w.`
    )
  }
  return ms
}

/** An integer within bounds. */
export function parseInteger(
  what: string,
  min: number,
  max = Number.MAX_SAFE_INTEGER
): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (!/^-?\d+$/.test(text.trim()) || value < min || value > max) {
      const range = max === Number.MAX_SAFE_INTEGER ? `${min} or more` : `${min} to ${max}`
      throw new UsageError(`${what}: "${text}" was given, a whole number of ${range} is expected.`)
    }
    return value
  }
}

/** A number within bounds, with a fraction or without. */
export function parseNumber(what: string, min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (!/^\d+(\.\d+)?$/.test(text.trim()) || value < min || value > max)
      throw new UsageError(`${what}: "${text}" was given, a number of ${min} to ${max} is expected.`)
    return value
  }
}

/** '2/4' → part index 1 of count 4: people count from 1, the library from 0. */
export function parsePart(text: string): { index: number; count: number } {
  const match = /^(\d+)\/(\d+)$/.exec(text.trim())
  const part = Number(match?.[1])
  const count = Number(match?.[2])
  if (match == null || part < 1 || part > count) {
    throw new UsageError(
      `--part: "${text}" was given; write i/n with i from 1 to n, e.g. 1/4 for the first quarter.`
    )
  }
  return { index: part - 1, count }
}

/** 'hospital=cleveland' → ['hospital', 'cleveland']. */
export function parseCondition(text: string): [string, string] {
  const at = text.indexOf('=')
  const column = text.slice(0, Math.max(0, at)).trim()
  if (column === '') {
    throw new UsageError(`--where: "${text}" was given; write column=value, e.g. hospital=cleveland.`)
  }
  return [column, text.slice(at + 1).trim()]
}

/** '9464', ':9464', '0.0.0.0:9464', '[::1]:9464' → host and port; without a host, this machine only. */
export function parseHostPort(text: string): { host: string; port: number } {
  const match = /^(?:(\[[0-9a-fA-F:]+\]|[^\s:[\]]*):)?(\d{1,5})$/.exec(text.trim())
  const port = Number(match?.[2])
  if (match == null || port > 65_535) {
    throw new UsageError(`--metrics: "${text}" was given; write host:port, e.g. 127.0.0.1:9464.`)
  }
  const host = (match[1] ?? '').replace(/^\[|\]$/g, '')
  return { host: host === '' ? '127.0.0.1' : host, port }
}

/** '128,64' → [128, 64]. */
export function parseLayers(text: string): number[] {
  return text.split(',').map((part) => parseInteger('--hidden', 1, 65_536)(part.trim()))
}

/** A multiaddr, by its looks; libp2p checks the rest. */
export function parseAddress(text: string): string {
  if (!/^\/[a-z0-9-]+\/\S+$/.test(text.trim())) {
    throw new UsageError(`"${text}" is no address. Write a multiaddr, e.g. /ip4/192.168.1.7/tcp/4001.`)
  }
  return text.trim()
}
