/** Asking and steering a running peer from another process: `murmur status`, `peers`, `ledger`, `invite` and so on. */
export { controlPath } from './address.ts'
export { connectControl, controlClient } from './client.ts'
export {
  ControlInUseError,
  ControlProtocolError,
  ControlRequestError,
  ControlUnavailableError,
  PeerFailureError
} from './errors.ts'
export { serveControl } from './server.ts'
export type { ControlClient } from './client.ts'
export type { ControlledPeer } from './routes.ts'
export type { RevokeTarget } from './schema.ts'
export type { ControlOptions, ControlServer } from './server.ts'
