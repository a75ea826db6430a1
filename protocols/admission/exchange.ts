/** The conversation on one stream, as either side. What it leads to is for the caller. */
import { openCertificate } from '../../src/federation/certificate.ts'
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
import type { Hello, KnownPeer, LedgerHead, Welcome } from './schema.ts'
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
  /** Asked before a refusal: may this peer's ledger be too old for it, and can the other one bring it forward? */
  mayCatchUp(refusal: MembershipError, head: LedgerHead | null): boolean
}

/** What a conversation led to: the other side accepted this one. */
export interface Outcome {
  member: AdmittedMember
  /** Why the ledger here would refuse the other side, which knows a later one; null when it holds. */
  doubt: MembershipError | null
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
 * @returns the listener, which admitted this peer and is to be admitted, unless there is a doubt
 * @throws {RefusedError} the listener refused
 * @throws {LocalRefusal} its certificate does not hold
 */
export async function sayHello(init: ExchangeInit): Promise<Outcome> {
  const { stream, remote, source, signal } = init
  const wire = frames(stream, MAX_WELCOME_BYTES)
  const { federation } = source
  const own = { federation, certificate: source.certificate(), addresses: source.addresses() }
  await wire.write(helloOf({ ...own, head: source.head() }), { signal })
  const { certificate, addresses, peers, head } = await wire.read(welcomeType, { signal })
  const doubt = await orRefuse(init, head, checkCertificate(source, certificate, remote))
  await wire.write({ accepted: true }, { signal })
  await stream.close({ signal })
  return { member: { peerId: remote, certificate, addresses, peers, head }, doubt }
}

/**
 * Answer a hello.
 *
 * @returns the dialler, which admitted this peer and is to be admitted, unless there is a doubt; null if it only looked
 * @throws {RefusedError} the dialler refused
 * @throws {LocalRefusal} its certificate does not hold
 */
export async function answerHello(init: ExchangeInit): Promise<Outcome | null> {
  const { stream, remote, source, signal } = init
  const wire = frames(stream, Math.max(MAX_HELLO_BYTES, MAX_VERDICT_BYTES))
  const hello = await wire.read(helloType, { signal })
  const { certificate, addresses, head, look } = hello
  const doubt = await orRefuse(init, look ? null : head, checkHello(source, hello, remote))
  await wire.write(welcomeOf(init, look, doubt == null), { signal })
  if (!look) await wire.read(verdictType, { signal })
  await stream.close({ signal })
  return look ? null : { member: { peerId: remote, certificate, addresses, peers: [], head }, doubt }
}

/** A hello within its caps. */
export function helloOf(hello: Omit<Hello, 'look'> & { look?: boolean }): Hello {
  return { ...hello, addresses: hello.addresses.slice(0, MAX_OWN_ADDRESSES), look: hello.look ?? false }
}

/** @param certain - a member for sure: others are told of only to those */
function welcomeOf({ source, remote, connected }: ExchangeInit, look: boolean, certain: boolean): Welcome {
  const known = certain ? (source.peers?.() ?? connected()) : []
  const peers = known.filter(({ peerId }) => peerId !== remote.toString())
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
  // Whose it is comes first: certificates are no secret, and a doubt about one must not help whoever found it.
  const { member } = (await openCertificate(certificate)).value
  if (member !== remote.toString()) {
    throw new TamperedError('certificate', `it is for ${member}, but ${remote.toString()} shows it`)
  }
  await source.verify(certificate)
}

/** Tell the other side when the check fails for a reason of membership, unless that may be for want of its ledger. */
async function orRefuse(
  { stream, signal, mayCatchUp }: ExchangeInit,
  head: LedgerHead | null,
  check: Promise<void>
): Promise<MembershipError | null> {
  try {
    await check
    return null
  } catch (error) {
    if (!(error instanceof MembershipError)) throw asError(error)
    if (mayCatchUp(error, head)) return error
    await refuse(stream, error, { signal })
    throw new LocalRefusal(error)
  }
}
