/** The same over real gossipsub: four connected members in one process, on loopback. */
import { gossipsub } from '@libp2p/gossipsub'
import { identify } from '@libp2p/identify'
import { defaultLogger } from '@libp2p/logger'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { expect } from 'chai'
import { createLibp2p } from 'libp2p'
import { pEvent } from 'p-event'
import { gossipOptions, rounds, roundsTopic } from '../../../protocols/rounds/index.ts'
import { proposalType } from '../../../src/federation/records.ts'
import { seal } from '../../../src/federation/signed.ts'
import { federation, newMember, otherFederation, update, vote } from './helpers.ts'
import type { ReceivedRecord, Rounds } from '../../../protocols/rounds/index.ts'
import type { Proposal } from '../../../src/federation/records.ts'
import type { Member } from './helpers.ts'
import type { GossipSub } from '@libp2p/gossipsub'
import type { Identify } from '@libp2p/identify'
import type { Libp2p, PrivateKey } from '@libp2p/interface'

/** As long as a test may take. Gossipsub leaves the timer running when stopped, so no longer. */
const NO_HEARTBEAT_MS = 20_000
/** Gossipsub's default. It also looks at scores no more often. */
const HEARTBEAT_MS = 1000

/** For what takes several heartbeats. */
const SHORT_HEARTBEAT_MS = 50

type Node = Libp2p<{ pubsub: GossipSub; identify: Identify }>

interface Peer {
  member: Member
  node: Node
  talk: Rounds
  received: ReceivedRecord[]
  /** Resolves when `received` has this many. */
  got(count: number): Promise<void>
}

const topic = roundsTopic(federation)

async function nodeOf(privateKey: PrivateKey, heartbeatInterval: number): Promise<Node> {
  return await createLibp2p({
    privateKey,
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionManager: { inboundConnectionThreshold: Infinity },
    services: {
      identify: identify(),
      pubsub: gossipsub({ ...gossipOptions(topic), heartbeatInterval })
    }
  })
}

async function peerOf(member: Member, ids: readonly string[], heartbeatMs: number): Promise<Peer> {
  const node = await nodeOf(member.key, heartbeatMs)
  const received: ReceivedRecord[] = []
  let onRecord = (): void => {}
  const talk = rounds({
    federation,
    isMember: (id) => ids.includes(id),
    authors: () => ids.filter((id) => id !== member.id.toString()),
    heightOf: () => 1,
    onRecord: (record) => {
      received.push(record)
      onRecord()
    }
  })({ pubsub: node.services.pubsub, logger: defaultLogger() })
  await talk.start()
  const got = (count: number): Promise<void> =>
    new Promise((resolve) => {
      onRecord = () => {
        if (received.length >= count) resolve()
      }
      onRecord()
    })
  return { member, node, talk, received, got }
}

/** Connect everybody with everybody, and wait until each knows that all others listen. */
async function connect(peers: Peer[]): Promise<void> {
  for (const [i, { node }] of peers.entries()) {
    for (const other of peers.slice(i + 1)) await node.dial(other.node.getMultiaddrs())
  }
  for (const { node } of peers) {
    const { pubsub } = node.services
    while (pubsub.getSubscribers(topic).length < peers.length - 1) await pEvent(pubsub, 'subscription-change')
  }
}

const total = (peers: Peer[], count: number): Promise<unknown> =>
  Promise.all(peers.map((peer) => peer.got(count)))

describe('rounds protocol over gossipsub', () => {
  let peers: Peer[]

  async function create(heartbeatMs: number): Promise<void> {
    const members = await Promise.all(Array.from({ length: 4 }, newMember))
    const ids = members.map(({ id }) => id.toString())
    peers = await Promise.all(members.map((member) => peerOf(member, ids, heartbeatMs)))
  }

  afterEach(async () => {
    for (const { talk, node } of peers) {
      await talk.stop()
      await node.stop()
    }
  })

  it('publishes into the void without complaint', async () => {
    await create(NO_HEARTBEAT_MS)
    const [{ talk, member }] = peers as [Peer]
    await talk.publish({ kind: 'vote', bytes: (await vote(member)).bytes })
  })

  it('brings everybody’s records to everybody once, without a heartbeat', async () => {
    await create(NO_HEARTBEAT_MS)
    await connect(peers)
    for (const { talk, member } of peers) {
      await talk.publish({ kind: 'update', bytes: (await update(member)).bytes })
      await talk.publish({ kind: 'vote', bytes: (await vote(member)).bytes })
    }
    await total(peers, 6)
    for (const { received, member } of peers) {
      const authors = received.map(({ kind, signed }) => `${kind} ${signed.author}`)
      const others = peers.filter((peer) => peer.member !== member)
      const expected = others.flatMap(({ member: { id } }) => [`update ${id}`, `vote ${id}`])
      expect(authors.sort()).to.deep.equal(expected.sort())
    }
  })

  it('carries the largest proposal, and small records after it', async () => {
    await create(NO_HEARTBEAT_MS)
    await connect(peers)
    const [{ talk, member }] = peers as [Peer]
    await talk.publish({ kind: 'proposal', bytes: (await largestProposal(member)).bytes })
    await talk.publish({ kind: 'vote', bytes: (await vote(member)).bytes })
    await total(peers.slice(1), 2)
    for (const { received } of peers.slice(1)) {
      expect(received.map(({ kind }) => kind).sort()).to.deep.equal(['proposal', 'vote'])
    }
  })

  it('stops listening to a peer that sends garbage, and not to the others', async () => {
    await create(HEARTBEAT_MS)
    await connect(peers)
    const [bad, victim, good] = peers as [Peer, Peer, Peer]
    for (let view = 0; view < 4; view++) {
      const garbage = await vote(bad.member, { federation: otherFederation, view })
      await bad.talk.publish({ kind: 'vote', bytes: garbage.bytes })
    }
    const { pubsub } = victim.node.services
    while (scoreOf(victim, bad) > -80) await pEvent(pubsub, 'gossipsub:heartbeat')
    await bad.talk.publish({ kind: 'vote', bytes: (await vote(bad.member)).bytes })
    await good.talk.publish({ kind: 'vote', bytes: (await vote(good.member)).bytes })
    await victim.got(1)
    expect(victim.received[0]?.signed.author).to.equal(good.member.id.toString())
    expect(scoreOf(victim, good)).to.be.at.least(0)
  })

  it('passes nothing on among peers that are all connected', async () => {
    await create(SHORT_HEARTBEAT_MS)
    await connect(peers)
    for (const peer of peers) await meshed(peer, 0)
    const [author, ...others] = peers as [Peer, ...Peer[]]
    await author.talk.publish({ kind: 'vote', bytes: (await vote(author.member)).bytes })
    await total(others, 1)
    for (const { received } of others) expect(received[0]?.from).to.equal(author.member.id.toString())
  })

  it('passes on to peers that are connected to one only', async () => {
    await create(SHORT_HEARTBEAT_MS)
    const [hub, author, ...others] = peers as [Peer, Peer, ...Peer[]]
    for (const peer of [author, ...others]) await connect([hub, peer])
    await meshed(hub, 3)
    await author.talk.publish({ kind: 'vote', bytes: (await vote(author.member)).bytes })
    await total(others, 1)
    for (const { received } of others) expect(received[0]?.from).to.equal(hub.member.id.toString())
  })

  it('passes on to peers that lost a connection', async () => {
    await create(SHORT_HEARTBEAT_MS)
    await connect(peers)
    for (const peer of peers) await meshed(peer, 0)
    const [author, other, ...between] = peers as [Peer, Peer, ...Peer[]]
    await author.node.hangUp(other.member.id)
    for (const peer of between) await meshed(peer, 2)
    await author.talk.publish({ kind: 'vote', bytes: (await vote(author.member)).bytes })
    await other.got(1)
    expect(other.received[0]?.from).to.be.oneOf(between.map(({ member }) => member.id.toString()))
  })

  it('reaches a member that connected later', async () => {
    await create(NO_HEARTBEAT_MS)
    const late = peers[3] as Peer
    await connect(peers.slice(0, 3))
    await connect(peers)
    await late.talk.publish({ kind: 'vote', bytes: (await vote(late.member)).bytes })
    await total(peers.slice(0, 3), 1)
  })
})

/** Until a peer has this many others that it passes records on to, and gets them from. */
async function meshed({ node }: Peer, count: number): Promise<void> {
  const { pubsub } = node.services as unknown as {
    pubsub: GossipSub & { getMeshPeers(topic: string): string[] }
  }
  do await pEvent(pubsub, 'gossipsub:heartbeat')
  while (pubsub.getMeshPeers(topic).length !== count)
}

/** The class has the method, the interface hides it. */
function scoreOf(of: Peer, { member }: Peer): number {
  const { pubsub } = of.node.services as unknown as { pubsub: { getScore(id: string): number } }
  return pubsub.getScore(member.id.toString())
}

/** As near to the cap as updates of 8 KiB allow. */
async function largestProposal({ key, id }: Member): Promise<Awaited<ReturnType<typeof seal<Proposal>>>> {
  const roster = [{ peer: id.toString(), missed: 0 }]
  const body = {
    federation,
    height: 1,
    round: 1,
    previous: federation,
    time: 1,
    model: federation,
    optimizerState: null,
    contributions: [],
    evaluation: {},
    epsilon: null,
    roster,
    admissions: [],
    revocations: []
  }
  const updates = Array.from({ length: 255 }, (_, i) => new Uint8Array(8192).fill(i))
  const value: Proposal = { federation, height: 1, view: 0, body, validView: -1, updates }
  return await seal(proposalType, value, key)
}
