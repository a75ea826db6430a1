/** A transport whose bytes are counted as they pass the socket, encryption and framing included; small messages whole. */
import type {
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

/**
 * A message this small goes out in one write: noise hands over its length, ciphertext and tag one by one, and each would
 * be a system call. Copying more would cost more than it saves.
 */
const SMALL_BYTES = 16 * 1024

/** The same transport, its connections counted before they are upgraded. */
export function counted<C, T extends Transport>(
  factory: (components: C) => T,
  counter: ByteCounter
): (components: C) => T {
  return (components) => {
    const transport = factory(components)
    const dial = transport.dial.bind(transport)
    const createListener = transport.createListener.bind(transport)
    transport.dial = (address, options: DialTransportOptions) =>
      dial(address, { ...options, upgrader: tapped(options.upgrader, counter) })
    transport.createListener = (options: CreateListenerOptions) =>
      createListener({ ...options, upgrader: tapped(options.upgrader, counter) })
    return transport
  }
}

function tapped(upgrader: Upgrader, counter: ByteCounter): Upgrader {
  return new Proxy(upgrader, {
    get(target, property) {
      const member: unknown = Reflect.get(target, property)
      if (typeof member !== 'function') return member
      if (property !== 'upgradeInbound' && property !== 'upgradeOutbound')
        return member.bind(target) as unknown
      return (connection: MultiaddrConnection, ...rest: unknown[]) =>
        (member as (...args: unknown[]) => unknown).call(target, tap(connection, counter), ...rest)
    }
  })
}

/**
 * Listening for 'message' would make the connection hand out its data before the encrypter is there to take it, so the
 * two methods that all bytes pass are wrapped instead.
 */
function tap(connection: MultiaddrConnection, counter: ByteCounter): MultiaddrConnection {
  const stream = connection as MultiaddrConnection & { onData(data: { byteLength: number }): void }
  const send = stream.send.bind(stream)
  const onData = stream.onData.bind(stream)
  stream.send = (data) => {
    counter.bytesOut += data.byteLength
    return send(data.byteLength <= SMALL_BYTES ? data.subarray() : data)
  }
  stream.onData = (data) => {
    counter.bytesIn += data.byteLength
    onData(data)
  }
  return connection
}
