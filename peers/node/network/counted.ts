/** A transport whose bytes are counted as they pass the socket, encryption and framing included; small messages whole. */
import type {
  Connection,
  CreateListenerOptions,
  DialTransportOptions,
  MultiaddrConnection,
  Transport,
  Upgrader
} from '@libp2p/interface'

export interface ByteCounter {
  bytesIn: number
  bytesOut: number
}

/** The bytes of all connections together, and those of each. */
export class Traffic implements ByteCounter {
  bytesIn = 0
  bytesOut = 0
  /** By what the connection before the upgrade and the one after it have in common. */
  readonly #each = new WeakMap<MultiaddrConnection['timeline'], ByteCounter>()

  /** The bytes of one connection, counting on. */
  of({ timeline }: Pick<Connection, 'timeline'>): ByteCounter {
    const known = this.#each.get(timeline)
    if (known != null) return known
    const counter = { bytesIn: 0, bytesOut: 0 }
    this.#each.set(timeline, counter)
    return counter
  }
}

/**
 * A message this small goes out in one write: noise hands over its length, ciphertext and tag one by one, and each would
 * be a system call. Copying more would cost more than it saves.
 */
const SMALL_BYTES = 16 * 1024

/** The same transport, its connections counted before they are upgraded. */
export function counted<C, T extends Transport>(
  factory: (components: C) => T,
  traffic: Traffic
): (components: C) => T {
  return (components) => {
    const transport = factory(components)
    const dial = transport.dial.bind(transport)
    const createListener = transport.createListener.bind(transport)
    transport.dial = (address, options: DialTransportOptions) =>
      dial(address, { ...options, upgrader: tapped(options.upgrader, traffic) })
    transport.createListener = (options: CreateListenerOptions) =>
      createListener({ ...options, upgrader: tapped(options.upgrader, traffic) })
    return transport
  }
}

function tapped(upgrader: Upgrader, traffic: Traffic): Upgrader {
  return new Proxy(upgrader, {
    get(target, property) {
      const member: unknown = Reflect.get(target, property)
      if (typeof member !== 'function') return member
      if (property !== 'upgradeInbound' && property !== 'upgradeOutbound')
        return member.bind(target) as unknown
      return (connection: MultiaddrConnection, ...rest: unknown[]) =>
        (member as (...args: unknown[]) => unknown).call(target, tap(connection, traffic), ...rest)
    }
  })
}

/**
 * Listening for 'message' would make the connection hand out its data before the encrypter is there to take it, so the
 * two methods that all bytes pass are wrapped instead.
 */
function tap(connection: MultiaddrConnection, traffic: Traffic): MultiaddrConnection {
  const stream = connection as MultiaddrConnection & { onData(data: { byteLength: number }): void }
  const send = stream.send.bind(stream)
  const onData = stream.onData.bind(stream)
  const own = traffic.of(connection)
  stream.send = (data) => {
    traffic.bytesOut += data.byteLength
    own.bytesOut += data.byteLength
    return send(data.byteLength <= SMALL_BYTES ? data.subarray() : data)
  }
  stream.onData = (data) => {
    traffic.bytesIn += data.byteLength
    own.bytesIn += data.byteLength
    onData(data)
  }
  return connection
}
