/** Who this peer is: what its home says. */
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { peerIdIn } from '../network/addresses.ts'
import { openHome } from '../home/index.ts'
import type { Home, HomeConfig } from '../home/index.ts'
import type { TrainingWorkerInit } from '../training/index.ts'
import type { PeerInit } from '../types.ts'
import type { Manifest } from '../../../src/federation/manifest/index.ts'
import type { Signed } from '../../../src/federation/signed.ts'
import type { PrivateKey } from '@libp2p/interface'

/** There is nothing to train on. */
export class NoDataError extends Error {
  static override name = 'NoDataError'

  constructor() {
    super('A peer needs data to train on: name a file or directory (--data), or demo:<seed> for drawn digits')
    this.name = 'NoDataError'
  }
}

export interface Identity {
  home: Home
  config: HomeConfig
  manifest: Signed<Manifest>
  key: PrivateKey
  /** This peer's id. */
  self: string
  /** Envelope. */
  certificate: Uint8Array
  /** Multiaddrs to dial first; each names its peer. */
  bootstrap: string[]
}

/**
 * Read a home.
 *
 * @throws {NoFederationError | NoIdentityError | WrongPassphraseError | PermissionsError | DamagedHomeError}
 * @throws {InvalidAddressError} an address to dial first does not say who is there
 */
export async function openIdentity(init: PeerInit): Promise<Identity> {
  const home = await openHome(init.home)
  const manifest = await home.manifest()
  const certificate = await home.certificate()
  const config = await home.config()
  const key = await home.identity(init.passphrase)
  const bootstrap = [...new Set([...(init.bootstrap ?? []), ...config.bootstrap])]
  for (const address of bootstrap) peerIdIn(address)
  return { home, config, manifest, key, self: peerIdFromPrivateKey(key).toString(), certificate, bootstrap }
}

/** What to start the training thread with. @throws {NoDataError} it is to train, on nothing */
export function trainingOf(
  { data, train = true, backend, threads }: PeerInit,
  { manifest, config }: Identity
): TrainingWorkerInit {
  if (data == null && train) throw new NoDataError()
  const engine = { backend: backend ?? config.backend, threads: threads ?? config.threads }
  return { manifest: manifest.value, data: data ?? null, ...engine }
}
