/** Talking to the peer that runs in a home directory. */
import { Agent, request as httpRequest } from 'node:http'
import { floatsFromBytes } from '../../../src/vectors.ts'
import { describeIssues } from '../../../src/federation/cbor.ts'
import { findSocket, isAnswered } from './address.ts'
import { readAll, readLines } from './body.ts'
import { MAX_LINE_BYTES, MAX_WEIGHTS_BYTES } from './constants.ts'
import { ControlProtocolError, ControlUnavailableError, PeerFailureError } from './errors.ts'
import {
  commitSchema,
  doneSchema,
  failureSchema,
  inviteAnswerSchema,
  recordJson,
  recoveredSchema,
  statusSchema
} from './schema.ts'
import type { CommitSummary, InviteOptions, PeerStatus, RecoverOptions } from '../types.ts'
import type { RevokeTarget } from './schema.ts'
import type { IncomingMessage } from 'node:http'
import type { z } from 'zod'

/**
 * Calls of a running peer. Each throws {@link ControlUnavailableError} when nobody answers, {@link PeerFailureError}
 * with what went wrong there, and {@link ControlProtocolError} when the two do not understand each other.
 */
export interface ControlClient {
  readonly origin: 'peer'
  status(): Promise<PeerStatus>
  /** Commits from height `from` (default: the first) on, oldest first, at most `limit`. */
  ledger(range?: { from?: number; limit?: number }): AsyncIterable<CommitSummary>
  /** The latest committed weights, layout order. */
  weights(): Promise<Float32Array>
  invite(options?: InviteOptions): Promise<string>
  revoke(target: RevokeTarget): Promise<void>
  /** The signed record. */
  recover(options: RecoverOptions): Promise<Uint8Array>
  followRecovery(which?: { commit?: string; record?: Uint8Array }): Promise<void>
  refuseRecovery(commit?: string): Promise<void>
  /** Resolves when the peer has begun to stop. */
  stop(): Promise<void>
  /** Ends the connection. */
  close(): Promise<void>
}

/** The client for the peer at `path` (see `controlPath`); null when none runs there. */
export async function connectControl(path: string): Promise<ControlClient | null> {
  const socket = await findSocket(path)
  if (socket == null || !(await isAnswered(socket))) return null
  return controlClient(path)
}

/** The client for the peer at `path`, whether or not it runs: each call finds out. */
export function controlClient(path: string): ControlClient {
  const agent = new Agent({ keepAlive: true })
  const ask = async (method: string, route: string, body?: unknown): Promise<IncomingMessage> =>
    await exchange({ path, agent, method, route, body })
  const askFor = async <T>(schema: z.ZodType<T>, response: Promise<IncomingMessage>): Promise<T> =>
    checked(schema, parseJson((await readAll(await response, MAX_LINE_BYTES)).toString('utf8')))
  return {
    origin: 'peer',
    status: async () => await askFor(statusSchema, ask('GET', '/v1/status')),
    ledger: (range = {}) => commits(ask, range),
    weights: async () => floatsOf(await readAll(await ask('GET', '/v1/weights'), MAX_WEIGHTS_BYTES)),
    invite: async (options = {}) =>
      (await askFor(inviteAnswerSchema, ask('POST', '/v1/invite', options))).invite,
    revoke: async (target) => void (await askFor(doneSchema, ask('POST', '/v1/revoke', target))),
    recover: async (options) => (await askFor(recoveredSchema, ask('POST', '/v1/recover', options))).record,
    followRecovery: async ({ commit, record } = {}) => {
      const which = record == null ? { commit } : { record: recordJson(record) }
      await askFor(doneSchema, ask('POST', '/v1/recovery/follow', which))
    },
    refuseRecovery: async (commit) =>
      void (await askFor(doneSchema, ask('POST', '/v1/recovery/refuse', { commit }))),
    stop: async () => void (await askFor(doneSchema, ask('POST', '/v1/stop', {}))),
    close: async () => agent.destroy()
  }
}

async function* commits(
  ask: (method: string, route: string) => Promise<IncomingMessage>,
  range: { from?: number; limit?: number }
): AsyncIterable<CommitSummary> {
  // No limit is Infinity to a program and absence in a query.
  const given = Object.entries(range).filter(([, value]) => value != null && Number.isFinite(value))
  const query = new URLSearchParams(given.map(([key, value]) => [key, String(value)]))
  const response = await ask('GET', `/v1/ledger?${query}`)
  for await (const line of readLines(response, MAX_LINE_BYTES)) {
    const value = parseJson(line)
    if (isEnd(value)) return
    yield checked(commitSchema, value)
  }
  throw new ControlProtocolError('a ledger that breaks off')
}

function isEnd(value: unknown): boolean {
  return typeof value === 'object' && value != null && 'end' in value && value.end === true
}

interface Exchange {
  path: string
  agent: Agent
  method: string
  route: string
  body: unknown
}

/** The response when it is a success; else the failure it carries. */
async function exchange({ path, agent, method, route, body }: Exchange): Promise<IncomingMessage> {
  const socketPath = await findSocket(path)
  if (socketPath == null) throw new ControlUnavailableError(path)
  const response = await send({ socketPath, agent, method, path: route }, body).catch((cause: unknown) => {
    throw new ControlUnavailableError(path, { cause })
  })
  if (response.statusCode === 200) return response
  const failure = parseJson((await readAll(response, MAX_LINE_BYTES)).toString('utf8'))
  checked(failureSchema, failure)
  throw new ControlProtocolError(`status ${response.statusCode}`)
}

async function send(
  options: { socketPath: string; agent: Agent; method: string; path: string },
  body: unknown
): Promise<IncomingMessage> {
  return await new Promise((resolve, reject) => {
    const request = httpRequest(options, resolve)
    request.once('error', reject)
    request.end(body === undefined ? undefined : JSON.stringify(body))
  })
}

function floatsOf(bytes: Uint8Array): Float32Array {
  try {
    return floatsFromBytes(bytes)
  } catch (cause) {
    throw new ControlProtocolError(`${bytes.byteLength} bytes of weights`, { cause })
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new ControlProtocolError('what is no JSON', { cause })
  }
}

/** The value by its schema; a failure in its place is thrown as what it was. */
function checked<T>(schema: z.ZodType<T>, value: unknown): T {
  const failure = failureSchema.safeParse(value)
  if (failure.success) throw new PeerFailureError(failure.data.error)
  const result = schema.safeParse(value)
  if (!result.success) throw new ControlProtocolError(`something else (${describeIssues(result.error)})`)
  return result.data
}
