import { encode as lengthPrefixed } from 'it-length-prefixed'
import { expect } from 'chai'
import {
  ADMISSION_PROTOCOL,
  AdmissionTimeoutError,
  ADMISSION_TIMEOUT_MS
} from '../../../protocols/admission/index.ts'
import { certificateType } from '../../../src/federation/certificate.ts'
import { seal } from '../../../src/federation/signed.ts'
import { invite, join, NOW, HOUR_MS, person, world } from '../../federation/world.ts'
import { addressOf, dial, disconnected, memberOf, Net, next, View } from './net.ts'
import type { TestNode } from './net.ts'
import type { Person, World } from '../../federation/world.ts'

describe('admission', () => {
  const net = new Net()
  let w: World
  let founder: TestNode

  beforeEach(async () => {
    w = await world({ invites: 'members' })
    founder = await net.node(new View(w, w.founder))
  })

  afterEach(() => net.stop())

  it('makes two members known to each other on connecting', async () => {
    const who = await memberOf(w, 2)
    const member = await net.node(new View(w, who))
    const events = Promise.all([next(founder, 'member'), next(member, 'member')])
    await dial(member, w.founder)
    const [atFounder, atMember] = await events
    expect(atFounder.peerId.toString()).to.equal(who.id)
    expect(atFounder.certificate).to.deep.equal(who.certificate)
    expect(atFounder.addresses).to.deep.equal([addressOf(who)])
    expect(atMember.peerId.toString()).to.equal(w.founder.id)
    expect(atMember.head).to.deep.equal({ height: 0, cid: w.manifest.cid })
    expect([founder.admission.isAdmitted(who.id), member.admission.isAdmitted(w.founder.id)]).to.deep.equal([
      true,
      true
    ])
  })

  it('tells a newcomer of the other members, not of itself', async () => {
    const [first, second] = [await memberOf(w, 2), await memberOf(w, 3)]
    const node = await net.node(new View(w, first))
    const known = next(founder, 'member')
    await dial(node, w.founder)
    await known
    const newcomer = await net.node(new View(w, second))
    const admitted = next(newcomer, 'member')
    await dial(newcomer, w.founder)
    expect((await admitted).peers).to.deep.equal([{ peerId: first.id, addresses: [addressOf(first)] }])
  })

  it('lasts as long as one of several connections', async () => {
    const who = await memberOf(w, 2)
    const member = await net.node(new View(w, who))
    const admitted = Promise.all([next(founder, 'member'), next(member, 'member')])
    const first = await dial(member, w.founder)
    await admitted
    const second = await dial(member, w.founder, true)
    expect(first).not.to.equal(second)
    await first.close()
    expect(member.admission.isAdmitted(w.founder.id)).to.equal(true)
    const gone = Promise.all([next(founder, 'member:gone'), next(member, 'member:gone')])
    await second.close()
    expect((await gone).map(({ peerId }) => peerId.toString())).to.deep.equal([who.id, w.founder.id])
    expect(founder.admission.members()).to.deep.equal([])
  })

  it('happens again after a reconnection', async () => {
    const who = await memberOf(w, 2)
    const member = await net.node(new View(w, who))
    for (let i = 0; i < 3; i++) {
      const admitted = Promise.all([next(founder, 'member'), next(member, 'member')])
      const connection = await dial(member, w.founder)
      await admitted
      const gone = Promise.all([next(founder, 'member:gone'), next(member, 'member:gone')])
      await connection.close()
      await gone
    }
  })

  it('works when both dial at once', async () => {
    const who = await memberOf(w, 2)
    const member = await net.node(new View(w, who))
    const events = Promise.all([next(founder, 'member'), next(member, 'member')])
    await Promise.all([dial(member, w.founder), dial(founder, who)])
    await events
  })

  describe('is refused, with a reason on both sides, to one', () => {
    const refusedTo = async (who: Person, code: string, message: string): Promise<void> => {
      const node = await net.node(new View(w, who))
      const events = Promise.all([next(founder, 'refused'), next(node, 'refused')])
      await dial(node, w.founder)
      const [here, there] = await events
      expect(here).to.deep.include({ code, local: true })
      expect(there).to.deep.include({ code, local: false, message: here.message })
      expect(here.message).to.include(message)
      await Promise.all([disconnected(node.libp2p, w.founder), disconnected(founder.libp2p, who)])
      expect(founder.admission.isAdmitted(who.id)).to.equal(false)
      expect(node.admission.isAdmitted(w.founder.id)).to.equal(false)
      expect(node.admission.refusal(w.founder.id)).to.deep.include({ code, local: false })
      expect(node.admission.backoffMs(w.founder.id)).to.equal(1000)
    }

    it('whose invite expired', async () => {
      founder.view.now = NOW + 2 * HOUR_MS
      await refusedTo(await memberOf(w, 2), 'expired', 'ask for a new one')
    })

    it('whose invite is used up', async () => {
      const single = await invite(w, w.founder)
      await founder.view.admit(await join(await person(2), single))
      const late = await person(3)
      await join(late, single)
      await refusedTo(late, 'used-up', 'ask for a new one')
    })

    it('who was revoked', async () => {
      const who = await memberOf(w, 2)
      await founder.view.revoke({ member: who.id })
      await refusedTo(who, 'revoked', 'lost laptop')
    })

    it("who shows another's certificate", async () => {
      const [honest, thief] = [await memberOf(w, 2), await person(3)]
      await refusedTo({ ...thief, certificate: honest.certificate }, 'tampered', honest.id)
    })

    it('whose certificate is damaged', async () => {
      const who = await memberOf(w, 2)
      const certificate = who.certificate?.slice() ?? new Uint8Array()
      certificate[certificate.length - 5] ^= 1
      await refusedTo({ ...who, certificate }, 'tampered', 'damaged')
    })

    it('whose issuer is no member', async () => {
      const [host, guest] = [await person(2), await person(3)]
      await join(guest, await invite(w, host))
      await refusedTo(guest, 'not-allowed', 'ask a member')
    })

    it('whose certificate is for another federation', async () => {
      const elsewhere = await world({}, { nonce: 7 })
      const who = await memberOf(elsewhere, 2)
      await refusedTo(who, 'wrong-federation', elsewhere.manifest.cid.toString())
    })
  })

  it('is refused to one of another federation before its certificate is looked at', async () => {
    const elsewhere = await world({}, { nonce: 7 })
    const node = await net.node(new View(elsewhere, await memberOf(elsewhere, 2)))
    const refused = next(node, 'refused')
    await dial(node, w.founder)
    expect(await refused).to.deep.include({ code: 'wrong-federation', local: false })
  })

  it('is refused by the dialler when the listener proves nothing', async () => {
    const [who, impostor] = [await memberOf(w, 2), await person(4)]
    await join(impostor, await invite(w, await person(5)))
    const [node, listener] = [await net.node(new View(w, who)), await net.node(new View(w, impostor))]
    const events = Promise.all([next(node, 'refused'), next(listener, 'refused')])
    await dial(node, impostor)
    const [here, there] = await events
    expect(here).to.deep.include({ code: 'not-allowed', local: true })
    expect(there).to.deep.include({ code: 'not-allowed', local: false })
    expect(listener.admission.isAdmitted(who.id)).to.equal(false)
  })

  it('backs off longer with each refusal, and forgets them once admitted', async () => {
    const who = await memberOf(w, 2)
    const member = await net.node(new View(w, who))
    founder.view.now = NOW + 2 * HOUR_MS
    for (const backoffMs of [1000, 2000, 4000]) {
      const refused = next(member, 'refused')
      await dial(member, w.founder)
      await refused
      await disconnected(member.libp2p, w.founder)
      expect(member.admission.backoffMs(w.founder.id)).to.equal(backoffMs)
    }
    member.clock.advance(4000)
    expect(member.admission.backoffMs(w.founder.id)).to.equal(0)
    founder.view.now = NOW
    const admitted = next(member, 'member')
    await dial(member, w.founder)
    await admitted
    expect(member.admission.refusal(w.founder.id)).to.equal(undefined)
  })

  it('closes a connection on which nothing is said', async () => {
    const stranger = await person(9)
    const node = await net.start(stranger, {})
    await dial({ libp2p: node as TestNode['libp2p'] }, w.founder)
    founder.clock.advance(ADMISSION_TIMEOUT_MS - 1)
    expect(founder.libp2p.getConnections()).to.have.length(1)
    founder.clock.advance(1)
    await disconnected(node, w.founder)
    expect(founder.libp2p.getConnections()).to.have.length(0)
    expect(new AdmissionTimeoutError(stranger.id, 10_000).message).to.include('10 s')
  })

  it('closes a connection on which hello takes too long', async () => {
    const node = await net.start(await person(9), {})
    const connection = await dial({ libp2p: node as TestNode['libp2p'] }, w.founder)
    const stream = await connection.newStream(ADMISSION_PROTOCOL)
    stream.send(Uint8Array.of(100, 1, 2))
    const before = founder.clock.pending
    founder.clock.advance(ADMISSION_TIMEOUT_MS)
    await disconnected(node, w.founder)
    expect(before).to.be.greaterThan(0)
  })

  it('closes a connection on which hello is nonsense, and one that is too large', async () => {
    const node = await net.start(await person(9), {})
    const garbage = lengthPrefixed.single(new Uint8Array(50).fill(0xff)).subarray()
    for (const bytes of [garbage, Uint8Array.of(0xff, 0xff, 0xff, 0x7f)]) {
      const connection = await dial({ libp2p: node as TestNode['libp2p'] }, w.founder)
      const stream = await connection.newStream(ADMISSION_PROTOCOL)
      stream.send(bytes)
      await disconnected(node, w.founder)
    }
    expect(founder.admission.members()).to.deep.equal([])
  })

  it('leaves connections to tolerated peers alone, without admitting them', async () => {
    const relay = await person(9)
    const node = await net.start(relay, {})
    const who = await memberOf(w, 2)
    const member = await net.node(new View(w, who), { tolerated: [relay.id] })
    await dial(member, relay)
    member.clock.advance(ADMISSION_TIMEOUT_MS)
    expect(member.libp2p.getConnections()).to.have.length(1)
    expect(member.admission.isAdmitted(relay.id)).to.equal(false)
    await node.stop()
  })

  it('parts with a connected member that was revoked, and tells it', async () => {
    const [who, stays] = [await memberOf(w, 2), await memberOf(w, 3)]
    const [member, other] = [await net.node(new View(w, who)), await net.node(new View(w, stays))]
    for (const node of [member, other]) {
      const admitted = Promise.all([next(node, 'member'), next(founder, 'member')])
      await dial(node, w.founder)
      await admitted
    }
    await founder.view.revoke({ member: who.id })
    const events = Promise.all([
      next(member, 'refused'),
      next(founder, 'member:gone'),
      next(member, 'member:gone')
    ])
    await founder.admission.recheck()
    const [refused] = await events
    expect(refused).to.deep.include({ code: 'revoked', local: false })
    expect(refused.message).to.include('lost laptop')
    await disconnected(founder.libp2p, who)
    expect(founder.admission.isAdmitted(stays.id)).to.equal(true)
  })

  it('lets the gater cut off whom it refused: dialling at once, revoked peers once told', async () => {
    const who = await memberOf(w, 2)
    const host = await memberOf(w, 3)
    const gated = await net.node(new View(w, host), { gated: true })
    const member = await net.node(new View(w, who), { gated: true })
    await gated.view.revoke({ member: who.id })
    const refused = next(member, 'refused')
    await dial(member, host)
    expect(await refused).to.deep.include({ code: 'revoked', local: false })
    await Promise.all([disconnected(gated.libp2p, who), disconnected(member.libp2p, host)])
    await expectDenied(dial(member, host))
    await expectDenied(dial(gated, who))
  })

  it('is over when the service stops, with no timer left', async () => {
    const who = await memberOf(w, 2)
    const member = await net.node(new View(w, who))
    const admitted = Promise.all([next(member, 'member'), next(founder, 'member')])
    await dial(member, w.founder)
    await admitted
    await founder.libp2p.stop()
    expect(founder.admission.members()).to.deep.equal([])
    expect(founder.clock.pending).to.equal(0)
    expect(await founder.admission.settled(who.id)).to.equal(false)
  })

  it('starts twice and stops twice without harm, and picks up connections that are open', async () => {
    const who = await memberOf(w, 2)
    const member = await net.node(new View(w, who))
    const service = member.admission
    await service.start()
    const admitted = next(member, 'member')
    await dial(member, w.founder)
    await admitted
    await service.stop()
    await service.stop()
    expect(service.isAdmitted(w.founder.id)).to.equal(false)
    const again = next(member, 'member')
    await service.start()
    await again
  })

  it('counts for the peer that showed the certificate, whoever else is named in it', async () => {
    const made = await invite(w, w.founder)
    const [who, other] = [await person(2), await person(3)]
    const value = { federation: w.manifest.cid, member: other.id, capability: made.capability.bytes }
    who.certificate = (await seal(certificateType, value, made.key)).bytes
    const node = await net.node(new View(w, who))
    const refused = next(node, 'refused')
    await dial(node, w.founder)
    expect((await refused).code).to.equal('tampered')
  })
})

async function expectDenied(dialling: Promise<unknown>): Promise<void> {
  const outcome = await dialling.catch((error: unknown) => error)
  expect(outcome).to.be.instanceOf(Error)
}
