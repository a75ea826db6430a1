/** Strangers' text in messages: cut to what a log can bear, without what a terminal would obey. */
export function printable(text: string, maxCharacters: number): string {
  const short = text.length > maxCharacters ? `${text.slice(0, maxCharacters)}…` : text
  return short.replace(/[\p{Cc}\p{Cf}\p{Cs}]/gu, '�')
}
