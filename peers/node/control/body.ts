/** Reading a response with a cap. */
import { ControlProtocolError } from './errors.ts'
import type { IncomingMessage } from 'node:http'

/** All of it. @throws {ControlProtocolError} more than `maxBytes`, or it breaks off */
export async function readAll(response: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let sizeBytes = 0
  for await (const chunk of chunksOf(response)) {
    sizeBytes += chunk.byteLength
    if (sizeBytes > maxBytes) throw new ControlProtocolError(`more than ${maxBytes} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** Lines without their ends; what follows the last end is not one. @throws {ControlProtocolError} as `readAll` */
export async function* readLines(response: IncomingMessage, maxBytes: number): AsyncIterable<string> {
  let rest: Buffer = Buffer.alloc(0)
  for await (const chunk of chunksOf(response)) {
    let from = 0
    rest = Buffer.concat([rest, chunk])
    for (let end = rest.indexOf('\n'); end >= 0; end = rest.indexOf('\n', from)) {
      yield rest.toString('utf8', from, end)
      from = end + 1
    }
    rest = rest.subarray(from)
    if (rest.byteLength > maxBytes) throw new ControlProtocolError(`a line of more than ${maxBytes} bytes`)
  }
}

async function* chunksOf(response: IncomingMessage): AsyncIterable<Uint8Array> {
  try {
    yield* response as AsyncIterable<Uint8Array>
  } catch (cause) {
    throw new ControlProtocolError('an answer that breaks off', { cause })
  }
}
