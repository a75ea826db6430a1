/** What a running peer is made of, opened from its home in the order in which it depends on each other. */
import { defaultLogger } from '@libp2p/logger'
import { peerIdFromString } from '@libp2p/peer-id'
import { Conduct } from '../../../protocols/common/conduct.ts'
import { rounds } from '../../../protocols/rounds/index.ts'
import { MAX_INLINE_BYTES } from '../../../src/federation/records.ts'
import { MisbehavedError } from '../../../src/federation/errors.ts'
import { activeMember, checkAdmission } from '../../../src/federation/membership.ts'
import { EvidenceLog, Ledger, RecoveryLog, VoteLog } from '../../../src/state/index.ts'
import { RoundEngine } from '../../engine/engine.ts'
import { OwnControls } from '../../engine/controls.ts'
import { OwnLocals } from '../../engine/locals.ts'
import { OwnMomentum } from '../../engine/momentum.ts'
import { ErrorFeedback } from '../../engine/feedback.ts'
import { hostClock } from '../clock.ts'
import { mostUsefulFirst } from '../network/addresses.ts'
import { Traffic } from '../network/counted.ts'
import { Inquiry } from '../network/inquiry.ts'
import { Links } from '../network/links.ts'
import { createMemberNode } from '../network/member-node.ts'
import { withUsualPort } from '../network/port.ts'
import { SilenceWatch } from '../network/silence.ts'
import { startTrainingWorker } from '../training/index.ts'
import { NodeBlocks } from './blocks.ts'
import { judgeRounds } from './conduct.ts'
import { closeAll } from '../close.ts'
import { openIdentity, trainingOf } from './identity.ts'
import { LedgerMembership } from './membership.ts'
import { openStorage } from './storage.ts'
import type { MemberNode, MemberNodeInit } from '../network/member-node.ts'
import type { PeerInit } from '../types.ts'
import type { Closer } from '../close.ts'
import type { Identity } from './identity.ts'
import type { Storage } from './storage.ts'
import type { EngineComponents } from '../../engine/components.ts'
import type { Rounds } from '../../../protocols/rounds/index.ts'
import type { LedgerHead } from '../../../protocols/admission/index.ts'
import type { LedgerTip } from '../../../src/rounds/index.ts'
import type { LedgerEntry } from '../../../src/state/index.ts'
import type { Trainer } from '../../../src/training/types.ts'
import type { ComponentLogger } from '@libp2p/interface'
import type { CID } from 'multiformats/cid'

const DEFAULT_LISTEN = ['/ip4/0.0.0.0/tcp/0']
/** The first view's patience: far above what a proposal and a vote take between members that are well. */
const PROPOSE_MS = 4000
const VOTE_MS = 2000
/** Gossip is quick; a height without any progress for so long has lost something. */
const CATCH_UP_MS = 1000
/** What a hello may name. */
const MAX_OWN_ADDRESSES = 16

export interface Parts extends Identity {
  ledger: Ledger
  trainer: Trainer
  membership: LedgerMembership
  conduct: Conduct
  links: Links
  inquiry: Inquiry
  silence: SilenceWatch
  node: MemberNode
  talk: Rounds
  engine: RoundEngine
  traffic: Traffic
  /** Write a block anew that was lost from disk, if it is of what the latest commit names. True: it is there again. */
  heal(cid: CID): Promise<boolean>
  logger: ComponentLogger
  /** Reachable addresses of this peer with its id, the most useful first. */
  addresses(): string[]
  /** Close what was opened, the last first. */
  close(): Promise<void>
}

/** Told by parts that are opened before there is anybody to listen. */
export interface PartsListener {
  /** The ledger admitted or revoked somebody. */
  onMembership(): void
  /** A member told where it is to be reached. */
  onAddresses(peerId: string, addresses: string[]): void
  /** A member misbehaved on its connections: it is to be parted with. */
  onBan(): void
  /** A block on disk was not what it should be; it is deleted. */
  onDamaged(cid: CID, reason: string): void
  onError(error: Error): void
}

/**
 * Open everything. Nothing is sent and nobody is let in before the node is started.
 *
 * @throws whatever keeps a part from opening; those opened before are closed
 */
export async function openParts(init: PeerInit, listener: PartsListener): Promise<Parts> {
  const closers: Closer[] = []
  const close = (): Promise<void> => closeAll(closers.splice(0).reverse())
  try {
    return { ...(await open(init, listener, (closer) => void closers.push(closer))), close }
  } catch (error) {
    // What kept it from opening is what the caller can do something about.
    const log = (init.logger ?? defaultLogger()).forComponent('murmur:peer')
    await close().catch((err: unknown) => log.error('closing what was opened failed as well - %e', err))
    throw error
  }
}

type OnClose = (closer: Closer) => void

async function open(
  init: PeerInit,
  listener: PartsListener,
  onClose: OnClose
): Promise<Omit<Parts, 'close'>> {
  const identity = await openIdentity(init)
  const logger = init.logger ?? defaultLogger()
  const onDamaged = (cid: CID, reason: string): void => listener.onDamaged(cid, reason)
  const storage = await openStorage(identity.home, { onDamaged }, onClose)
  const log = logger.forComponent('murmur:training')
  const onWarning = (error: Error): void => log.error('%s', error.message)
  const trainer = init.trainer ?? (await startTrainingWorker({ ...trainingOf(init, identity), onWarning }))
  onClose(async () => await trainer.stop())
  const ledger = new Ledger(storage.state)
  const membership = new LedgerMembership({
    manifest: identity.manifest,
    now: hostClock.now,
    log: logger.forComponent('murmur:membership'),
    onAddresses: (peerId, addresses) => listener.onAddresses(peerId, addresses),
    onChange: () => listener.onMembership()
  })
  const conduct = conductOf(listener, logger)
  const base: Base = { init, listener, identity, logger, storage, trainer, ledger, membership, conduct }
  const parts = { ...identity, ledger, trainer, membership, conduct, logger, ...(await connect(base)) }
  judgeRounds(parts.engine, conduct)
  await parts.engine.load()
  return parts
}

function conductOf(listener: PartsListener, logger: ComponentLogger): Conduct {
  const log = logger.forComponent('murmur:conduct')
  return new Conduct({
    nowMs: hostClock.elapsedMs,
    onBan: ({ peerId, reason, durationMs }) => {
      log.error('%s is refused for %d ms: %s', peerId, durationMs, reason)
      listener.onBan()
    }
  })
}

interface Base {
  init: PeerInit
  listener: PartsListener
  identity: Identity
  logger: ComponentLogger
  storage: Storage
  trainer: Trainer
  ledger: Ledger
  membership: LedgerMembership
  conduct: Conduct
}

/** The node serves what the engine holds, the engine speaks through the node: each asks the other only when running. */
async function connect(
  base: Base
): Promise<
  Pick<Parts, 'node' | 'talk' | 'engine' | 'links' | 'inquiry' | 'silence' | 'traffic' | 'addresses' | 'heal'>
> {
  const traffic = new Traffic()
  const addresses = (): string[] => mostUsefulFirst(node.getMultiaddrs().map(String))
  const node = await createMemberNode({
    ...networkOptions(base),
    listen: await listenOf(base),
    traffic,
    ...sources(base, { engine: () => engine, addresses })
  })
  const talk = createTalk(base, { node, engine: () => engine })
  const { identity, init, logger, storage } = base
  const { blockSizeBytes } = identity.manifest.value.exchange
  const blocks = new NodeBlocks({ stores: storage.stores, exchange: node.services.blocks, blockSizeBytes })
  const engine = new RoundEngine({
    federation: identity.manifest.cid,
    manifest: identity.manifest.value,
    components: engineComponents(base, { node, talk, blocks, addresses }),
    options: {
      train: init.train ?? true,
      proposeMs: PROPOSE_MS,
      voteMs: VOTE_MS,
      catchUpMs: CATCH_UP_MS,
      inlineBytes: MAX_INLINE_BYTES
    }
  })
  const log = logger.forComponent('murmur:links')
  const links = new Links({ node, self: identity.self, clock: hostClock, log, jitter: Math.random })
  const inquiry = new Inquiry({ admission: node.services.admission, links, clock: hostClock, log })
  const silence = new SilenceWatch({ node, links, traffic, clock: hostClock, log })
  const heal = async (cid: CID): Promise<boolean> => {
    for (const vector of engine.vectors) await blocks.putModel(vector)
    return await storage.stores.durable.has(cid)
  }
  return { node, talk, engine, links, inquiry, silence, traffic, addresses, heal }
}

async function listenOf({ init, identity: { config } }: Base): Promise<string[]> {
  return await withUsualPort(init.listen ?? config.listen ?? DEFAULT_LISTEN, config.port)
}

function networkOptions({
  init,
  identity,
  logger,
  membership,
  conduct
}: Base): Pick<MemberNodeInit, 'key' | 'mdns' | 'logger' | 'isUnwelcome' | 'judge'> {
  return {
    key: identity.key,
    mdns: init.mdns ?? identity.config.mdns ?? true,
    logger,
    judge: conduct,
    isUnwelcome: (peerId) => membership.state.revokedPeers.has(peerId) || conduct.ban(peerId) != null
  }
}

/** What this peer shows to others. */
function sources(
  { identity: { manifest, certificate }, membership, conduct, ledger, storage: { stores } }: Base,
  { engine, addresses }: { engine: () => RoundEngine; addresses: () => string[] }
): Pick<MemberNodeInit, 'admission' | 'ledger' | 'blocks'> {
  const federation = manifest.cid
  const head = (): LedgerHead | null => headOf(engine().tip)
  return {
    admission: {
      federation,
      certificate: () => certificate,
      manifest: () => manifest.bytes,
      addresses: () => addresses().slice(0, MAX_OWN_ADDRESSES),
      verify: async (shown) => {
        const verified = await checkAdmission(membership.state, shown, hostClock.now())
        const ban = conduct.ban(verified.member)
        if (ban != null) throw new MisbehavedError(ban.reason, ban.leftMs)
        return verified
      },
      head,
      catchUp: async (peerId, options) => await engine().catchUpFrom(peerId.toString(), options)
    },
    ledger: {
      federation,
      head: () => head() ?? { height: 0, cid: federation },
      commits: (from, limit) => bytesOf(ledger.range(from, limit)),
      records: () => engine().records()
    },
    blocks: { serve: stores.view, store: stores.incoming }
  }
}

/** The roster of the height that is being decided, without this peer. */
function others(tip: LedgerTip | null, self: string): string[] {
  return (tip?.body.roster ?? []).map(({ peer }) => peer).filter((peer) => peer !== self)
}

function createTalk(
  { identity: { manifest, self }, membership, conduct, listener, logger }: Base,
  { node, engine }: { node: MemberNode; engine: () => RoundEngine }
): Rounds {
  // Whose certificate holds may be a member of a later ledger than this peer's: to hold what it says against it, or
  // against whoever passes it on, would cut a newcomer off from honest members.
  const isAdmitted = (peerId: string): boolean => node.services.admission.isAdmitted(peerId)
  return rounds({
    federation: manifest.cid,
    isMember: (peerId) => activeMember(membership.state, peerId) != null || isAdmitted(peerId),
    mayJoin: async ({ author, value }) => isAdmitted(author) || (await membership.admits(value.certificate)),
    heightOf: () => (engine().tip?.body.height ?? 0) + 1,
    authors: () => others(engine().tip, self),
    onRecord: (record) => {
      engine()
        .receive(record)
        .catch((error: unknown) => listener.onError(error as Error))
    },
    onAhead: (author) => engine().fallenBehind(author),
    judge: conduct
  })({ pubsub: node.services.pubsub, logger })
}

function engineComponents(
  { identity, storage, ledger, trainer, membership, logger }: Base,
  {
    node,
    talk,
    blocks,
    addresses
  }: { node: MemberNode; talk: Rounds; blocks: NodeBlocks; addresses: () => string[] }
): EngineComponents {
  const { key, self, certificate } = identity
  const { ledger: others } = node.services
  const log = logger.forComponent('murmur:engine')
  return {
    key,
    self,
    certificate,
    ledger,
    votes: new VoteLog(storage.state),
    recoveries: new RecoveryLog(storage.state),
    evidence: new EvidenceLog(storage.state),
    feedback: new ErrorFeedback({ state: storage.state, blocks, log }),
    controls: new OwnControls({ state: storage.state, blocks, log }),
    locals: new OwnLocals({ state: storage.state, blocks, log }),
    momentum: new OwnMomentum({ state: storage.state, blocks, log }),
    blocks,
    gossip: talk,
    catchUp: {
      ask: (peer, question, options) => others.ask(peerIdFromString(peer), question, options)
    },
    trainer,
    membership,
    clock: hostClock,
    log,
    uplink: () => node.services.blocks.uplinkBytesPerSecond,
    addresses
  }
}

function headOf(tip: LedgerTip | null): LedgerHead | null {
  return tip == null || tip.body.height === 0 ? null : { height: tip.body.height, cid: tip.cid }
}

async function* bytesOf(entries: AsyncIterable<LedgerEntry>): AsyncIterable<Uint8Array> {
  for await (const { bytes } of entries) yield bytes
}
