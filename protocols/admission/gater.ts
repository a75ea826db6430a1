/** Part of a connection gater: what admission knows before a connection costs anything. */
import type { ConnectionGater, PeerId } from '@libp2p/interface'

export interface GaterInit {
  /** The ledger revoked this peer, or this one bans it for a time. */
  isUnwelcome(peerId: string): boolean
  /** See `Admission.backoffMs`. */
  backoffMs(peerId: string): number
}

/**
 * Deny dialling revoked and banned peers and those that a refusal says to leave alone; and revoked and banned ones that
 * come in, once they were told why.
 */
export function admissionGater({
  isUnwelcome,
  backoffMs
}: GaterInit): Required<
  Pick<ConnectionGater, 'denyDialPeer' | 'denyInboundEncryptedConnection' | 'denyOutboundEncryptedConnection'>
> {
  const denyOutbound = (peerId: PeerId): boolean =>
    isUnwelcome(peerId.toString()) || backoffMs(peerId.toString()) > 0
  return {
    denyDialPeer: denyOutbound,
    denyOutboundEncryptedConnection: denyOutbound,
    // A refusal reaches the other side only over a connection: the first attempt gets as far as that.
    denyInboundEncryptedConnection: (peerId) =>
      isUnwelcome(peerId.toString()) && backoffMs(peerId.toString()) > 0
  }
}
