/** Real peers in one process: real libp2p on loopback, real stores in temporary directories, training that is faked. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createPeer, foundFederation, joinFederation } from '../../../peers/node/index.ts'
import { manifestTemplate, parseManifestYaml } from '../../../src/federation/manifest/index.ts'
import { FakeTrainer } from './trainer.ts'
import type { Home, Peer, PeerInit } from '../../../peers/node/index.ts'
import type { Manifest, ManifestDraft } from '../../../src/federation/manifest/index.ts'
import type { Signed } from '../../../src/federation/signed.ts'

export const PARAMETERS = 1000

/** A peer of the test; after a restart `peer` and `trainer` are others. */
export interface Member {
  index: number
  id: string
  home: Home
  peer: Peer
  trainer: FakeTrainer
}

export interface FederationOptions {
  rounds?: Partial<ManifestDraft['rounds']>
  membership?: ManifestDraft['membership']
  draft?: Partial<ManifestDraft>
  /** For every peer. */
  init?: Partial<PeerInit>
  parameters?: number
  /** What training starts from; default: zeros. */
  initial?: (manifest: Manifest) => Float32Array
}

export class Federation {
  readonly members: Member[] = []
  manifest!: Signed<Manifest>
  readonly #options: FederationOptions
  readonly #dirs: string[] = []
  readonly #peers: Peer[] = []

  private constructor(options: FederationOptions) {
    this.#options = options
  }

  /** The founder alone, not started. */
  static async found(options: FederationOptions = {}): Promise<Federation> {
    const federation = new Federation(options)
    const { home, manifest } = await foundFederation({
      home: await federation.directory(),
      draft: draftOf(options),
      now: Date.now()
    })
    federation.manifest = manifest
    await federation.#open(home)
    return federation
  }

  /** A running federation whose training begins when `count` members are here. */
  static async of(count: number, options: FederationOptions = {}): Promise<Federation> {
    const rounds = { startMembers: count, ...options.rounds }
    const federation = await Federation.found({ ...options, rounds })
    await federation.founder.peer.start()
    for (let i = 1; i < count; i++) await (await federation.join()).peer.start()
    return federation
  }

  get founder(): Member {
    return this.members[0]
  }

  get peers(): Peer[] {
    return this.members.map(({ peer }) => peer)
  }

  /** Hold up the training of all members, in a round that none of them trained for yet. Resolves when it is held up. */
  async hold(): Promise<void> {
    const round = Math.max(...this.peers.map((peer) => peer.status().round)) + 2
    for (const { trainer } of this.members) trainer.hold(round)
    await Promise.all(this.members.map(({ trainer }) => trainer.held()))
  }

  /** A new member by a fresh invite, not started. */
  async join(init: Partial<PeerInit> = {}): Promise<Member> {
    return await this.#open(await this.home(await this.founder.peer.invite()), init)
  }

  /** A home that joined by this invite; somebody it leads to must be running. */
  async home(text: string): Promise<Home> {
    const { home } = await joinFederation({ invite: text, home: await this.directory() })
    return home
  }

  /** Make a peer of a home; several may be made of one, one after the other. */
  async #open(home: Home, init: Partial<PeerInit> = {}): Promise<Member> {
    const index = this.members.length
    const member = { index, id: '', home, ...(await this.#create(home, index, init)) }
    member.id = member.peer.peerId
    this.members.push(member)
    return member
  }

  /** A member out of a home made elsewhere. */
  async open(home: Home, init: Partial<PeerInit> = {}): Promise<Member> {
    return await this.#open(home, init)
  }

  /** The same member as a new peer of the same home, not started. */
  async reopen(member: Member, init: Partial<PeerInit> = {}): Promise<Member> {
    Object.assign(member, await this.#create(member.home, member.index, init))
    return member
  }

  /** The founder with other options, not started. */
  async reopenFounder(init: Partial<PeerInit>): Promise<void> {
    await this.founder.peer.stop()
    await this.reopen(this.founder, init)
  }

  async directory(): Promise<string> {
    const dir = await mkdtemp(join(tmpdir(), 'murmur-peer-'))
    this.#dirs.push(dir)
    return join(dir, 'home')
  }

  async close(): Promise<void> {
    await Promise.all(this.#peers.splice(0).map(async (peer) => await peer.stop()))
    await Promise.all(this.#dirs.splice(0).map((dir) => rm(dir, { recursive: true, force: true })))
  }

  async #create(
    home: Home,
    index: number,
    init: Partial<PeerInit>
  ): Promise<{ peer: Peer; trainer: FakeTrainer }> {
    const initial = this.#options.initial?.((await home.manifest()).value)
    const parameters = initial?.length ?? this.#options.parameters ?? PARAMETERS
    const trainer = new FakeTrainer({ member: index, parameters, initial })
    const peer = await createPeer({
      home: home.dir,
      trainer,
      listen: ['/ip4/127.0.0.1/tcp/0'],
      mdns: false,
      ...this.#options.init,
      ...init
    })
    this.#peers.push(peer)
    return { peer, trainer }
  }
}

function draftOf({ rounds, membership, draft }: FederationOptions): ManifestDraft {
  return {
    ...parseManifestYaml(manifestTemplate('digits')),
    rounds: { minContributors: 2, stop: { rounds: 10 }, ...rounds },
    membership: membership ?? {},
    ...draft
  }
}

/** What a crash between a commit and its model may leave: the ledger, and no block. The peer does not run. */
export async function loseBlocks({ home }: Member): Promise<void> {
  await rm(home.paths.blocks, { recursive: true, force: true })
}
