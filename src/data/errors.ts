/** The one failure of loading data: it says where, what was expected, and what was found. */

import { printable } from '../printable.ts'

/** Above what any fault needs, with all its names. */
const MAX_MESSAGE_CHARACTERS = 2_000

/** Where and how data is not what the manifest or its format says. */
export interface DataFault {
  /** File or directory as the person named it. */
  file: string
  /** 1-based line, for text formats. */
  line?: number
  /** 0-based offset into the (unpacked) file, for binary formats. */
  byteOffset?: number
  expected: string
  found: string
  /** What the person can do about it. */
  hint?: string
}

/** Data that cannot be used. `fault` holds the parts of the message. */
export class DataError extends Error {
  static override name = 'DataError'
  readonly fault: DataFault

  constructor(fault: DataFault, options?: ErrorOptions) {
    super(describeFault(fault), options)
    this.name = 'DataError'
    this.fault = fault
  }
}

/** Text found in a file, short and quoted, safe to print on a terminal. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text)
}

/** A list for a message: at most `limit` of its items. */
export function listSome(items: readonly string[], limit = 8): string {
  const shown = items.slice(0, limit).join(', ')
  return items.length > limit ? `${shown}, … (${items.length} in all)` : shown
}

function describeFault({ file, line, byteOffset, expected, found, hint }: DataFault): string {
  const line_ = line == null ? '' : `, line ${line}`
  const place = byteOffset == null ? line_ : `${line_}, byte ${byteOffset}`
  const message = `${file}${place}: expected ${expected}, found ${found}${hint == null ? '' : `. ${hint}`}`
  return printable(message, MAX_MESSAGE_CHARACTERS)
}
