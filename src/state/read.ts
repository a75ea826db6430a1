import { LedgerCorruptError } from './errors.ts'

/** Read what is stored under a key. @throws {LedgerCorruptError} `read` threw: it is not what was written there */
export function readAs<T>(key: string, read: () => T): T {
  try {
    return read()
  } catch (cause) {
    throw new LedgerCorruptError(key, { cause })
  }
}
