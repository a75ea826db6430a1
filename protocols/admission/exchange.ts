/** The conversation on one stream, as either side. What it leads to is for the caller. */
import { MembershipError, TamperedError, WrongFederationError } from '../../src/federation/errors.ts'
import { asError } from '../common/errors.ts'
import { frames } from '../common/frames.ts'
import { refuse } from '../common/refusal.ts'
import {
  MAX_HELLO_BYTES,
  MAX_KNOWN_ADDRESSES,
  MAX_KNOWN_PEERS,
  MAX_OWN_ADDRESSES,
  MAX_VERDICT_BYTES,
  MAX_WELCOME_BYTES
} from './constants.ts'
import { helloType, verdictType, welcomeType } from './schema.ts'
import type { AdmissionSource, AdmittedMember } from './index.ts'
import type { Hello, KnownPeer, Welcome } from './schema.ts'
import type { PeerId, Stream } from '@libp2p/interface'
import type { CID } from 'multiformats/cid'

/** What either side needs. */
export interface ExchangeInit {
  stream: Stream
  /** Proven by the connection's encryption. */
  remote: PeerId
  source: AdmissionSource
  signal: AbortSignal
  /** Members connected, in case the source tells of none. */
  connected(): KnownPeer[]
}

/** This side refused; the other was told. */
export class LocalRefusal extends Error {
  static override name = 'LocalRefusal'
  readonly refusal: MembershipError

  constructor(refusal: MembershipError) {
    super(refusal.message, { cause: refusal })
    this.name = 'LocalRefusal'
    this.refusal = refusal
  }
}

/**
 * Say hello.
 *
 * @returns the listener, which admitted this peer and is to be admitted
 * @throws {RefusedError} the listener refused
 * @throws {LocalRefusal} its certificate does not hold
 */
export async function sayHello({ stream, remote, source, signal }: ExchangeInit): Promise<AdmittedMember> {
  const wire = frames(stream, MAX_WELCOME_BYTES)
  const { federation } = source
  await wire.write(
    helloOf({ federation, certificate: source.certificate(), addresses: source.addresses() }),
    { signal }
  )
  const { certificate, addresses, peers, head } = await wire.read(welcomeType, { signal })
  await orRefuse({ stream, signal }, checkCertificate(source, certificate, remote))
  await wire.write({ accepted: true }, { signal })
  await stream.close({ signal })
  return { peerId: remote, certificate, addresses, peers, head }
}

/**
 * Answer a hello.
 *
 * @returns the dialler, which admitted this peer and is to be admitted; null if it only looked
 * @throws {RefusedError} the dialler refused
 * @throws {LocalRefusal} its certificate does not hold
 */
export async function answerHello(init: ExchangeInit): Promise<AdmittedMember | null> {
  const { stream, remote, source, signal } = init
  const wire = frames(stream, Math.max(MAX_HELLO_BYTES, MAX_VERDICT_BYTES))
  const hello = await wire.read(helloType, { signal })
  await orRefuse({ stream, signal }, checkHello(source, hello, remote))
  await wire.write(welcomeOf(init, hello), { signal })
  if (!hello.look) await wire.read(verdictType, { signal })
  await stream.close({ signal })
  if (hello.look) return null
  return { peerId: remote, certificate: hello.certificate, addresses: hello.addresses, peers: [], head: null }
}

/** A hello within its caps. */
export function helloOf(hello: Omit<Hello, 'look'> & { look?: boolean }): Hello {
  return { ...hello, addresses: hello.addresses.slice(0, MAX_OWN_ADDRESSES), look: hello.look ?? false }
}

function welcomeOf({ source, remote, connected }: ExchangeInit, { look }: Hello): Welcome {
  const peers = (source.peers?.() ?? connected()).filter(({ peerId }) => peerId !== remote.toString())
  return {
    certificate: source.certificate(),
    addresses: source.addresses().slice(0, MAX_OWN_ADDRESSES),
    manifest: look ? source.manifest() : null,
    peers: peers
      .slice(0, MAX_KNOWN_PEERS)
      .map(({ peerId, addresses }) => ({ peerId, addresses: addresses.slice(0, MAX_KNOWN_ADDRESSES) })),
    head: source.head()
  }
}

async function checkHello(source: AdmissionSource, hello: Hello, remote: PeerId): Promise<void> {
  checkFederation(hello.federation, source.federation)
  await checkCertificate(source, hello.certificate, remote)
}

function checkFederation(found: CID, expected: CID): void {
  const ids = { found: found.toString(), expected: expected.toString() }
  if (ids.found !== ids.expected) throw new WrongFederationError('peer', ids)
}

async function checkCertificate(
  source: AdmissionSource,
  certificate: Uint8Array,
  remote: PeerId
): Promise<void> {
  const { member } = await source.verify(certificate)
  if (member !== remote.toString()) {
    throw new TamperedError('certificate', `it is for ${member}, but ${remote.toString()} shows it`)
  }
}

/** Tell the other side when the check fails for a reason of membership. */
async function orRefuse(
  { stream, signal }: { stream: Stream; signal: AbortSignal },
  check: Promise<void>
): Promise<void> {
  try {
    await check
  } catch (error) {
    if (!(error instanceof MembershipError)) throw asError(error)
    await refuse(stream, error, { signal })
    throw new LocalRefusal(error)
  }
}
