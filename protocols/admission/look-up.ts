/** Asking a member for the manifest, before deciding to join: what `murmur join` shows. */
import { verifyCertificate } from '../../src/federation/certificate.ts'
import { TamperedError, WrongFederationError } from '../../src/federation/errors.ts'
import { openManifest } from '../../src/federation/manifest/index.ts'
import { asError } from '../common/errors.ts'
import { frames } from '../common/frames.ts'
import { ADMISSION_PROTOCOL, MAX_WELCOME_BYTES } from './constants.ts'
import { helloOf } from './exchange.ts'
import { welcomeType } from './schema.ts'
import type { Manifest } from '../../src/federation/manifest/index.ts'
import type { Signed } from '../../src/federation/signed.ts'
import type { KnownPeer, LedgerHead, Welcome } from './schema.ts'
import type { Connection, Stream } from '@libp2p/interface'
import type { CID } from 'multiformats/cid'

export interface LookUpInit {
  /** To a member. */
  connection: Connection
  /** The invite's federation. */
  federation: CID
  /** Made with the invite for this connection's own peer id; nobody is admitted by it. */
  certificate: Uint8Array
  signal: AbortSignal
}

export interface LookUpResult {
  manifest: Signed<Manifest>
  /** Where members can be dialled: the one asked, and those it told of. */
  peers: KnownPeer[]
  head: LedgerHead | null
}

/**
 * Ask for the manifest, and check that it is the invite's and that a member sent it.
 *
 * @throws {RefusedError} the invite is not accepted; `code` and `message` say why
 * @throws {WrongFederationError} another manifest than the invite's was sent
 * @throws {MembershipError} the other side is no member
 */
export async function lookUp({
  connection,
  federation,
  certificate,
  signal
}: LookUpInit): Promise<LookUpResult> {
  const stream = await connection.newStream(ADMISSION_PROTOCOL, { signal, runOnLimitedConnection: true })
  try {
    const wire = frames(stream, MAX_WELCOME_BYTES)
    await wire.write(helloOf({ federation, certificate, addresses: [], head: null, look: true }), { signal })
    const welcome = await wire.read(welcomeType, { signal })
    await stream.close({ signal })
    return await checked(welcome, { federation, sender: connection.remotePeer.toString() })
  } catch (cause) {
    throw given(stream, cause)
  }
}

async function checked(
  { manifest: envelope, certificate, addresses, peers, head }: Welcome,
  { federation, sender }: { federation: CID; sender: string }
): Promise<LookUpResult> {
  if (envelope == null) throw new TamperedError('answer', 'there is no manifest in it')
  const manifest = await openManifest(envelope)
  const ids = { found: manifest.cid.toString(), expected: federation.toString() }
  if (ids.found !== ids.expected) throw new WrongFederationError('manifest', ids)
  const { member } = await verifyCertificate({ certificate, manifest })
  if (member !== sender) throw new TamperedError('certificate', `it is for ${member}, but ${sender} shows it`)
  return { manifest, peers: [{ peerId: sender, addresses }, ...peers], head }
}

/** Nothing is left open after a failure. */
function given(stream: Stream, cause: unknown): Error {
  const error = asError(cause)
  stream.abort(error)
  return error
}
