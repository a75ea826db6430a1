/** Multiaddrs as text: whose they are, and which to tell first. */
import { multiaddr } from '@multiformats/multiaddr'

/** An address to dial that does not say who is to be met there. */
export class InvalidAddressError extends Error {
  static override name = 'InvalidAddressError'

  constructor(address: string, found: string, options?: ErrorOptions) {
    super(`The address ${address} ${found}: expected one like /ip4/192.0.2.7/tcp/4001/p2p/12D3Koo…`, options)
    this.name = 'InvalidAddressError'
  }
}

/**
 * The peer id that an address ends with.
 *
 * @throws {InvalidAddressError} not a multiaddr, or without a peer id
 */
export function peerIdIn(address: string): string {
  let peerId: string | undefined
  try {
    peerId = multiaddr(address)
      .getComponents()
      .findLast((component) => component.name === 'p2p')?.value
  } catch (cause) {
    throw new InvalidAddressError(address, `is not a multiaddr (${(cause as Error).message})`, { cause })
  }
  if (peerId == null) throw new InvalidAddressError(address, 'does not say which peer is there')
  return peerId
}

/** The address, with the peer id that is expected there at its end. */
export function withPeerId(address: string, peerId: string): string {
  return address.includes('/p2p/') ? address : `${address}/p2p/${peerId}`
}

/** Of addresses that somebody told, those at which this very peer can be dialled: one that cannot spoils a whole dial. */
export function dialable(addresses: readonly string[], peerId: string): string[] {
  return addresses.filter((address) => peerIdOrNull(withPeerId(address, peerId)) === peerId)
}

/** Of addresses of several peers, those that can be dialled at all: each says who is to be met there. */
export function naming(addresses: readonly string[]): string[] {
  return addresses.filter((address) => peerIdOrNull(address) != null)
}

function peerIdOrNull(address: string): string | null {
  try {
    return peerIdIn(address)
  } catch (error) {
    if (error instanceof InvalidAddressError) return null
    throw error
  }
}

/** Loopback addresses last: others on the same machine need them, nobody else does. */
export function mostUsefulFirst(addresses: readonly string[]): string[] {
  const isLoopback = (address: string): boolean => /^\/(ip4\/127\.|ip6\/::1\/)/.test(address)
  return [...addresses].sort((a, b) => Number(isLoopback(a)) - Number(isLoopback(b)))
}
