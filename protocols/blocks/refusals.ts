/** What this protocol says no with; `code` is for programs, `message` for the person at the other side. */
import { MAX_QUEUED_WANTS, REQUEST_TIMEOUT_MS } from './constants.ts'
import type { Refusal } from '../common/refusal.ts'

export const TOO_MANY_WANTS: Refusal = {
  code: 'too-many-wants',
  message: `More than ${MAX_QUEUED_WANTS} blocks asked for on one stream: wait for answers before asking on`
}

export const MALFORMED: Refusal = {
  code: 'malformed',
  message: 'The request is not one that /murmuration/blocks/1.0.0 knows: run the same version as the others'
}

export const TOO_SLOW: Refusal = {
  code: 'too-slow',
  message: `A request was not whole ${REQUEST_TIMEOUT_MS} ms after its first byte`
}

export const BUSY: Refusal = {
  code: 'busy',
  message: 'This peer serves as many streams as it can: ask another holder'
}
