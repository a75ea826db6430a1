/** Part of a connection gater: what admission knows before a connection costs anything. */
import type { ConnectionGater, PeerId } from '@libp2p/interface'

export interface GaterInit {
  /** The ledger revoked this peer. */
  isRevoked(peerId: string): boolean
  /** See `Admission.backoffMs`. */
  backoffMs(peerId: string): number
}

/**
 * Deny dialling revoked peers and those that a refusal says to leave alone; and revoked peers that come in, once they
 * were told why.
 */
export function admissionGater({
  isRevoked,
  backoffMs
}: GaterInit): Required<
  Pick<ConnectionGater, 'denyDialPeer' | 'denyInboundEncryptedConnection' | 'denyOutboundEncryptedConnection'>
> {
  const denyOutbound = (peerId: PeerId): boolean =>
    isRevoked(peerId.toString()) || backoffMs(peerId.toString()) > 0
  return {
    denyDialPeer: denyOutbound,
    denyOutboundEncryptedConnection: denyOutbound,
    // A refusal reaches the other side only over a connection: the first attempt gets as far as that.
    denyInboundEncryptedConnection: (peerId) =>
      isRevoked(peerId.toString()) && backoffMs(peerId.toString()) > 0
  }
}
