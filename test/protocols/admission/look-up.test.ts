import { expect } from 'chai'
import { lookUp } from '../../../protocols/admission/index.ts'
import { RefusedError } from '../../../protocols/common/errors.ts'
import { NotAllowedError, TamperedError, WrongFederationError } from '../../../src/federation/errors.ts'
import { HOUR_MS, invite, join, NOW, person, world } from '../../federation/world.ts'
import { failure } from '../../helpers/failure.ts'
import { addressOf, dial, memberOf, Net, View } from './net.ts'
import type { LookUpResult } from '../../../protocols/admission/index.ts'
import type { TestNode } from './net.ts'
import type { Person, World } from '../../federation/world.ts'

describe('looking up a manifest with an invite', () => {
  const net = new Net()
  let w: World
  let founder: TestNode
  let guest: Person

  beforeEach(async () => {
    w = await world()
    founder = await net.node(new View(w, w.founder))
    guest = await memberOf(w, 2)
  })

  afterEach(() => net.stop())

  const look = async (at: Person, federation = w.manifest.cid): Promise<LookUpResult> => {
    const libp2p = await net.start(guest, {})
    const connection = await dial({ libp2p: libp2p as TestNode['libp2p'] }, at)
    return await lookUp({
      connection,
      federation,
      certificate: guest.certificate ?? new Uint8Array(),
      signal: AbortSignal.timeout(10_000)
    })
  }

  it('shows it, with the members to be dialled, and admits nobody', async () => {
    const { manifest, peers, head } = await look(w.founder)
    expect(manifest.value).to.deep.equal(w.manifest.value)
    expect(manifest.cid.toString()).to.equal(w.manifest.cid.toString())
    expect(peers).to.deep.equal([{ peerId: w.founder.id, addresses: [addressOf(w.founder)] }])
    expect(head).to.deep.equal({ height: 0, cid: w.manifest.cid })
    expect(founder.admission.members()).to.deep.equal([])
  })

  it('says why the invite is not accepted', async () => {
    founder.view.now = NOW + 2 * HOUR_MS
    const error = await failure(look(w.founder), RefusedError)
    expect(error.code).to.equal('expired')
    expect(error.message).to.include('ask for a new one')
  })

  it('shows a stranger nothing', async () => {
    const stranger = await person(8)
    guest.certificate = await join(guest, await invite(w, stranger))
    expect((await failure(look(w.founder), RefusedError)).code).to.equal('not-allowed')
  })

  it("does not take another manifest for the invite's", async () => {
    const elsewhere = await world({}, { nonce: 6 })
    founder.view.manifest = () => elsewhere.manifest.bytes
    await failure(look(w.founder), WrongFederationError)
  })

  it('is answered by the federation asked for only', async () => {
    const elsewhere = await world({}, { nonce: 6 })
    expect((await failure(look(w.founder, elsewhere.manifest.cid), RefusedError)).code).to.equal(
      'wrong-federation'
    )
  })

  it('does not believe one that is no member', async () => {
    const impostor = await person(7)
    await join(impostor, await invite(w, await person(8)))
    await net.node(new View(w, impostor))
    await failure(look(impostor), NotAllowedError)
  })

  it("does not believe one that shows another's certificate", async () => {
    const thief = await person(6)
    await net.node(new View(w, { ...thief, certificate: w.founder.certificate }))
    await failure(look(thief), TamperedError)
  })
})
