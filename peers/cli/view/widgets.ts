/** The small parts of a terminal frame: bars, sparklines, columns. Pure text. */
import { displayWidth, fit } from '../output/width.ts'

const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉']
const SPARKS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█']

/** A bar of exactly `columns` columns, filled to `share` (0…1) with eighth-block resolution. */
export function bar(share: number, columns: number): string {
  const eighths = Math.round(Math.min(1, Math.max(0, share)) * columns * 8)
  const full = '█'.repeat(Math.floor(eighths / 8))
  const part = EIGHTHS[eighths % 8] ?? ''
  return fit(full + part, columns).replaceAll(' ', '░')
}

/** The last values as a line of blocks between their own minimum and maximum; at most `columns` of them. */
export function sparkline(values: readonly number[], columns: number): string {
  if (columns <= 0) return ''
  const shown = values.slice(-columns)
  const low = Math.min(...shown)
  const span = Math.max(...shown) - low
  return shown.map((value) => SPARKS[span === 0 ? 3 : Math.round(((value - low) / span) * 7)]).join('')
}

/** Two texts at the ends of a line; the right one is dropped when both do not fit. */
export function ends(left: string, right: string, columns: number): string {
  const gap = columns - displayWidth(left) - displayWidth(right)
  return gap < 2 ? fit(left, columns).trimEnd() : left + ' '.repeat(gap) + right
}

/** Parts joined by a separator for as long as they fit. */
export function joinFitting(parts: readonly string[], columns: number, separator = ' · '): string {
  let line = ''
  for (const part of parts) {
    const next = line === '' ? part : line + separator + part
    if (displayWidth(next) > columns) break
    line = next
  }
  return line
}
