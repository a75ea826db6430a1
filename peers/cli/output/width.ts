/** Text in terminal columns: wide characters count two, combining ones none, colours none. */
import { stripVTControlCharacters } from 'node:util'

const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' })
const WIDE =
  /\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]/u
const INVISIBLE = /^[\p{Mark}\p{Control}\p{Format}]+$/u

/** How many terminal columns `text` takes (UAX #11, approximately). */
export function displayWidth(text: string): number {
  const plain = stripVTControlCharacters(text)
  if (/^[\x20-\x7e]*$/.test(plain)) return plain.length
  let width = 0
  for (const { segment } of segmenter.segment(plain)) width += graphemeWidth(segment)
  return width
}

/** Cut plain text (no colours) to `columns`, marking the cut with '…'. */
export function truncate(text: string, columns: number): string {
  if (displayWidth(text) <= columns) return text
  if (columns <= 0) return ''
  let width = 0
  let out = ''
  for (const { segment } of segmenter.segment(text)) {
    width += graphemeWidth(segment)
    if (width > columns - 1) break
    out += segment
  }
  return `${out}…`
}

/** Cut or fill with spaces to exactly `columns`. Text with colours is only filled. */
export function fit(text: string, columns: number, align: 'left' | 'right' = 'left'): string {
  const plain = stripVTControlCharacters(text) === text
  const cut = plain ? truncate(text, columns) : text
  const fill = ' '.repeat(Math.max(0, columns - displayWidth(cut)))
  return align === 'left' ? cut + fill : fill + cut
}

/** A line that must not be wider than `columns`: one that is loses its colours and is cut. */
export function clip(line: string, columns: number): string {
  return displayWidth(line) <= columns ? line : truncate(stripVTControlCharacters(line), columns)
}

/**
 * Break plain text at spaces into lines of at most `columns`; a word longer than that stays whole. Further lines are
 * indented to the text of `label  text`, or as the first one is.
 */
export function wrap(text: string, columns: number): string {
  if (displayWidth(text) <= columns) return text
  const [label = ''] = /^(?:\s*\S+(?: \S+)* {2,}|\s*)/.exec(text) ?? []
  const words = text.slice(label.length).split(' ')
  const lines = [`${label}${words.shift() ?? ''}`]
  for (const word of words) {
    const longer = `${lines.at(-1)} ${word}`
    if (displayWidth(longer) <= columns) lines[lines.length - 1] = longer
    else lines.push(' '.repeat(displayWidth(label)) + word)
  }
  return lines.join('\n')
}

/** Lines from elsewhere as a block of its own: indented, made safe, and wrapped where a person reads them. */
export function block(
  lines: readonly string[],
  { isTTY, columns }: { isTTY: boolean; columns: number }
): string {
  const shown = lines.map((line) => wrap(`  ${printable(line)}`.trimEnd(), isTTY ? columns : Infinity))
  return shown.join('\n')
}

/** Text from elsewhere (names, messages) made safe for a terminal: control characters become spaces. */
export function printable(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, ' ')
}

function graphemeWidth(grapheme: string): number {
  if (INVISIBLE.test(grapheme)) return 0
  return WIDE.test(grapheme) ? 2 : 1
}
