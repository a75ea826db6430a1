import { expect } from 'chai'
import { failure } from '../helpers/failure.ts'
import { NotAllowedError, TamperedError, WrongFederationError } from '../../src/federation/errors.ts'
import { applyCommit } from '../../src/federation/change.ts'
import { genesisMembership } from '../../src/federation/membership.ts'
import { signRecovery } from '../../src/federation/recovery.ts'
import { everyFlip, invite, join, NOW, person, revocation, world } from './world.ts'
import type { MembershipState } from '../../src/federation/membership.ts'
import type { Recovery } from '../../src/federation/recovery.ts'
import type { Signed } from '../../src/federation/signed.ts'
import type { Person, World } from './world.ts'

describe('a recovery', () => {
  let place: World
  let admin: Person
  let member: Person
  let state: MembershipState

  beforeEach(async () => {
    admin = await person(2)
    member = await person(3)
    place = await world({ admins: [admin.id] })
    await join(admin, await invite(place, place.founder, { role: 'admin' }))
    await join(member, await invite(place, place.founder))
    const admissions = [admin.certificate, member.certificate].filter((one) => one != null)
    state = await applyCommit(genesisMembership(place.manifest), { ...nothing(1), admissions })
  })

  const sign = (signer: Person, change: Partial<Recovery> = {}): Promise<Signed<Recovery>> =>
    signRecovery(
      {
        federation: place.manifest.cid,
        base: { height: 1, commit: place.manifest.cid },
        members: [admin.id],
        reason: 'the others burnt',
        time: NOW,
        previous: null,
        ...change
      },
      signer
    )
  const apply = async (recovery: Signed<Recovery>, to = state): Promise<MembershipState> =>
    await applyCommit(to, { ...nothing(to.height + 1), recovery: recovery.bytes })

  it('is remembered with who opened the branch and why', async () => {
    const after = await apply(await sign(admin, { members: [member.id, admin.id] }))
    expect(after.recoveries).to.have.length(1)
    const [entry] = after.recoveries
    expect(entry).to.include({ height: 2, admin: admin.id, reason: 'the others burnt' })
    expect(entry.members).to.deep.equal([admin.id, member.id].sort())
    expect(after.members.get(member.id)?.revokedAt).to.equal(null)
  })

  it('may be opened by the founder, and by an admin whom the manifest lists, only', async () => {
    await apply(await sign(place.founder))
    await failure(apply(await sign(member)), NotAllowedError)
    const invited = await person(4)
    await join(invited, await invite(place, place.founder, { role: 'admin' }))
    const later = await applyCommit(state, { ...nothing(2), admissions: [invited.certificate as Uint8Array] })
    const base = { height: 2, commit: place.manifest.cid }
    await failure(apply(await sign(invited, { base }), later), NotAllowedError)
  })

  it('is not for an admin whose membership was revoked', async () => {
    const revoked = await revocation(place, place.founder, { member: admin.id })
    const later = await applyCommit(state, { ...nothing(2), revocations: [revoked] })
    const base = { height: 2, commit: place.manifest.cid }
    await failure(apply(await sign(admin, { base, members: [place.founder.id] }), later), NotAllowedError)
  })

  it('follows the very last height and the very last recovery', async () => {
    await failure(
      apply(await sign(admin, { base: { height: 0, commit: place.manifest.cid } })),
      NotAllowedError
    )
    const first = await sign(admin)
    const after = await apply(first)
    const base = { height: 2, commit: place.manifest.cid }
    await failure(apply(await sign(admin, { base }), after), NotAllowedError)
    const again = await apply(await sign(admin, { base, previous: first.cid }), after)
    expect(again.recoveries.map((entry) => entry.height)).to.deep.equal([2, 3])
  })

  it('lists members only', async () => {
    await failure(apply(await sign(admin, { members: [(await person(9)).id] })), NotAllowedError)
  })

  it('of another federation does not hold', async () => {
    const other = await world({}, { nonce: 7 })
    await failure(apply(await sign(admin, { federation: other.manifest.cid })), WrongFederationError)
  })

  it('does not hold with any byte changed', async () => {
    const { bytes } = await sign(admin)
    await everyFlip(bytes, async (changed) => {
      await failure(apply({ bytes: changed } as Signed<Recovery>), TamperedError)
    })
  })
})

function nothing(height: number): Parameters<typeof applyCommit>[1] {
  return { height, time: NOW, admissions: [], revocations: [] }
}
