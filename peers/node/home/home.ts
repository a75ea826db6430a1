/**
 * The home directory: everything that makes this machine a certain peer of a certain federation. Which peer it is says
 * `identity.key`; that it belongs to a federation says `manifest.cbor`, which is therefore written last.
 */
import { randomBytes } from 'node:crypto'
import { join, resolve } from 'node:path'
import { selfCertify, verifyCertificate } from '../../../src/federation/certificate.ts'
import {
  draftOf,
  founding,
  manifestToYaml,
  NONCE_BYTES,
  openManifest
} from '../../../src/federation/manifest/index.ts'
import { MAX_BOOTSTRAP, readConfig, updateConfig } from './config.ts'
import { DamagedHomeError, FederationExistsError, NoFederationError, NoIdentityError } from './errors.ts'
import { privateDirectory, readIfThere, writeAtomically } from './files.ts'
import { createIdentity, describeIdentity, openIdentity } from './identity.ts'
import type { HomeConfig } from './config.ts'
import type { IdentityOptions } from './identity.ts'
import type { Manifest, ManifestDraft } from '../../../src/federation/manifest/index.ts'
import type { Signed } from '../../../src/federation/signed.ts'
import type { PrivateKey } from '@libp2p/interface'

/** Where things are. `state` and `blocks` are directories of the state store and the block store. */
export interface HomePaths {
  identity: string
  federation: string
  manifest: string
  certificate: string
  config: string
  state: string
  blocks: string
}

/** A home directory; it may not belong to a federation yet. */
export interface Home {
  /** Absolute. */
  readonly dir: string
  readonly paths: HomePaths
  /** The federation's manifest, or null before founding or joining one. */
  findManifest(): Promise<Signed<Manifest> | null>
  /** @throws {NoFederationError} before founding or joining one */
  manifest(): Promise<Signed<Manifest>>
  /** This peer's certificate envelope. @throws {NoFederationError} {DamagedHomeError} it does not hold */
  certificate(): Promise<Uint8Array>
  /** Peer id, and whether a passphrase is needed; undefined while there is no identity. */
  describeIdentity(): Promise<{ peerId: string; encrypted: boolean } | undefined>
  /** @throws {NoIdentityError} {WrongPassphraseError} {PermissionsError} {DamagedHomeError} */
  identity(passphrase?: string): Promise<PrivateKey>
  /** The identity, made now if there is none. */
  ensureIdentity(options?: IdentityOptions): Promise<PrivateKey>
  config(): Promise<HomeConfig>
  updateConfig(changes: Partial<HomeConfig>): Promise<HomeConfig>
}

/**
 * Open a home directory, making it (mode 0700) if there is none.
 *
 * @throws {PermissionsError} it is open to other users, or closed to this one
 */
export async function openHome(path: string): Promise<Home> {
  const dir = resolve(path)
  await privateDirectory(dir)
  return homeAt(dir)
}

/** What founding takes. */
export interface FoundInit {
  /** Directory. */
  home: string
  draft: ManifestDraft
  /** What the founder wrote, comments and all; kept as federation.yaml. Default: the draft as YAML. */
  yaml?: string
  passphrase?: string
  /** ms since the epoch. */
  now: number
  /** See IdentityOptions. */
  log2Cost?: number
}

/**
 * Found a federation in a directory: identity, signed manifest, the founder's certificate.
 *
 * @throws {FederationExistsError} the directory belongs to one already
 * @throws {InvalidManifestError} parts of the draft do not fit each other; nothing is written but the identity
 */
export async function foundFederation(init: FoundInit): Promise<{ home: Home; manifest: Signed<Manifest> }> {
  const { passphrase, log2Cost, draft, now } = init
  const home = await vacantHome(init.home)
  const founderKey = await home.ensureIdentity({ passphrase, log2Cost })
  const nonce = new Uint8Array(randomBytes(NONCE_BYTES))
  const manifest = await founding({ draft, founderKey, now, nonce })
  const { bytes } = await selfCertify(manifest.cid, manifest.author, founderKey)
  await writeAtomically(home.paths.federation, init.yaml ?? manifestToYaml(draftOf(manifest.value)))
  await writeAtomically(home.paths.certificate, bytes)
  await writeAtomically(home.paths.manifest, manifest.bytes)
  return { home, manifest }
}

/** What joining leaves behind. */
export interface MembershipInit {
  home: Home
  manifest: Signed<Manifest>
  certificate: Uint8Array
  /** Multiaddrs of members: those of the invite, and those learnt on joining. */
  bootstrap: readonly string[]
}

/**
 * Make the directory belong to the federation that was joined. The identity is there already: the certificate is its.
 *
 * @throws {FederationExistsError} the directory belongs to another federation
 * @throws {MembershipError} the certificate does not hold
 * @throws {DamagedHomeError} the certificate is another peer's
 */
export async function rememberMembership({ home, ...init }: MembershipInit): Promise<void> {
  const { manifest, certificate, bootstrap } = init
  const before = await home.findManifest()
  if (before != null && !sameFederation(before, manifest)) {
    throw new FederationExistsError(home.dir, before.value.name)
  }
  const identity = await home.describeIdentity()
  if (identity == null) throw new NoIdentityError(home.paths.identity)
  const { member } = await verifyCertificate({ certificate, manifest })
  assertOwn(home.paths.certificate, { member, self: identity.peerId })
  await writeAtomically(home.paths.certificate, certificate)
  await home.updateConfig({ bootstrap: [...new Set(bootstrap)].slice(0, MAX_BOOTSTRAP) })
  await writeAtomically(home.paths.federation, manifestToYaml(draftOf(manifest.value)))
  await writeAtomically(home.paths.manifest, manifest.bytes)
}

function homeAt(dir: string): Home {
  const paths = pathsIn(dir)
  const findManifest = (): Promise<Signed<Manifest> | null> => readManifest(paths.manifest)
  const find = (): ReturnType<typeof describeIdentity> => describeIdentity(paths.identity)
  return {
    dir,
    paths,
    findManifest,
    manifest: async () => (await findManifest()) ?? noFederation(dir),
    certificate: async () => await readCertificate(paths, (await findManifest()) ?? noFederation(dir)),
    describeIdentity: find,
    identity: (passphrase) => openIdentity(paths.identity, passphrase),
    ensureIdentity: async (options = {}) =>
      (await find()) == null
        ? await createIdentity(paths.identity, options)
        : await openIdentity(paths.identity, options.passphrase),
    config: () => readConfig(paths.config),
    updateConfig: (changes) => updateConfig(paths.config, changes)
  }
}

function pathsIn(dir: string): HomePaths {
  return {
    identity: join(dir, 'identity.key'),
    federation: join(dir, 'federation.yaml'),
    manifest: join(dir, 'manifest.cbor'),
    certificate: join(dir, 'certificate.cbor'),
    config: join(dir, 'config.json'),
    state: join(dir, 'state'),
    blocks: join(dir, 'blocks')
  }
}

async function vacantHome(path: string): Promise<Home> {
  const home = await openHome(path)
  const manifest = await home.findManifest()
  if (manifest != null) throw new FederationExistsError(home.dir, manifest.value.name)
  return home
}

async function readManifest(file: string): Promise<Signed<Manifest> | null> {
  const bytes = await readIfThere(file)
  if (bytes == null) return null
  try {
    return await openManifest(bytes)
  } catch (cause) {
    throw new DamagedHomeError(file, (cause as Error).message, { cause })
  }
}

/** The others would refuse one that does not hold, and could not tell why. */
async function readCertificate(paths: HomePaths, manifest: Signed<Manifest>): Promise<Uint8Array> {
  const file = paths.certificate
  const certificate = await readIfThere(file)
  if (certificate == null) throw new DamagedHomeError(file, 'it is missing')
  const identity = await describeIdentity(paths.identity)
  const { member } = await verifyCertificate({ certificate, manifest }).catch((cause: Error) => {
    throw new DamagedHomeError(file, cause.message, { cause })
  })
  if (identity != null) assertOwn(file, { member, self: identity.peerId })
  return certificate
}

function assertOwn(file: string, { member, self }: { member: string; self: string }): void {
  if (member !== self) throw new DamagedHomeError(file, `it is for ${member}, but this is ${self}`)
}

function noFederation(dir: string): never {
  throw new NoFederationError(dir)
}

function sameFederation(a: Signed<Manifest>, b: Signed<Manifest>): boolean {
  return a.cid.toString() === b.cid.toString()
}
