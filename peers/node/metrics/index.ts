/** Prometheus metrics of one peer, for `--metrics host:port`. */
export { createMetrics } from './metrics.ts'
export { MetricsAddressError, serveMetrics } from './server.ts'
export type { MetricsServer, MetricsOptions } from './server.ts'
