/** The one order of peer ids and names, by UTF-16 code unit: the same on every host, whatever its language. */
export function compare(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
