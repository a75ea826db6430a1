/** The control endpoint: HTTP over a unix domain socket that only this user may open. */
import { createServer } from 'node:http'
import { listenAt } from './address.ts'
import { ControlRequestError } from './errors.ts'
import { routes, sendJson } from './routes.ts'
import { failureOf } from './schema.ts'
import type { ControlledPeer } from './routes.ts'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'

export interface ControlOptions {
  /** See `controlPath(home)`. */
  path: string
  peer: ControlledPeer
  /** Called when somebody asks the peer to stop; its result is not waited for. */
  stop(): unknown
}

export interface ControlServer {
  /** Answers no more, ends open requests and removes the socket. Idempotent. */
  stop(): Promise<void>
}

/**
 * Answer `murmur status` and the like until stopped.
 *
 * @throws {ControlInUseError} another process answers there
 */
export async function serveControl({ path, peer, stop }: ControlOptions): Promise<ControlServer> {
  const server = createServer((request, response) => void answer({ peer, stop }, request, response))
  const remove = await listenAt(server, path)
  let stopped: Promise<void> | undefined
  return { stop: () => (stopped ??= close(server).then(remove)) }
}

/** Never rejects: a failure is an answer, or the end of the connection. */
async function answer(
  { peer, stop }: Pick<ControlOptions, 'peer' | 'stop'>,
  request: IncomingMessage,
  response: ServerResponse
): Promise<void> {
  try {
    const { pathname, searchParams: query } = urlOf(request)
    const handler = routes[`${request.method} ${pathname}`]
    if (handler == null) throw new ControlRequestError(`${request.method} ${pathname} is unknown`)
    await handler({ peer, stop, query, request, response })
  } catch (error) {
    if (response.headersSent) response.destroy()
    else sendJson(response, failureOf(error), error instanceof ControlRequestError ? 400 : 500)
  }
}

/** @throws {ControlRequestError} */
function urlOf({ url = '' }: IncomingMessage): URL {
  const parsed = URL.parse(url, 'http://localhost')
  if (parsed == null) throw new ControlRequestError('its address is not one')
  return parsed
}

async function close(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
