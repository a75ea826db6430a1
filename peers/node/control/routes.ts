/** What can be asked of a running peer: one handler a route. */
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { floatsToBytes } from '../../../src/vectors.ts'
import { describeIssues } from '../../../src/federation/cbor.ts'
import { MAX_BODY_BYTES } from './constants.ts'
import { ControlRequestError } from './errors.ts'
import {
  commitJson,
  failureOf,
  inviteOptionsSchema,
  rangeSchema,
  recordJson,
  recoverSchema,
  revokeTargetSchema,
  whichSchema
} from './schema.ts'
import type { Peer } from '../types.ts'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { z } from 'zod'

/** The part of a peer that can be asked from outside. */
export type ControlledPeer = Pick<
  Peer,
  'status' | 'ledger' | 'weights' | 'invite' | 'revoke' | 'recover' | 'followRecovery' | 'refuseRecovery'
>

export interface Call {
  peer: ControlledPeer
  /** Begins to stop the peer. */
  stop(): unknown
  query: URLSearchParams
  request: IncomingMessage
  response: ServerResponse
}

/** By method and path. */
export const routes: Record<string, (call: Call) => Promise<void>> = {
  'GET /v1/status': async ({ peer, response }) => sendJson(response, peer.status()),
  'GET /v1/ledger': sendLedger,
  'GET /v1/weights': sendWeights,
  'POST /v1/invite': async ({ peer, request, response }) => {
    const options = check(inviteOptionsSchema, await readJson(request))
    sendJson(response, { invite: await peer.invite(options) })
  },
  'POST /v1/revoke': async ({ peer, request, response }) => {
    await peer.revoke(check(revokeTargetSchema, await readJson(request)))
    sendJson(response, { done: true })
  },
  'POST /v1/recover': async ({ peer, request, response }) => {
    const record = await peer.recover(check(recoverSchema, await readJson(request)))
    sendJson(response, { record: recordJson(record) })
  },
  'POST /v1/recovery/follow': async ({ peer, request, response }) => {
    const { commit, record } = check(whichSchema, await readJson(request))
    await peer.followRecovery(record == null ? { commit } : { record })
    sendJson(response, { done: true })
  },
  'POST /v1/recovery/refuse': async ({ peer, request, response }) => {
    await peer.refuseRecovery(check(whichSchema, await readJson(request)).commit)
    sendJson(response, { done: true })
  },
  'POST /v1/stop': async ({ stop, response }) => {
    // Answered first: to stop a peer ends its connections.
    response.once('finish', () => stop())
    sendJson(response, { done: true })
  }
}

export function sendJson(response: ServerResponse, value: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(value))
}

/** A line a commit, so that a long ledger is never in memory as a whole. */
async function sendLedger({ peer, query, response }: Call): Promise<void> {
  const range = check(rangeSchema, Object.fromEntries(query))
  response.writeHead(200, { 'content-type': 'application/x-ndjson' })
  await pipeline(Readable.from(ledgerLines(peer, range)), response)
}

async function* ledgerLines(
  peer: ControlledPeer,
  range: z.output<typeof rangeSchema>
): AsyncIterable<string> {
  try {
    for await (const commit of peer.ledger(range)) yield `${JSON.stringify(commitJson(commit))}\n`
    yield '{"end":true}\n'
  } catch (error) {
    // The status line is out already: the failure becomes the last line.
    yield `${JSON.stringify(failureOf(error))}\n`
  }
}

/** Little-endian float32 in layout order. */
async function sendWeights({ peer, response }: Call): Promise<void> {
  const bytes = floatsToBytes(await peer.weights())
  const headers = { 'content-type': 'application/octet-stream', 'content-length': bytes.byteLength }
  response.writeHead(200, headers).end(bytes)
}

/** @throws {ControlRequestError} */
async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Uint8Array[] = []
  let sizeBytes = 0
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    sizeBytes += chunk.byteLength
    if (sizeBytes > MAX_BODY_BYTES)
      throw new ControlRequestError(`more than ${MAX_BODY_BYTES} bytes of options`)
    chunks.push(chunk)
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'))
  } catch (cause) {
    throw new ControlRequestError('its options are not JSON', { cause })
  }
}

function check<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value)
  if (!result.success) throw new ControlRequestError(describeIssues(result.error))
  return result.data
}
