import { expect } from 'chai'
import {
  ExpiredInviteError,
  NotAllowedError,
  RevokedError,
  TamperedError,
  UsedUpInviteError,
  WrongFederationError
} from '../../src/federation/errors.ts'
import { applyCommit } from '../../src/federation/change.ts'
import {
  activeMember,
  activeMembers,
  checkAdmission,
  checkRevocation,
  genesisMembership,
  isAdmin
} from '../../src/federation/membership.ts'
import { failure } from '../helpers/failure.ts'
import { HOUR_MS, invite, join, NOW, person, revocation, world } from './world.ts'
import type { MembershipState } from '../../src/federation/membership.ts'
import type { World } from './world.ts'

interface Changes {
  admissions?: Uint8Array[]
  revocations?: Uint8Array[]
  time?: number
}

function commit(state: MembershipState, changes: Changes = {}): Promise<MembershipState> {
  const { admissions = [], revocations = [], time = NOW } = changes
  return applyCommit(state, { height: state.height + 1, time, admissions, revocations })
}

async function newcomer(w: World, number: number, choices = {}): Promise<{ id: string; bytes: Uint8Array }> {
  const who = await person(number)
  return { id: who.id, bytes: await join(who, await invite(w, w.founder, choices)) }
}

describe('membership', () => {
  it('begins with the founder', async () => {
    const w = await world()
    const state = genesisMembership(w.manifest)
    expect(activeMembers(state).map(({ peerId }) => peerId)).to.deep.equal([w.founder.id])
    expect(isAdmin(state, w.founder.id)).to.equal(true)
    expect(state.height).to.equal(0)
  })

  it('grows by what commits admit, and leaves earlier states as they were', async () => {
    const w = await world()
    const before = genesisMembership(w.manifest)
    const { id, bytes } = await newcomer(w, 2)
    const after = await commit(before, { admissions: [bytes] })
    expect(activeMember(after, id)).to.include({ peerId: id, role: 'member', admittedAt: 1, revokedAt: null })
    expect(activeMember(before, id)).to.equal(undefined)
    expect(activeMembers(after).map(({ peerId }) => peerId)).to.deep.equal([id, w.founder.id].sort())
  })

  it('is equal on every peer that applied the same commits', async () => {
    const w = await world()
    const { bytes } = await newcomer(w, 2)
    const [a, b] = await Promise.all(
      [1, 2].map(() => commit(genesisMembership(w.manifest), { admissions: [bytes] }))
    )
    const value = ({ verify: _verify, ...rest }: MembershipState): unknown => rest
    expect(value(a)).to.deep.equal(value(b))
  })

  it("takes the founder's own certificate when it shows it", async () => {
    const w = await world()
    const state = await commit(genesisMembership(w.manifest), {
      admissions: [w.founder.certificate ?? new Uint8Array()]
    })
    expect(activeMember(state, w.founder.id)).to.include({ role: 'founder', admittedAt: 0 })
    expect(activeMember(state, w.founder.id)?.certificate).to.deep.equal(w.founder.certificate)
  })

  it('lets a member become an admin by a second invite, never less', async () => {
    const w = await world()
    const who = await person(2)
    const asMember = await join(who, await invite(w, w.founder))
    const asAdmin = await join(who, await invite(w, w.founder, { role: 'admin' }))
    const later = await join(who, await invite(w, w.founder))
    let state = await commit(genesisMembership(w.manifest), { admissions: [asMember] })
    expect(isAdmin(state, who.id)).to.equal(false)
    state = await commit(state, { admissions: [asAdmin] })
    expect(isAdmin(state, who.id)).to.equal(true)
    state = await commit(state, { admissions: [later] })
    expect(activeMember(state, who.id)).to.include({ role: 'admin', admittedAt: 1 })
  })

  it('replays thousands of commits within a second or so', async () => {
    const w = await world()
    const { bytes } = await newcomer(w, 2)
    let state = genesisMembership(w.manifest)
    for (let i = 0; i < 5000; i++) state = await commit(state, { admissions: [bytes] })
    expect(state.height).to.equal(5000)
    expect(state.uses.size).to.equal(1)
  }).timeout(5000)
})

describe('an admission', () => {
  it('is final: neither expiry nor uses concern a member that returns', async () => {
    const w = await world()
    const { bytes } = await newcomer(w, 2)
    const state = await commit(genesisMembership(w.manifest), { admissions: [bytes] })
    await checkAdmission(state, bytes, NOW + 100 * HOUR_MS)
    expect((await commit(state, { admissions: [bytes], time: NOW + 100 * HOUR_MS })).members).to.equal(
      state.members
    )
  })

  it('expires', async () => {
    const w = await world()
    const { bytes } = await newcomer(w, 2)
    const error = await failure(
      checkAdmission(genesisMembership(w.manifest), bytes, NOW + HOUR_MS + 1),
      ExpiredInviteError
    )
    expect(error.code).to.equal('expired')
  })

  it('counts distinct members per invite', async () => {
    const w = await world()
    const shared = await invite(w, w.founder, { maxUses: 2 })
    const certificates = await Promise.all([2, 3, 4].map(async (n) => join(await person(n), shared)))
    let state = await commit(genesisMembership(w.manifest), { admissions: [certificates[0]] })
    state = await commit(state, { admissions: [certificates[0], certificates[1]] })
    const error = await failure(checkAdmission(state, certificates[2], NOW), UsedUpInviteError)
    expect(error.message).to.include('2 times').and.to.include('ask for a new one')
    expect(error.code).to.equal('used-up')
    await failure(commit(state, { admissions: [certificates[2]] }), UsedUpInviteError)
  })

  it('within one commit counts those before it', async () => {
    const w = await world()
    const single = await invite(w, w.founder)
    const admissions = await Promise.all([2, 3].map(async (n) => join(await person(n), single)))
    await failure(commit(genesisMembership(w.manifest), { admissions }), UsedUpInviteError)
  })

  it('of another federation, or damaged, is refused', async () => {
    const [w, other] = [await world(), await world({}, { nonce: 5 })]
    const { bytes } = await newcomer(other, 2)
    const state = genesisMembership(w.manifest)
    await failure(checkAdmission(state, bytes, NOW), WrongFederationError)
    await failure(checkAdmission(state, bytes.slice(1), NOW), TamperedError)
  })

  it('by somebody not admitted itself waits for that', async () => {
    const w = await world({ invites: 'members' })
    const host = await person(2)
    const hostBytes = await join(host, await invite(w, w.founder))
    const guestBytes = await join(await person(3), await invite(w, host))
    const state = genesisMembership(w.manifest)
    const error = await failure(checkAdmission(state, guestBytes, NOW), NotAllowedError)
    expect(error.message).to.include('try again after the next round')
    await commit(state, { admissions: [hostBytes, guestBytes] })
  })
})

describe('revoking', () => {
  it('an invite stops further admissions, not the members it made', async () => {
    const w = await world()
    const shared = await invite(w, w.founder, { maxUses: 9 })
    const [first, second] = await Promise.all([2, 3].map(async (n) => join(await person(n), shared)))
    let state = await commit(genesisMembership(w.manifest), { admissions: [first] })
    state = await commit(state, {
      revocations: [await revocation(w, w.founder, { invite: shared.capability.cid })]
    })
    await checkAdmission(state, first, NOW)
    const error = await failure(checkAdmission(state, second, NOW), RevokedError)
    expect(error.message).to.include('lost laptop').and.to.include('This invite')
    expect(error.code).to.equal('revoked')
  })

  it('a member ends its membership for good, whatever invite it brings', async () => {
    const w = await world()
    const { id, bytes } = await newcomer(w, 2)
    let state = await commit(genesisMembership(w.manifest), { admissions: [bytes] })
    state = await commit(state, { revocations: [await revocation(w, w.founder, { member: id })] })
    expect(activeMember(state, id)).to.equal(undefined)
    expect(state.members.get(id)?.revokedAt).to.equal(2)
    expect(activeMembers(state)).to.have.length(1)
    await failure(checkAdmission(state, bytes, NOW), RevokedError)
    await failure(checkAdmission(state, (await newcomer(w, 2)).bytes, NOW), RevokedError)
  })

  it('an issuer makes the invites worthless that it left', async () => {
    const w = await world({ invites: 'members' })
    const host = await person(2)
    const hostBytes = await join(host, await invite(w, w.founder))
    const guestBytes = await join(await person(3), await invite(w, host))
    let state = await commit(genesisMembership(w.manifest), { admissions: [hostBytes] })
    state = await commit(state, { revocations: [await revocation(w, w.founder, { member: host.id })] })
    expect((await failure(checkAdmission(state, guestBytes, NOW), RevokedError)).message).to.include(host.id)
  })

  it('takes effect before the admissions of the same commit', async () => {
    const w = await world()
    const { id, bytes } = await newcomer(w, 2)
    const revocations = [await revocation(w, w.founder, { member: id })]
    await failure(commit(genesisMembership(w.manifest), { admissions: [bytes], revocations }), RevokedError)
  })

  it('is for admins: listed and invited ones, while they are', async () => {
    const listed = await person(5)
    const w = await world({ admins: [listed.id] })
    const [admin, member, victim] = [await person(2), await person(3), await person(4)]
    const admissions = [
      await join(admin, await invite(w, w.founder, { role: 'admin' })),
      await join(member, await invite(w, w.founder))
    ]
    const target = { member: victim.id }
    let state = await commit(genesisMembership(w.manifest), { admissions })
    await checkRevocation(state, await revocation(w, admin, target))
    await checkRevocation(state, await revocation(w, listed, target))
    expect(
      (await failure(checkRevocation(state, await revocation(w, member, target)), NotAllowedError)).message
    ).to.include('ask an admin')
    state = await commit(state, {
      revocations: [
        await revocation(w, w.founder, { member: admin.id }),
        await revocation(w, w.founder, { member: listed.id })
      ]
    })
    await failure(checkRevocation(state, await revocation(w, admin, target)), NotAllowedError)
    await failure(checkRevocation(state, await revocation(w, listed, target)), NotAllowedError)
  })

  it('spares the founder, happens once, and stays in its federation', async () => {
    const [w, other] = [await world(), await world({}, { nonce: 5 })]
    const admin = await person(2)
    let state = await commit(genesisMembership(w.manifest), {
      admissions: [await join(admin, await invite(w, w.founder, { role: 'admin' }))]
    })
    await failure(
      checkRevocation(state, await revocation(w, admin, { member: w.founder.id })),
      NotAllowedError
    )
    const target = { member: (await person(3)).id }
    await failure(
      checkRevocation(state, await revocation(other, other.founder, target)),
      WrongFederationError
    )
    const envelope = await revocation(w, admin, target)
    state = await commit(state, { revocations: [envelope] })
    expect((await failure(checkRevocation(state, envelope), NotAllowedError)).message).to.include('already')
    await failure(checkRevocation(state, envelope.slice(2)), TamperedError)
  })
})
