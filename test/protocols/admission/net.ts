/** Real libp2p nodes in one process, over the memory transport, with admission and time that the test decides. */
import { identify } from '@libp2p/identify'
import { memory } from '@libp2p/memory'
import { noise } from '@libp2p/noise'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { admission, admissionGater } from '../../../protocols/admission/index.ts'
import { applyCommit } from '../../../src/federation/change.ts'
import { checkAdmission, genesisMembership } from '../../../src/federation/membership.ts'
import { invite, join, NOW, person, revocation } from '../../federation/world.ts'
import { VirtualClock } from '../../helpers/virtual-clock.ts'
import type {
  Admission,
  AdmissionEvents,
  AdmissionSource,
  KnownPeer
} from '../../../protocols/admission/index.ts'
import type { MembershipState } from '../../../src/federation/membership.ts'
import type { Revocation } from '../../../src/federation/revocation.ts'
import type { InviteChoices, Person, World } from '../../federation/world.ts'
import type { Libp2p, ServiceMap } from '@libp2p/interface'
import type { ServiceFactoryMap } from 'libp2p'

/** One peer's view of the federation, which the test may change. */
export class View implements AdmissionSource {
  readonly world: World
  readonly who: Person
  state: MembershipState
  now = NOW

  constructor(world: World, who: Person) {
    this.world = world
    this.who = who
    this.state = genesisMembership(world.manifest)
  }

  get federation(): World['manifest']['cid'] {
    return this.world.manifest.cid
  }

  certificate(): Uint8Array {
    return this.who.certificate ?? new Uint8Array()
  }

  manifest(): Uint8Array {
    return this.world.manifest.bytes
  }

  addresses(): string[] {
    return [addressOf(this.who)]
  }

  /** Whom it tells of, if not of those connected. */
  peers: (() => KnownPeer[]) | undefined

  /** What this view becomes by catching up from a peer. */
  learn: ((peerId: string, signal: AbortSignal) => Promise<void>) | null = null

  async catchUp(peerId: { toString(): string }, { signal }: { signal: AbortSignal }): Promise<void> {
    if (this.learn == null) throw new Error('nothing to be had')
    await this.learn(peerId.toString(), signal)
  }

  head(): { height: number; cid: World['manifest']['cid'] } {
    return { height: this.state.height, cid: this.federation }
  }

  verify(certificate: Uint8Array): ReturnType<typeof checkAdmission> {
    return checkAdmission(this.state, certificate, this.now)
  }

  async admit(...admissions: Uint8Array[]): Promise<void> {
    this.state = await applyCommit(this.state, {
      height: this.state.height + 1,
      time: NOW,
      admissions,
      revocations: []
    })
  }

  async revoke(target: Revocation['target']): Promise<void> {
    const revocations = [await revocation(this.world, this.world.founder, target)]
    this.state = await applyCommit(this.state, {
      height: this.state.height + 1,
      time: NOW,
      admissions: [],
      revocations
    })
  }
}

export interface TestNode<T extends ServiceMap = ServiceMap> {
  view: View
  clock: VirtualClock
  libp2p: Libp2p<T & { admission: Admission }>
  admission: Admission
}

export interface NodeOptions<T extends ServiceMap> {
  services?: ServiceFactoryMap<T>
  /** Apply the gater that goes with admission. */
  gated?: boolean
  /** Peer ids that need not be members. */
  tolerated?: string[]
}

/** Starts nodes and stops them all at the end of a test. */
export class Net {
  readonly #nodes: Libp2p[] = []

  async node<T extends ServiceMap = ServiceMap>(
    view: View,
    options: NodeOptions<T> = {}
  ): Promise<TestNode<T>> {
    const clock = new VirtualClock()
    const { gated = false, tolerated = [], services } = options
    const built: { admission?: Admission } = {}
    const gater = admissionGater({
      isUnwelcome: (peerId) => view.state.revokedPeers.has(peerId),
      backoffMs: (peerId) => built.admission?.backoffMs(peerId) ?? 0
    })
    const tolerate = (peerId: { toString(): string }): boolean => tolerated.includes(peerId.toString())
    const factories = {
      identify: identify(),
      admission: admission({ source: view, clock, tolerate }),
      ...services
    }
    const libp2p = await this.start(
      view.who,
      factories as ServiceFactoryMap<T & { admission: Admission }>,
      gated ? gater : {}
    )
    built.admission = libp2p.services.admission
    return { view, clock, libp2p, admission: built.admission }
  }

  /** A node without admission: a stranger's. */
  async start<T extends ServiceMap>(
    who: Person,
    services: ServiceFactoryMap<T>,
    connectionGater = {}
  ): Promise<Libp2p<T>> {
    const libp2p = await createLibp2p<T>({
      privateKey: who.key,
      addresses: { listen: [listenAddress(who)] },
      transports: [memory()],
      connectionEncrypters: [noise()],
      streamMuxers: [yamux()],
      connectionGater,
      connectionMonitor: { enabled: false },
      connectionManager: { inboundConnectionThreshold: Infinity },
      services
    })
    this.#nodes.push(libp2p as unknown as Libp2p)
    return libp2p
  }

  async stop(): Promise<void> {
    await Promise.all(this.#nodes.splice(0).map(async (node) => await node.stop()))
  }
}

export function addressOf(who: Person): string {
  return `${listenAddress(who)}/p2p/${who.id}`
}

function listenAddress(who: Person): string {
  return `/memory/${who.id}`
}

export async function dial(
  from: Pick<TestNode, 'libp2p'>,
  to: Person,
  force = false
): ReturnType<Libp2p['dial']> {
  return await from.libp2p.dial(multiaddr(addressOf(to)), { force })
}

/** The detail of the next event of a kind. */
export function next<K extends keyof AdmissionEvents>(
  { admission: service }: Pick<TestNode, 'admission'>,
  type: K
): Promise<AdmissionEvents[K]['detail']> {
  return new Promise((resolve) => {
    service.addEventListener(type, (event) => resolve(event.detail), { once: true })
  })
}

/** Resolves when the node has no connection to the peer any more. */
export async function disconnected(libp2p: Libp2p, peer: Person): Promise<void> {
  await new Promise<void>((resolve) => {
    const check = (): void => {
      if (libp2p.getConnections().every(({ remotePeer }) => remotePeer.toString() !== peer.id)) resolve()
    }
    libp2p.addEventListener('connection:close', check)
    check()
  })
}

/** A person with a certificate by a fresh invite of the founder. */
export async function memberOf(world: World, number: number, choices: InviteChoices = {}): Promise<Person> {
  const who = await person(number)
  await join(who, await invite(world, world.founder, choices))
  return who
}
