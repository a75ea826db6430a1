/** Bytes as the loaders see them: a stream of chunks, or a file that can be read at any offset. */

/** A file's bytes from the start, in chunks of any size. */
export type ByteChunks = AsyncIterable<Uint8Array>

/** Random access to a file that is larger than memory. */
export interface ByteReader {
  /** Bytes [offset, offset + length); fewer only at the end of the file. */
  read(offset: number, length: number): Promise<Uint8Array>
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

/** Read many ranges with few reads: near neighbours are fetched together. Results are in the order asked. */
export async function readSpans(reader: ByteReader, spans: readonly Span[]): Promise<Uint8Array[]> {
  const out = new Array<Uint8Array>(spans.length)
  const order = spans.map((_, i) => i).sort((a, b) => spans[a].offset - spans[b].offset)
  let first = 0
  while (first < order.length) {
    const { last, start, end } = mergeFrom(first, order, spans)
    const bytes = await reader.read(start, end - start)
    for (let i = first; i < last; i++) {
      const { offset, length } = spans[order[i]]
      out[order[i]] = bytes.subarray(offset - start, offset - start + length)
    }
    first = last
  }
  return out
}

/** The longest run of neighbours, from position `first` of `order` on, that one read should fetch. */
function mergeFrom(
  first: number,
  order: readonly number[],
  spans: readonly Span[]
): { last: number; start: number; end: number } {
  const start = spans[order[first]].offset
  let end = start + spans[order[first]].length
  let last = first + 1
  for (; last < order.length; last++) {
    const next = spans[order[last]]
    const nextEnd = Math.max(end, next.offset + next.length)
    if (next.offset - end > MAX_GAP_BYTES || nextEnd - start > MAX_READ_BYTES) break
    end = nextEnd
  }
  return { last, start, end }
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
