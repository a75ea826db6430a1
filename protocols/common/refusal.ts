/** Saying no, with a reason: one frame that every protocol understands in place of its own answer. */
import { encode as lengthPrefixed } from 'it-length-prefixed'
import { z } from 'zod'
import { encode } from '../../src/federation/cbor.ts'
import { textField } from '../../src/federation/fields.ts'
import { asError } from './errors.ts'
import type { AbortOptions, Stream } from '@libp2p/interface'

/** Why a peer is refused: `code` for programs, `message` a sentence that tells the person there what to do. */
export interface Refusal {
  code: string
  message: string
}

/** The most characters of a refusal's message that are sent or read. */
export const MAX_REFUSAL_CHARACTERS = 1024

/** `{ refused: { code, message } }` on the wire. */
export const refusalFrameSchema = z.strictObject({
  refused: z.strictObject({ code: textField(64).min(1), message: textField(MAX_REFUSAL_CHARACTERS) })
})

/** The refusal as the value of a frame. */
export function refusalFrame({ code, message }: Refusal): z.input<typeof refusalFrameSchema> {
  return { refused: { code, message: message.slice(0, MAX_REFUSAL_CHARACTERS) } }
}

/** Send the refusal and end the stream; when even that fails the stream is reset. Never rejects. */
export async function refuse(stream: Stream, refusal: Refusal, options?: AbortOptions): Promise<void> {
  try {
    // One frame is below every transport's buffer, so nothing is gained by waiting for a drain.
    stream.send(lengthPrefixed.single(encode(refusalFrame(refusal))))
    await stream.close(options)
    // What the other side still sends is dropped instead of filling a buffer.
    await stream.closeRead(options)
  } catch (cause) {
    stream.abort(asError(cause))
  }
}
