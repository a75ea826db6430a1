/** Numbers, ids and texts as people read them. Everything here is pure. */

const BYTE_UNITS = ['B', 'kB', 'MB', 'GB', 'TB']

/** 1234567 → '1.2 MB' (decimal units, as network and disk makers count). */
export function formatBytes(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= 999.5 && unit < BYTE_UNITS.length - 1) {
    value /= 1000
    unit++
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : 1
  return `${value.toFixed(digits)} ${BYTE_UNITS[unit]}`
}

/** Milliseconds → '340 ms', '12.3 s', '4m 05s', '2h 13m', '3d 4h'. */
export function formatDuration(ms: number): string {
  if (ms < 999.5) return `${Math.round(ms)} ms`
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`
  const seconds = Math.round(ms / 1000)
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m ${pad2(seconds % 60)}s`
  const minutes = Math.round(seconds / 60)
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)}h ${pad2(minutes % 60)}m`
  const hours = Math.round(minutes / 60)
  return `${Math.floor(hours / 24)}d ${hours % 24}h`
}

/** Metrics that are shares of 1 and read best as per cent. */
const SHARES = new Set(['accuracy', 'auc'])

/** accuracy 0.8731 → '87.3 %'; loss 0.4123 → '0.412'; absent → '–'. */
export function formatMetric(name: string, value: number | undefined): string {
  if (value == null) return '–'
  if (SHARES.has(name)) return `${(value * 100).toFixed(1)} %`
  return Math.abs(value) >= 1000 ? value.toExponential(2) : value.toFixed(3)
}

/** Names of all metrics that some set has: accuracy and loss first, the number of samples not among them. */
export function metricNames(...sets: (Readonly<Record<string, number>> | null)[]): string[] {
  const names = new Set(sets.flatMap((set) => Object.keys(set ?? {})))
  names.delete('samples')
  const rank = (name: string): number => ['accuracy', 'loss'].indexOf(name) >>> 0
  return [...names].sort((a, b) => rank(a) - rank(b))
}

/** The end of a peer id or CID, which is where ids differ: '…F3xQz9aK'. */
export function shortId(id: string, length = 8): string {
  return id.length <= length + 1 ? id : `…${id.slice(-length)}`
}

/** 1 → '1 round', 3 → '3 rounds'. */
export function plural(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`
}

/** What computes: 'wasm', or 'wasm on 2 threads'. */
export function formatEngine({ backend, threads = 1 }: { backend: string; threads?: number }): string {
  return threads > 1 ? `${backend} on ${plural(threads, 'thread')}` : backend
}

/** A name as the stem of a file's name: letters and digits of any script, '.', '_' and '-'. */
export function fileStem(name: string): string {
  return name.replace(/[^\p{L}\p{N}._-]+/gu, '-')
}

/** Wall-clock time of day of an epoch time: '14:03:59'. */
export function formatTime(epochMs: number): string {
  const date = new Date(epochMs)
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map(pad2).join(':')
}

/** Date and time, local, to the second: '2026-11-24 14:03:59'. */
export function formatDateTime(epochMs: number): string {
  const date = new Date(epochMs)
  const day = [date.getFullYear(), pad2(date.getMonth() + 1), pad2(date.getDate())].join('-')
  return `${day} ${formatTime(epochMs)}`
}

function pad2(value: number): string {
  return String(value).padStart(2, '0')
}
