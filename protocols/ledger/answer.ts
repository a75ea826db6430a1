/** What a request is answered with, as a pure sequence of frames. */
import { idText, recordId } from './ids.ts'
import type { LedgerSource } from './index.ts'
import type { LedgerRequest, WireFrame } from './schema.ts'

/** Counts what an answer may still carry. */
class Budget {
  #leftBytes: number
  #isFirst = true

  constructor(maxBytes: number) {
    this.#leftBytes = maxBytes
  }

  /** Whether `bytes` fit. The first always do, or a commit larger than the budget could never be sent. */
  take(bytes: Uint8Array): boolean {
    if (bytes.byteLength > this.#leftBytes && !this.#isFirst) return false
    this.#leftBytes -= bytes.byteLength
    this.#isFirst = false
    return true
  }
}

/** head, commits that the requester lacks, then records that it lacks, end. */
export async function* answer(source: LedgerSource, request: LedgerRequest): AsyncGenerator<WireFrame> {
  const head = await source.head()
  yield { type: 'head', ...head }
  const more = request.maxBytes > 0 && (yield* content(source, request, head.height))
  yield { type: 'end', more }
}

/** Returns whether something was left out. */
async function* content(
  source: LedgerSource,
  request: LedgerRequest,
  headHeight: number
): AsyncGenerator<WireFrame, boolean> {
  // A requester that is ahead has no use for this peer's records: they are of a height it has finished.
  if (request.height > headHeight) return false
  const budget = new Budget(request.maxBytes)
  for await (const bytes of source.commits(request.height + 1, headHeight - request.height)) {
    if (!budget.take(bytes)) return true
    yield { type: 'commit', bytes }
  }
  const have = new Set(request.have.map(idText))
  for (const { kind, bytes } of source.records()) {
    if (have.has(idText(recordId(bytes)))) continue
    if (!budget.take(bytes)) return true
    yield { type: 'record', kind, bytes }
  }
  return false
}
