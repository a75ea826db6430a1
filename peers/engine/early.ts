/** Records of heights that this peer has not reached yet: others may be a moment ahead. */
import { RecordLog } from './log.ts'
import { wire } from './records.ts'
import type { RoundRecord } from './records.ts'

/** Heights after the next one that are kept; who speaks of later ones is caught up with. */
const MAX_HEIGHTS_AHEAD = 2
/** Authors that are listened to before this peer knows whether they count. */
const MAX_RECORDS = 2048

export class EarlyRecords {
  #records: RoundRecord[] = []
  /** Bounds what one author can have kept. */
  #log = new RecordLog()

  /** Keep it for later, if there is room. `tipHeight`: of the latest commit here. */
  add(record: RoundRecord, tipHeight: number): void {
    const { signed } = record
    if (signed.value.height > tipHeight + 1 + MAX_HEIGHTS_AHEAD || this.#records.length >= MAX_RECORDS) return
    if (this.#log.add(wire(record), signed.author)) this.#records.push(record)
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
