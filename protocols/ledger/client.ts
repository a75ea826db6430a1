/** Asks one peer, and checks that its answer keeps to the protocol. */
import { asError, RefusedError } from '../common/errors.ts'
import { frames, isUnreadable } from '../common/frames.ts'
import {
  DEFAULT_ANSWER_BYTES,
  LEDGER_PROTOCOL,
  MAX_ANSWER_FRAMES,
  MAX_FRAME_BYTES,
  MAX_HAVE
} from './constants.ts'
import { LedgerProtocolError, LedgerTimeoutError, LedgerUnreachableError } from './errors.ts'
import { recordId } from './ids.ts'
import { frameType } from './schema.ts'
import type { Judge } from '../common/conduct.ts'
import type { Frames } from '../common/frames.ts'
import type { AskOptions, LedgerFrame, LedgerQuestion } from './index.ts'
import type { LedgerRequest, WireFrame } from './schema.ts'
import type { StreamOpenerLike } from '../common/components.ts'
import type { PeerId, Stream } from '@libp2p/interface'
import type { CID } from 'multiformats/cid'

export interface LedgerClientInit {
  opener: StreamOpenerLike
  federation: CID
  judge?: Judge
  answerTimeoutMs: number
  runOnLimitedConnection: boolean
}

export class LedgerClient {
  readonly #init: LedgerClientInit

  constructor(init: LedgerClientInit) {
    this.#init = init
  }

  /** See `Ledger.ask` in index.ts. */
  async *ask(peer: PeerId, question: LedgerQuestion, { signal }: AskOptions): AsyncGenerator<LedgerFrame> {
    const timeout = AbortSignal.timeout(this.#init.answerTimeoutMs)
    const either = signal == null ? timeout : AbortSignal.any([signal, timeout])
    const request = this.#request(question)
    try {
      yield* this.#exchange(peer, request, either)
    } catch (error) {
      signal?.throwIfAborted()
      if (error instanceof LedgerProtocolError && !isCut(error))
        this.#init.judge?.blame(peer.toString(), 'unreadable')
      if (!timeout.aborted) throw error
      throw new LedgerTimeoutError(peer.toString(), this.#init.answerTimeoutMs, { cause: error })
    }
  }

  async *#exchange(peer: PeerId, request: LedgerRequest, signal: AbortSignal): AsyncGenerator<LedgerFrame> {
    const stream = await this.#open(peer, signal)
    let isWhole = false
    try {
      const wire = frames(stream, MAX_FRAME_BYTES)
      await wire.write(request, { signal })
      yield* checked(peer.toString(), request, () => nextFrame(peer.toString(), wire, signal))
      isWhole = true
    } finally {
      await leave(stream, isWhole)
    }
  }

  async #open(peer: PeerId, signal: AbortSignal): Promise<Stream> {
    const { opener, runOnLimitedConnection } = this.#init
    // One protocol is offered and we write first: the negotiation need not be awaited.
    const options = { signal, negotiateFully: false, runOnLimitedConnection }
    try {
      return await opener.openStream(peer, LEDGER_PROTOCOL, options)
    } catch (cause) {
      throw new LedgerUnreachableError(peer.toString(), { cause })
    }
  }

  #request({ height, have = [], maxBytes = DEFAULT_ANSWER_BYTES }: LedgerQuestion): LedgerRequest {
    const ids = []
    for (const { bytes } of have) if (ids.length < MAX_HAVE) ids.push(recordId(bytes))
    return { federation: this.#init.federation, height, have: ids, maxBytes }
  }
}

/** A stream that ended in the middle is no offence: the connection may be gone. */
function isCut({ cause }: LedgerProtocolError): boolean {
  return cause != null && !isUnreadable(cause)
}

/** Passes frames on as long as they come in order and within what was asked for. */
async function* checked(
  peer: string,
  request: LedgerRequest,
  next: () => Promise<WireFrame>
): AsyncGenerator<LedgerFrame> {
  let contentBytes = 0
  let last: WireFrame['type'] = 'end'
  for (let count = 0; ; count++) {
    const frame = await next()
    if (!mayFollow(last, frame.type)) throw new LedgerProtocolError(peer, `${frame.type} after ${last}`)
    if ('bytes' in frame) {
      // The first may be larger than the budget, unless only the head was asked for.
      const isAllowed = contentBytes === 0 && request.maxBytes > 0
      contentBytes += frame.bytes.byteLength
      if (contentBytes > request.maxBytes && !isAllowed) throw tooMuch(peer)
    }
    if (count > MAX_ANSWER_FRAMES) throw tooMuch(peer)
    yield forCaller(frame)
    if (frame.type === 'end') return
    last = frame.type
  }
}

function tooMuch(peer: string): LedgerProtocolError {
  return new LedgerProtocolError(peer, 'more than was asked for')
}

const ORDER: WireFrame['type'][] = ['head', 'commit', 'record', 'end']

/** `end` stands before the answer as well. */
function mayFollow(last: WireFrame['type'], next: WireFrame['type']): boolean {
  if (last === 'end') return next === 'head'
  return next !== 'head' && ORDER.indexOf(next) >= ORDER.indexOf(last)
}

function forCaller(frame: WireFrame): LedgerFrame {
  if (frame.type !== 'record') return frame
  return { type: 'record', record: { kind: frame.kind, bytes: frame.bytes } }
}

async function nextFrame(peer: string, wire: Frames, signal: AbortSignal): Promise<WireFrame> {
  try {
    return await wire.read(frameType, { signal })
  } catch (cause) {
    if (signal.aborted || cause instanceof RefusedError) throw cause
    throw new LedgerProtocolError(peer, `what cannot be read (${asError(cause).message})`, { cause })
  }
}

/** After the last frame nothing is left to wait for; before it, what still comes is of no use. */
async function leave(stream: Stream, isWhole: boolean): Promise<void> {
  if (!isWhole) return stream.abort(new Error('The answer is not wanted any more'))
  try {
    await stream.close()
  } catch (cause) {
    stream.abort(asError(cause))
  }
}
