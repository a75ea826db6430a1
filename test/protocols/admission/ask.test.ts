import { expect } from 'chai'
import { encode as lengthPrefixed } from 'it-length-prefixed'
import {
  ADMISSION_PROTOCOL,
  ADMISSION_TIMEOUT_MS,
  NotAdmittedError
} from '../../../protocols/admission/index.ts'
import { REPEATS_AT_ONCE, REPEATS_PER_SECOND } from '../../../protocols/admission/constants.ts'
import { RefusedError } from '../../../protocols/common/errors.ts'
import { world } from '../../federation/world.ts'
import { failure } from '../../helpers/failure.ts'
import { addressOf, dial, disconnected, memberOf, Net, next, View } from './net.ts'
import type { TestNode } from './net.ts'
import type { Person, World } from '../../federation/world.ts'

describe('a hello that is said again', () => {
  const net = new Net()
  let w: World
  let founder: TestNode
  let who: Person
  let member: TestNode

  /** A node that dialled the founder, both admitted. */
  const connected = async (person: Person): Promise<TestNode> => {
    const node = await net.node(new View(w, person))
    const admitted = Promise.all([next(node, 'member'), next(founder, 'member')])
    await dial(node, w.founder)
    await admitted
    return node
  }

  beforeEach(async () => {
    w = await world({ invites: 'members' })
    founder = await net.node(new View(w, w.founder))
    who = await memberOf(w, 2)
    member = await connected(who)
  })

  afterEach(() => net.stop())

  it('tells of members that came after the first one, to either side', async () => {
    expect(await member.admission.ask(w.founder.id)).to.deep.equal([])
    const late = await memberOf(w, 3)
    await connected(late)
    expect(await member.admission.ask(w.founder.id)).to.deep.equal([
      { peerId: late.id, addresses: [addressOf(late)] }
    ])
    expect(await founder.admission.ask(who.id)).to.deep.equal([])
  })

  it('tells both where the other is now and how far its ledger is, and admits nobody twice', async () => {
    let admissions = 0
    for (const { admission } of [founder, member]) admission.addEventListener('member', () => admissions++)
    const [here, there] = ['/ip4/192.0.2.1/tcp/1', '/ip4/192.0.2.2/tcp/2']
    founder.view.addresses = () => [here]
    member.view.addresses = () => [there]
    await founder.view.admit()
    await member.view.admit()
    await member.view.admit()
    await member.admission.ask(w.founder.id)
    // The side that asked knows first: the other one once it has read the end of the exchange.
    await founder.admission.ask(who.id)
    expect(founder.admission.members()[0]).to.deep.include({ addresses: [there], head: member.view.head() })
    expect(member.admission.members()[0]).to.deep.include({ addresses: [here], head: founder.view.head() })
    expect(admissions).to.equal(0)
  })

  it('is answered so often and no oftener, and costs nobody its connection', async () => {
    for (let i = 0; i < REPEATS_AT_ONCE; i++) await member.admission.ask(w.founder.id)
    const { code } = await failure(member.admission.ask(w.founder.id), RefusedError)
    expect(code).to.equal('too-often')
    expect(member.admission.isAdmitted(w.founder.id)).to.equal(true)
    expect(member.admission.backoffMs(w.founder.id)).to.equal(0)
    founder.clock.advance(1000 / REPEATS_PER_SECOND)
    expect(await member.admission.ask(w.founder.id)).to.deep.equal([])
    expect(founder.admission.isAdmitted(who.id)).to.equal(true)
  })

  it('is no way round a refusal: who was revoked meanwhile is parted with', async () => {
    await founder.view.revoke({ member: who.id })
    const events = Promise.all([next(founder, 'refused'), next(member, 'refused')])
    await failure(member.admission.ask(w.founder.id), RefusedError)
    const [here, there] = await events
    expect(here).to.deep.include({ code: 'revoked', local: true })
    expect(there).to.deep.include({ code: 'revoked', local: false })
    await Promise.all([disconnected(member.libp2p, w.founder), disconnected(founder.libp2p, who)])
  })

  it('that nobody can read, or that is never said, ends its stream and not the connection', async () => {
    const [connection] = member.libp2p.getConnections()
    for (const bytes of [
      lengthPrefixed.single(new Uint8Array(50).fill(0xff)).subarray(),
      Uint8Array.of(100, 1)
    ]) {
      const stream = await connection.newStream(ADMISSION_PROTOCOL)
      const reset = new Promise((resolve) => stream.addEventListener('close', resolve))
      stream.send(bytes)
      // The founder's handler has to have begun before its time is over.
      await member.admission.ask(w.founder.id)
      founder.clock.advance(ADMISSION_TIMEOUT_MS)
      await reset
    }
    expect(founder.admission.isAdmitted(who.id)).to.equal(true)
    expect(connection.status).to.equal('open')
  })

  it('needs a connection on which both were admitted', async () => {
    await failure(member.admission.ask((await memberOf(w, 3)).id), NotAdmittedError)
    await founder.libp2p.stop()
    await disconnected(member.libp2p, w.founder)
    await failure(member.admission.ask(w.founder.id), NotAdmittedError)
  })
})
