/**
 * Joining a federation: what an invite says, asking those it leads to for the manifest, and becoming a member. Nothing
 * is written, and nobody is told who asks, before the invitation is accepted.
 */
import { generateKeyPair } from '@libp2p/crypto/keys'
import { multiaddr } from '@multiformats/multiaddr'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { defaultLogger } from '@libp2p/logger'
import { lookUp } from '../../protocols/admission/index.ts'
import { RefusedError } from '../../protocols/common/errors.ts'
import { certify } from '../../src/federation/certificate.ts'
import { MembershipError } from '../../src/federation/errors.ts'
import { checkExpiry, parseInvite } from '../../src/federation/invite.ts'
import { hostClock } from './clock.ts'
import { openHome, rememberMembership } from './home/index.ts'
import { keepAlive } from './keep-alive.ts'
import { dialable, naming, peerIdIn, withPeerId } from './network/addresses.ts'
import { Traffic } from './network/counted.ts'
import { createNode } from './network/libp2p.ts'
import type { Home } from './home/index.ts'
import type { BaseServices } from './network/libp2p.ts'
import type { LookUpResult } from '../../protocols/admission/index.ts'
import type { Invite } from '../../src/federation/invite.ts'
import type { Manifest } from '../../src/federation/manifest/index.ts'
import type { Signed } from '../../src/federation/signed.ts'
import type { ComponentLogger, Libp2p } from '@libp2p/interface'

/** An address that does not answer by then is not reachable. */
const ASK_TIMEOUT_MS = 10_000

/**
 * A refusal is believed when nobody has said otherwise by then: whoever refuses may have an old ledger, but somebody who
 * is slow to answer must not keep the person waiting for long.
 */
const REFUSAL_PATIENCE_MS = 3_000

/** Nobody to ask: why, for each address of the invite. */
export class InviteUnreachableError extends Error {
  static override name = 'InviteUnreachableError'

  constructor(failures: readonly { address: string; reason: string }[], options?: ErrorOptions) {
    const tried = failures.map(({ address, reason }) => `\n  ${address}: ${reason}`).join('')
    super(
      failures.length === 0
        ? 'This invite names no address: ask for one that does'
        : `Nobody answers at the invite's addresses:${tried}\nIs a member's peer running, and reachable from here?`,
      options
    )
    this.name = 'InviteUnreachableError'
  }
}

/** What a member answered, and the way in. */
export interface Invitation {
  manifest: Signed<Manifest>
  /**
   * Become a member: make an identity if there is none, a certificate, and write the home directory.
   *
   * @throws {FederationExistsError | PermissionsError | WrongPassphraseError | …} the home cannot be used
   */
  accept(options: { home: string; passphrase?: string }): Promise<Home>
}

export interface KnockOptions {
  signal?: AbortSignal
  logger?: ComponentLogger
}

/**
 * Ask the members that an invite leads to for the manifest, all at once; the first that does not refuse counts.
 *
 * @throws {TamperedError} not an invite, or a changed one
 * @throws {ExpiredInviteError} it is no longer good
 * @throws {RefusedError} all that answered, or the first while others took too long, said no: revoked, used up …; `code` and `message` tell why
 * @throws {InviteUnreachableError} nobody could be asked
 */
export async function knock(text: string, options: KnockOptions = {}): Promise<Invitation> {
  const invite = await parseInvite(text)
  checkExpiry(invite.capability.value, hostClock.now())
  const { manifest, peers } = await keepAlive(askAll(invite, options))
  const told = peers.flatMap(({ peerId, addresses }) =>
    dialable(addresses, peerId).map((address) => withPeerId(address, peerId))
  )
  return {
    manifest,
    accept: async ({ home: dir, passphrase }) => {
      const home = await openHome(dir)
      const key = await home.ensureIdentity({ passphrase })
      const { bytes } = await certify(invite, peerIdFromPrivateKey(key).toString())
      const bootstrap = [...naming(invite.addresses), ...told]
      await rememberMembership({ home, manifest, certificate: bytes, bootstrap })
      return home
    }
  }
}

/** Knock and accept: for programs that need not ask anybody. @throws as `knock` and `accept` do */
export async function joinFederation(
  init: KnockOptions & { invite: string; home: string; passphrase?: string }
): Promise<{ home: Home; manifest: Signed<Manifest> }> {
  const { invite, home, passphrase, ...options } = init
  const invitation = await knock(invite, options)
  return { home: await invitation.accept({ home, passphrase }), manifest: invitation.manifest }
}

/** A node that lives for the question, under a name of its own. */
async function askAll(invite: Invite, options: KnockOptions): Promise<LookUpResult> {
  if (invite.addresses.length === 0) throw new InviteUnreachableError([])
  const key = await generateKeyPair('Ed25519')
  const node = await createNode({
    key,
    listen: [],
    mdnsTag: null,
    gater: {},
    logger: options.logger ?? defaultLogger(),
    traffic: new Traffic(),
    services: {}
  })
  const { bytes: certificate } = await certify(invite, peerIdFromPrivateKey(key).toString())
  const over = new AbortController()
  const given = options.signal == null ? [] : [options.signal]
  try {
    await node.start()
    const signal = AbortSignal.any([over.signal, ...given])
    return await firstAnswer(invite, { node, certificate, signal })
  } finally {
    over.abort(new Error('Somebody else has answered'))
    await node.stop()
  }
}

interface AskInit {
  node: Libp2p<BaseServices>
  certificate: Uint8Array
  signal: AbortSignal
}

type Answer = { result: LookUpResult } | { refusal: Error }

async function firstAnswer(invite: Invite, init: AskInit): Promise<LookUpResult> {
  const groups = byPeer(invite.addresses)
  const answers = groups.map((addresses) =>
    Promise.any(addresses.map((address) => ask(invite, address, init)))
  )
  try {
    return await Promise.race([Promise.any(answers.map(accepted)), longRefused(answers)])
  } catch (cause) {
    init.signal.throwIfAborted()
    if (!(cause instanceof AggregateError)) throw cause
    throw cause.errors.find(isRefusal) ?? unreachable(groups, cause)
  }
}

/** Several addresses of one peer lead to one answer. */
function byPeer(addresses: readonly string[]): string[][] {
  const groups = new Map<string, string[]>()
  for (const address of addresses) {
    const [named] = naming([address])
    const key = named == null ? address : peerIdIn(named)
    groups.set(key, [...(groups.get(key) ?? []), address])
  }
  return [...groups.values()]
}

async function accepted(coming: Promise<Answer>): Promise<LookUpResult> {
  const answer = await coming
  if ('refusal' in answer) throw answer.refusal
  return answer.result
}

/** Rejects with a refusal some time after it came. */
function longRefused(answers: readonly Promise<Answer>[]): Promise<never> {
  return new Promise((_, reject) => {
    const onAnswer = (answer: Answer): void => {
      if ('refusal' in answer) setTimeout(() => reject(answer.refusal), REFUSAL_PATIENCE_MS).unref()
    }
    // Whoever cannot be reached refuses nothing.
    for (const answer of answers) answer.then(onAnswer, () => undefined)
  })
}

/** @param cause - a failure for each group, which holds one for each address */
function unreachable(groups: readonly string[][], cause: AggregateError): InviteUnreachableError {
  const failures = groups.flatMap((addresses, i) =>
    addresses.map((address, k) => ({
      address,
      reason: reasonOf((cause.errors[i] as AggregateError).errors[k])
    }))
  )
  return new InviteUnreachableError(failures, { cause })
}

/** A refusal is an answer; everything else leaves it to the other addresses. */
async function ask(invite: Invite, address: string, init: AskInit): Promise<Answer> {
  const { node, certificate } = init
  const signal = AbortSignal.any([init.signal, AbortSignal.timeout(ASK_TIMEOUT_MS)])
  const expected = peerIdIn(address)
  // Without the peer's id, or libp2p would make all dials to one peer into one, and its failures as well.
  const suffix = `/p2p/${expected}`
  const place = address.endsWith(suffix) ? address.slice(0, -suffix.length) : address
  const connection = await node.dial(multiaddr(place), { signal })
  const found = connection.remotePeer.toString()
  if (found !== expected) throw new Error(`another peer (${found}) is there`)
  try {
    const { federation } = invite.capability.value
    return { result: await lookUp({ connection, federation, certificate, signal }) }
  } catch (error) {
    if (isRefusal(error)) return { refusal: error }
    throw error
  }
}

function isRefusal(error: unknown): error is Error {
  return error instanceof RefusedError || error instanceof MembershipError
}

/** In words for a person who may have to open a port or start a peer. */
function reasonOf(error: unknown): string {
  const { message, name } = deepest(error)
  if (name === 'TimeoutError') return `no answer within ${ASK_TIMEOUT_MS / 1000} s`
  if (/ECONNREFUSED/.test(message)) return 'the connection was refused (nothing listens there)'
  if (/EHOSTUNREACH|ENETUNREACH/.test(message)) return 'there is no way to that network'
  if (/ENOTFOUND|EAI_AGAIN/.test(message)) return 'that host name is unknown'
  return message
}

function deepest(error: unknown): Error {
  if (error instanceof AggregateError && error.errors.length > 0) return deepest(error.errors[0])
  return error instanceof Error ? error : new Error(String(error))
}
