/** The HTTP side: GET /metrics in Prometheus' text format, nothing else. */
import { createServer } from 'node:http'
import { createMetrics } from './metrics.ts'
import type { MeasuredPeer } from './metrics.ts'
import type { Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Registry } from 'prom-client'

/** Where to listen; port 0 picks a free one. */
export interface MetricsOptions {
  host: string
  port: number
}

/** A server that listens. */
export interface MetricsServer {
  /** E.g. `http://127.0.0.1:9464/metrics`. */
  url: string
  stop(): Promise<void>
}

/** The address cannot be listened on. */
export class MetricsAddressError extends Error {
  static override name = 'MetricsAddressError'

  constructor({ host, port }: MetricsOptions, options: { cause: Error }) {
    super(
      `Metrics cannot be served at ${host}:${port} (${options.cause.message}). ` +
        'Choose another --metrics <host:port>, or free that port.',
      options
    )
    this.name = 'MetricsAddressError'
  }
}

/**
 * Serve a peer's metrics until stopped.
 *
 * @throws {MetricsAddressError} the port is taken, or the address is not of this machine
 */
export async function serveMetrics(peer: MeasuredPeer, options: MetricsOptions): Promise<MetricsServer> {
  const { registry, stop } = createMetrics(peer)
  const server = createServer((request, response) => {
    void answer(registry, { method: request.method ?? '', path: request.url ?? '' }, response)
  })
  try {
    await listen(server, options)
  } catch (cause) {
    stop()
    throw new MetricsAddressError(options, { cause: cause as Error })
  }
  return { url: urlOf(server), stop: () => shut(server, stop) }
}

async function answer(
  registry: Registry,
  { method, path }: { method: string; path: string },
  response: ServerResponse
): Promise<void> {
  if (method !== 'GET' || path.split('?')[0] !== '/metrics') {
    response.writeHead(404, { 'content-type': 'text/plain' }).end('Metrics are at GET /metrics.\n')
    return
  }
  try {
    const text = await registry.metrics()
    response.writeHead(200, { 'content-type': registry.contentType }).end(text)
  } catch (error) {
    response.writeHead(500, { 'content-type': 'text/plain' }).end(`${(error as Error).message}\n`)
  }
}

function listen(server: Server, { host, port }: MetricsOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

function urlOf(server: Server): string {
  const { address, port, family } = server.address() as AddressInfo
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}/metrics`
}

/** Scrapers keep connections open; they are closed, not waited for. */
function shut(server: Server, stop: () => void): Promise<void> {
  stop()
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
