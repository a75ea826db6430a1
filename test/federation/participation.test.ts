import { expect } from 'chai'
import { NotAllowedError, TamperedError, WrongFederationError } from '../../src/federation/errors.ts'
import { applyCommit } from '../../src/federation/change.ts'
import { genesisMembership } from '../../src/federation/membership.ts'
import { participationType } from '../../src/federation/participation.ts'
import { joinType } from '../../src/federation/records.ts'
import { selectParticipation } from '../../src/federation/selection.ts'
import { seal } from '../../src/federation/signed.ts'
import { LedgerMembership } from '../../peers/node/peer/membership.ts'
import { makeBody, nextHeight } from '../../src/rounds/index.ts'
import { failure } from '../helpers/failure.ts'
import { someInput, someTip } from '../rounds/ledger.ts'
import { invite, join, NOW, person, world } from './world.ts'
import type { Join } from '../../src/federation/records.ts'
import type { MembershipState } from '../../src/federation/membership.ts'
import type { Signed } from '../../src/federation/signed.ts'
import type { Person, World } from './world.ts'
import type { Logger } from '@libp2p/interface'

/** What `who` says of itself at a height; `signer` if another one says it. */
async function says(
  w: World,
  who: Person,
  height: number,
  { trains = false, signer = who } = {}
): Promise<Uint8Array> {
  const said = { federation: w.manifest.cid, member: who.id, trains, height }
  return (await seal(participationType, said, signer.key)).bytes
}

function commit(
  state: MembershipState,
  { admissions = [], participation }: { admissions?: Uint8Array[]; participation?: Uint8Array[] }
): Promise<MembershipState> {
  const height = state.height + 1
  return applyCommit(state, { height, time: NOW, admissions, revocations: [], participation })
}

describe("a member's word on whether it trains", () => {
  it('takes effect for a member, also with the commit that admits it, and for nobody else', async () => {
    const w = await world()
    const state = genesisMembership(w.manifest)
    const who = await person(2)
    const certificate = await join(who, await invite(w, w.founder))
    const said = await says(w, who, 1)
    await failure(commit(state, { participation: [said] }), NotAllowedError)
    const next = await commit(state, { admissions: [certificate], participation: [said] })
    expect(next.declared.get(who.id)).to.equal(1)
  })

  it('cannot be used a second time, nor be dated ahead, nor given by somebody else, nor in another federation', async () => {
    const w = await world()
    const { founder } = w
    const state = genesisMembership(w.manifest)
    const first = await says(w, founder, 1)
    const second = await commit(await commit(state, { participation: [first] }), {
      participation: [await says(w, founder, 2, { trains: true })]
    })
    const used = (participation: Uint8Array): Promise<MembershipState> =>
      commit(second, { participation: [participation] })
    await failure(used(first), NotAllowedError)
    await failure(used(await says(w, founder, 4)), NotAllowedError)
    await failure(used(await says(w, founder, 3, { signer: await person(3) })), TamperedError)
    await failure(used(new Uint8Array(5)), TamperedError)
    const elsewhere = await world({}, { nonce: 2 })
    await failure(used(await says(elsewhere, founder, 3)), WrongFederationError)
    expect(
      (await commit(second, { participation: [await says(w, founder, 3)] })).declared.get(founder.id)
    ).to.equal(3)
  })

  it('is chosen for a commit only if it may be, one of each member', async () => {
    const w = await world()
    const state = genesisMembership(w.manifest)
    const good = await says(w, w.founder, 1)
    const candidates = [good, good, await says(w, w.founder, 2), await says(w, await person(2), 1)]
    const selected = await selectParticipation(state, candidates, 1)
    expect(selected.map(({ bytes }) => bytes)).to.deep.equal([good])
  })
})

describe('membership over a ledger', () => {
  async function setUp(): Promise<{
    w: World
    membership: LedgerMembership
    wish: (height: number) => Promise<Signed<Join>>
  }> {
    const w = await world()
    const log = Object.assign(() => {}, { error: () => {} }) as unknown as Logger
    const none = (): void => {}
    const membership = new LedgerMembership({
      manifest: w.manifest,
      now: () => NOW,
      log,
      onAddresses: none,
      onChange: none
    })
    const { founder, manifest } = w
    const wish = async (height: number): Promise<Signed<Join>> => {
      const value = {
        federation: manifest.cid,
        member: founder.id,
        certificate: founder.certificate ?? new Uint8Array(),
        addresses: [],
        time: NOW,
        ledgerHeight: 0,
        participation: await says(w, founder, height)
      }
      return await seal(joinType, value, founder.key)
    }
    return { w, membership, wish }
  }

  it('proposes what a member of the roster says of itself, until a commit carries it; voters find the same', async () => {
    const { w, membership, wish } = await setUp()
    const { founder, manifest } = w
    expect(await membership.request(await wish(1))).to.equal(true)
    const change = await membership.proposeChange([founder.id], NOW)
    expect(change.admissions).to.deep.equal([])
    expect(change.declared?.map(({ member, trains }) => [member, trains])).to.deep.equal([
      [founder.id, false]
    ])
    const tip = {
      ...someTip({ body: { height: 0, roster: [{ peer: founder.id, missed: 0 }] } }),
      federation: manifest.cid
    }
    const body = makeBody(someInput(tip, { change, updates: [], height: nextHeight(tip) }))
    expect(body.roster).to.deep.equal([{ peer: founder.id, missed: 0, observes: true }])
    expect(await membership.checkChange(body)).to.deep.equal(change)
    ;(await membership.prepare(body))()
    expect((await membership.proposeChange([founder.id], NOW)).declared ?? []).to.deep.equal([])
  })

  it('refuses a proposed word that does not hold, and passes on nothing that another one says', async () => {
    const { w, membership, wish } = await setUp()
    const stale = {
      height: 1,
      time: NOW,
      admissions: [],
      revocations: [],
      participation: [await says(w, w.founder, 2)]
    }
    await failure(membership.checkChange(stale), NotAllowedError)
    const { value } = await wish(1)
    const foreign = { ...value, participation: await says(w, await person(4), 1) }
    expect(await membership.request(await seal(joinType, foreign, w.founder.key))).to.equal(false)
  })
})
