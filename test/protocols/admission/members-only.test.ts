import { gossipsub, StrictNoSign } from '@libp2p/gossipsub'
import { identify } from '@libp2p/identify'
import { expect } from 'chai'
import { z } from 'zod'
import { ADMISSION_PROTOCOL, membersOnly } from '../../../protocols/admission/index.ts'
import { RefusedError } from '../../../protocols/common/errors.ts'
import { frames } from '../../../protocols/common/frames.ts'
import { HOUR_MS, person, world } from '../../federation/world.ts'
import { failure } from '../../helpers/failure.ts'
import { dial, disconnected, memberOf, Net, next, View } from './net.ts'
import type { TestNode } from './net.ts'
import type { AdmissionGate, MembersOnlyOptions } from '../../../protocols/admission/index.ts'
import type { ConnectionsLike, RegistrarLike } from '../../../protocols/common/components.ts'
import type { Person, World } from '../../federation/world.ts'
import type { GossipSub, GossipSubComponents } from '@libp2p/gossipsub'
import type { Libp2p, PeerId, ServiceMap, Startable } from '@libp2p/interface'
import type { ServiceFactoryMap } from 'libp2p'

const ECHO = '/test/echo/1.0.0'
const TOPIC = 'rounds'
const echoType = { name: 'echo', schema: z.strictObject({ text: z.string() }), maxBytes: 1024 }

interface Components {
  registrar: RegistrarLike
  connectionManager: ConnectionsLike
  admission: AdmissionGate
}

interface Echo extends Startable {
  topology: { connected: string[]; disconnected: string[] }
  unregister(): void
}

interface Services extends ServiceMap {
  echo: Echo
  pubsub: GossipSub
}

type Node = TestNode<Services>

/** A protocol that knows nothing of admission. */
function echo({ registrar }: Pick<Components, 'registrar'>): Echo {
  const topology = { connected: [] as string[], disconnected: [] as string[] }
  let id = ''
  return {
    topology,
    unregister: () => registrar.unregister(id),
    async start() {
      await registrar.handle(ECHO, async (stream) => {
        const wire = frames(stream, 1024)
        await wire.write(await wire.read(echoType))
        await stream.close()
      })
      id = await registrar.register(ECHO, {
        onConnect: (peer: PeerId) => void topology.connected.push(peer.toString()),
        onDisconnect: (peer: PeerId) => void topology.disconnected.push(peer.toString())
      })
    },
    stop: () => registrar.unhandle(ECHO)
  }
}

function services(options?: MembersOnlyOptions): ServiceFactoryMap<Services> {
  const gossip = gossipsub({
    globalSignaturePolicy: StrictNoSign,
    fallbackToFloodsub: false,
    allowPublishToZeroTopicPeers: true
  })
  const factories = {
    echo: (components: Components) => echo(membersOnly(components, components.admission, options)),
    pubsub: (components: Components & GossipSubComponents) =>
      gossip(membersOnly(components, components.admission, { refuse: 'abort' }))
  }
  return factories as unknown as ServiceFactoryMap<Services>
}

async function ask(from: Libp2p, to: Person): Promise<string> {
  const connection = from.getConnections().find(({ remotePeer }) => remotePeer.toString() === to.id)
  if (connection == null) throw new Error(`No connection to ${to.id}`)
  const wire = frames(await connection.newStream(ECHO), 1024)
  await wire.write({ text: 'hello' })
  return (await wire.read(echoType)).text
}

/** Resolves with the next message on the topic. */
function message(node: { services: { pubsub: GossipSub } }): Promise<string> {
  return new Promise((resolve) => {
    node.services.pubsub.addEventListener(
      'message',
      ({ detail }) => resolve(new TextDecoder().decode(detail.data)),
      { once: true }
    )
  })
}

/** Resolves when `node` knows that `peer` is subscribed to the topic. */
async function subscribed({ libp2p }: Node, peer: Person): Promise<void> {
  const { pubsub } = libp2p.services
  await new Promise<void>((resolve) => {
    const check = (): void => {
      if (pubsub.getSubscribers(TOPIC).some((id) => id.toString() === peer.id)) resolve()
    }
    pubsub.addEventListener('subscription-change', check)
    check()
  })
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

describe('a protocol for members only', () => {
  const net = new Net()
  let w: World
  let founder: Node

  const start = async (who: Person, options?: MembersOnlyOptions): Promise<Node> =>
    await net.node(new View(w, who), { services: services(options) })

  const connect = async (node: Node): Promise<void> => {
    const admitted = Promise.all([next(node, 'member'), next(founder, 'member')])
    await dial(node, w.founder)
    await admitted
  }

  beforeEach(async () => {
    w = await world()
    founder = await start(w.founder)
  })

  afterEach(() => net.stop())

  it('serves an admitted member, both ways', async () => {
    const who = await memberOf(w, 2)
    const member = await start(who)
    await connect(member)
    expect(await ask(member.libp2p, w.founder)).to.equal('hello')
    expect(await ask(founder.libp2p, who)).to.equal('hello')
  })

  it('tells a stranger that knows the address why not', async () => {
    const stranger = await net.start(await person(9), {})
    await dial({ libp2p: stranger as TestNode['libp2p'] }, w.founder)
    const error = await failure(ask(stranger, w.founder), RefusedError)
    expect(error.code).to.equal('not-a-member')
    expect(error.message).to.include('invite')
  })

  it("resets a stranger's stream where frames are not understood", async () => {
    const host = await memberOf(w, 3)
    await start(host, { refuse: 'abort' })
    const stranger = await net.start(await person(9), {})
    await dial({ libp2p: stranger as TestNode['libp2p'] }, host)
    expect((await failure(ask(stranger, host), Error)).name).to.be.oneOf([
      'StreamResetError',
      'StreamStateError'
    ])
  })

  it('lets streams wait while the admission is under way', async () => {
    const who = await memberOf(w, 2)
    const member = await start(who)
    const { verify } = founder.view
    const released = Promise.withResolvers<void>()
    const verifying = Promise.withResolvers<void>()
    founder.view.verify = async (certificate) => {
      verifying.resolve()
      await released.promise
      return await verify.call(founder.view, certificate)
    }
    await dial(member, w.founder)
    await verifying.promise
    const answer = ask(member.libp2p, w.founder)
    released.resolve()
    expect(await answer).to.equal('hello')
  })

  it('turns waiting streams away when the admission fails', async () => {
    const node = await start(await memberOf(w, 9))
    founder.view.now += 2 * HOUR_MS
    const released = Promise.withResolvers<void>()
    const verifying = Promise.withResolvers<void>()
    const { verify } = founder.view
    founder.view.verify = async (certificate) => {
      verifying.resolve()
      await released.promise
      return await verify.call(founder.view, certificate)
    }
    await dial(node, w.founder)
    await verifying.promise
    const answer = failure(ask(node.libp2p, w.founder), Error)
    released.resolve()
    await answer
    await disconnected(node.libp2p, w.founder)
  })

  it('hears of a peer once it is admitted, and of its end only then', async () => {
    const [who, stranger] = [await memberOf(w, 2), await person(9)]
    const { topology } = founder.libp2p.services.echo
    const outside = await net.start(stranger, { echo: (components: Components) => echo(components) } as never)
    await dial({ libp2p: outside as TestNode['libp2p'] }, w.founder)
    const member = await start(who)
    await connect(member)
    await identified(founder.libp2p, who)
    expect(topology.connected).to.deep.equal([who.id])
    await outside.stop()
    await member.libp2p.stop()
    await disconnected(founder.libp2p, who)
    await eventually(() => topology.disconnected.length > 0)
    expect(topology.disconnected).to.deep.equal([who.id])
  })

  it('hears of nobody after it unregistered', async () => {
    const { topology, unregister } = founder.libp2p.services.echo
    unregister()
    const who = await memberOf(w, 2)
    await connect(await start(who))
    await identified(founder.libp2p, who)
    expect(topology.connected).to.deep.equal([])
  })

  describe('gossipsub', () => {
    it('carries messages between members, but none to or from a stranger who knows the address', async () => {
      const who = await memberOf(w, 2)
      const member = await start(who)
      const bare = gossipsub({
        globalSignaturePolicy: StrictNoSign,
        fallbackToFloodsub: false,
        allowPublishToZeroTopicPeers: true
      })
      const outside = await net.start(await person(9), {
        identify: identify(),
        pubsub: bare
      })
      const received: string[] = []
      for (const node of [founder.libp2p, member.libp2p, outside]) node.services.pubsub.subscribe(TOPIC)
      outside.services.pubsub.addEventListener('message', () => received.push('stranger'))
      founder.libp2p.services.pubsub.addEventListener('message', ({ detail }) =>
        received.push(new TextDecoder().decode(detail.data))
      )
      await dial({ libp2p: outside as unknown as TestNode['libp2p'] }, w.founder)
      await connect(member)
      await Promise.all([subscribed(founder, who), subscribed(member, w.founder)])
      await outside.services.pubsub.publish(TOPIC, bytes('from outside'))
      const heard = message(member.libp2p)
      await founder.libp2p.services.pubsub.publish(TOPIC, bytes('one'))
      expect(await heard).to.equal('one')
      const back = message(founder.libp2p)
      await member.libp2p.services.pubsub.publish(TOPIC, bytes('two'))
      expect(await back).to.equal('two')
      expect(received).to.deep.equal(['two'])
      expect(founder.libp2p.services.pubsub.getSubscribers(TOPIC).map(String)).to.deep.equal([who.id])
      expect(outside.services.pubsub.getSubscribers(TOPIC)).to.deep.equal([])
    })

    it('reaches a member whose gossip stream came before its admission', async () => {
      const who = await memberOf(w, 2)
      const member = await start(who)
      const released = Promise.withResolvers<void>()
      const { verify } = founder.view
      founder.view.verify = async (certificate) => {
        await released.promise
        return await verify.call(founder.view, certificate)
      }
      for (const node of [founder, member]) node.libp2p.services.pubsub.subscribe(TOPIC)
      const found = Promise.all([identified(founder.libp2p, who), identified(member.libp2p, w.founder)])
      const admitted = Promise.all([next(member, 'member'), next(founder, 'member')])
      await dial(member, w.founder)
      await found
      const connection = member.libp2p.getConnections()[0]
      const early = await connection.newStream('/meshsub/1.2.0')
      expect(founder.libp2p.services.pubsub.getPeers()).to.deep.equal([])
      released.resolve()
      await admitted
      await early.close()
      await Promise.all([subscribed(founder, who), subscribed(member, w.founder)])
      const heard = message(member.libp2p)
      await founder.libp2p.services.pubsub.publish(TOPIC, bytes('hello'))
      expect(await heard).to.equal('hello')
    })

    it('stops for a member that is revoked', async () => {
      const who = await memberOf(w, 2)
      const member = await start(who)
      for (const node of [founder, member]) node.libp2p.services.pubsub.subscribe(TOPIC)
      await connect(member)
      await subscribed(founder, who)
      await founder.view.revoke({ member: who.id })
      await founder.admission.recheck()
      await disconnected(founder.libp2p, who)
      await eventually(() => founder.libp2p.services.pubsub.getSubscribers(TOPIC).length === 0)
    })
  })

  it('does not keep a stranger from admission itself', () => {
    expect(founder.libp2p.getProtocols()).to.include(ADMISSION_PROTOCOL)
  })
})

/** Resolves when identify told `node` what the peer speaks. */
async function identified(node: Libp2p, peer: Person): Promise<void> {
  const known = await node.peerStore.all({
    filters: [({ id, protocols }) => id.toString() === peer.id && protocols.includes(ECHO)]
  })
  if (known.length > 0) return
  await new Promise<void>((resolve) => {
    node.addEventListener('peer:identify', ({ detail }) => {
      if (detail.peerId.toString() === peer.id) resolve()
    })
  })
}

/** Checks after each turn of the event loop; the test's own time-out bounds it. */
async function eventually(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve))
}
