/**
 * Components for a protocol that only members may use: its streams come from admitted peers, and its topology sees
 * admitted peers. The protocol itself, ours or gossipsub, knows nothing of it.
 */
import { refuse } from '../common/refusal.ts'
import { CLOSE_TIMEOUT_MS, HELD_STREAM_BYTES } from './constants.ts'
import { NotAdmittedError } from './errors.ts'
import { GuardedTopology } from './topology.ts'
import type { ConnectionsLike, RegistrarLike } from '../common/components.ts'
import type { Refusal } from '../common/refusal.ts'
import type { AdmissionGate } from './index.ts'
import type { Stream, StreamHandler } from '@libp2p/interface'

export interface MembersOnlyOptions {
  /**
   * What a stranger's stream gets: `frame` (default) is a refusal that our protocols understand; `abort` resets the
   * stream, for protocols with other framing, such as gossipsub.
   */
  refuse?: 'frame' | 'abort'
}

interface Guarded {
  registrar: RegistrarLike
  connectionManager: ConnectionsLike
}

const NOT_A_MEMBER: Refusal = {
  code: 'not-a-member',
  message: 'Only admitted members may use this protocol: join with an invite first'
}

/**
 * The same components, but with a registrar that admits members only. Streams that come while the peer's admission is
 * under way wait for it.
 */
export function membersOnly<C extends Guarded>(
  components: C,
  gate: AdmissionGate,
  options: MembersOnlyOptions = {}
): C {
  const registrar = guardedRegistrar(components, gate, options)
  // libp2p's components are a proxy that cannot be spread.
  return new Proxy(components, {
    get: (target, property) => (property === 'registrar' ? registrar : Reflect.get(target, property))
  })
}

function guardedRegistrar(
  { registrar, connectionManager }: Guarded,
  gate: AdmissionGate,
  options: MembersOnlyOptions
): RegistrarLike {
  const topologies = new Map<string, GuardedTopology>()
  const overrides: Pick<RegistrarLike, 'handle' | 'register' | 'unregister'> = {
    handle: (protocol, handler, settings) =>
      registrar.handle(protocol, guarded(handler, gate, options), settings),
    async register(protocol, topology, settings) {
      const guard = new GuardedTopology(topology, { gate, connectionManager })
      const id = await registrar.register(protocol, guard, settings)
      guard.start()
      topologies.set(id, guard)
      return id
    },
    unregister(id) {
      topologies.get(id)?.stop()
      topologies.delete(id)
      registrar.unregister(id)
    }
  }
  return new Proxy(registrar, {
    get: (target, property) => bound(overrides, property) ?? bound(target, property)
  })
}

/** A property, methods bound to their object: classes with private fields insist on it. */
function bound(target: object, property: PropertyKey): unknown {
  const value: unknown = Reflect.get(target, property)
  return typeof value === 'function' ? (value.bind(target) as unknown) : value
}

function guarded(handler: StreamHandler, gate: AdmissionGate, options: MembersOnlyOptions): StreamHandler {
  return async (stream, connection) => {
    const peer = connection.remotePeer
    if (!gate.isAdmitted(peer) && !(await held(stream, gate.settled(peer)))) {
      await turnAway(stream, new NotAdmittedError(peer.toString(), stream.protocol), options)
    } else if (stream.status === 'open') {
      // It may have ended while it waited.
      await handler(stream, connection)
    }
  }
}

/** Let a stream wait for the outcome; what it sends meanwhile is kept up to a cap. */
async function held(stream: Stream, outcome: Promise<boolean>): Promise<boolean> {
  const { maxReadBufferLength } = stream
  stream.maxReadBufferLength = Math.min(maxReadBufferLength, HELD_STREAM_BYTES)
  const admitted = await outcome
  stream.maxReadBufferLength = maxReadBufferLength
  return admitted
}

async function turnAway(stream: Stream, error: NotAdmittedError, options: MembersOnlyOptions): Promise<void> {
  stream.log('%s', error.message)
  if (options.refuse === 'abort') stream.abort(error)
  else await refuse(stream, NOT_A_MEMBER, { signal: AbortSignal.timeout(CLOSE_TIMEOUT_MS) })
}
