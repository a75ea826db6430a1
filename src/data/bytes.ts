/** Bytes as the loaders see them: a stream of chunks, or a file that can be read at any offset. */

/** A file's bytes from the start, in chunks of any size. */
export type ByteChunks = AsyncIterable<Uint8Array>

/** Random access to a file that is larger than memory. */
export interface ByteReader {
  /** The bytes of each range, in the order asked; fewer only at the end of the file. */
  read(ranges: readonly Span[]): Promise<Uint8Array[]>
}

/** A range of a file. Numbers are float64 so that files may exceed 4 GiB. */
export interface Span {
  offset: number
  length: number
}

/** Gaps up to this are read along: one larger read costs less than two. */
const MAX_GAP_BYTES = 16 * 1024
/** Reads are not merged beyond this, so that memory stays small. */
const MAX_READ_BYTES = 1024 * 1024

/** Read many small ranges with few reads: near neighbours are fetched together. Results are in the order asked. */
export async function readSpans(reader: ByteReader, spans: readonly Span[]): Promise<Uint8Array[]> {
  const groups = mergeNeighbours(spans)
  const fetched = await reader.read(groups)
  const out = new Array<Uint8Array>(spans.length)
  groups.forEach((group, g) => {
    for (const i of group.members) {
      const start = spans[i].offset - group.offset
      out[i] = fetched[g].subarray(start, start + spans[i].length)
    }
  })
  return out
}

/** A range that covers several spans. */
interface Group extends Span {
  members: number[]
}

function mergeNeighbours(spans: readonly Span[]): Group[] {
  const groups: Group[] = []
  const order = spans.map((_, i) => i).sort((a, b) => spans[a].offset - spans[b].offset)
  for (const i of order) {
    const { offset, length } = spans[i]
    const group = groups.at(-1)
    if (group == null || !joins(group, spans[i])) groups.push({ offset, length, members: [i] })
    else {
      group.length = Math.max(group.length, offset + length - group.offset)
      group.members.push(i)
    }
  }
  return groups
}

function joins(group: Span, { offset, length }: Span): boolean {
  const gap = offset - (group.offset + group.length)
  return gap <= MAX_GAP_BYTES && offset + length - group.offset <= MAX_READ_BYTES
}

/** The bytes of several arrays as one. */
export function joinBytes(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0]
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}

/** Go on after something that may be synchronous, without making it asynchronous. */
export function after(pending: void | Promise<void>, next: () => void): void | Promise<void> {
  if (pending instanceof Promise) return pending.then(next)
  next()
}
