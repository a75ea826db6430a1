/** Records of heights that this peer has not reached yet: others may be a moment ahead. */
import { RecordLog } from './log.ts'
import { wire } from './records.ts'
import type { RoundRecord } from './records.ts'

/** Heights after the next one that are kept; who speaks of later ones is caught up with. */
const MAX_HEIGHTS_AHEAD = 2
/** Kept in all, before this peer knows whether their authors count. */
const MAX_RECORDS = 2048
const MAX_BYTES = 64 * 1024 * 1024
/** Of one author: an update, a few proposals and votes in each of those heights. No liar takes the others' room. */
const MAX_RECORDS_OF_AUTHOR = 64

export class EarlyRecords {
  #records: RoundRecord[] = []
  /** Bounds what one author can have kept. */
  #log = new RecordLog()

  /** Keep it for later, if there is room. `tipHeight`: of the latest commit here. */
  add(record: RoundRecord, tipHeight: number): void {
    const { signed } = record
    if (signed.value.height > tipHeight + 1 + MAX_HEIGHTS_AHEAD || !this.#hasRoom(signed)) return
    if (this.#log.add(wire(record), signed.author)) this.#records.push(record)
  }

  #hasRoom({ author, bytes }: RoundRecord['signed']): boolean {
    const sizeBytes = this.#records.reduce(
      (sum, { signed }) => sum + signed.bytes.byteLength,
      bytes.byteLength
    )
    const own = this.#records.filter(({ signed }) => signed.author === author)
    return this.#records.length < MAX_RECORDS && sizeBytes <= MAX_BYTES && own.length < MAX_RECORDS_OF_AUTHOR
  }

  /** The records of this height; those of heights before it are forgotten. */
  take(height: number): RoundRecord[] {
    const due = this.#records.filter((record) => record.signed.value.height === height)
    this.#records = this.#records.filter((record) => record.signed.value.height > height)
    this.#log = new RecordLog()
    for (const record of this.#records) this.#log.add(wire(record), record.signed.author)
    return due
  }
}
