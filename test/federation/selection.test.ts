import { expect } from 'chai'
import fc from 'fast-check'
import { RevokedError, TamperedError, UsedUpInviteError } from '../../src/federation/errors.ts'
import { applyCommit } from '../../src/federation/change.ts'
import { genesisMembership } from '../../src/federation/membership.ts'
import { MAX_MEMBERSHIP_CHANGES } from '../../src/federation/records.ts'
import { selectAdmissions, selectChange } from '../../src/federation/selection.ts'
import { invite, join, NOW, person, revocation, world } from './world.ts'
import type { MembershipState } from '../../src/federation/membership.ts'
import type { SelectedAdmissions } from '../../src/federation/selection.ts'

/** What is selected must hold for every voter. */
async function select(state: MembershipState, candidates: Uint8Array[]): Promise<SelectedAdmissions> {
  const selected = await selectAdmissions(state, candidates, NOW)
  await applyCommit(state, {
    height: state.height + 1,
    time: NOW,
    admissions: selected.admissions,
    revocations: []
  })
  return selected
}

describe('selecting admissions', () => {
  it('gives the last use to the lower peer id, in whatever order they come', async () => {
    const w = await world()
    const single = await invite(w, w.founder)
    const people = await Promise.all([2, 3, 4].map(person))
    const candidates = await Promise.all(people.map((who) => join(who, single)))
    const lowest = people.map(({ id }) => id).sort()[0]
    for (const order of [candidates, [...candidates].reverse()]) {
      const { admitted, declined } = await select(genesisMembership(w.manifest), order)
      expect(admitted).to.deep.equal([lowest])
      expect(declined.map(({ error }) => error.constructor)).to.deep.equal([
        UsedUpInviteError,
        UsedUpInviteError
      ])
    }
  })

  it('does not depend on the order of candidates', async () => {
    const w = await world({ invites: 'members' })
    const host = await person(2)
    const twice = await invite(w, w.founder, { maxUses: 2 })
    const candidates = [await join(host, await invite(w, w.founder))]
    const fromHost = await invite(w, host, { maxUses: 2 })
    for (const n of [3, 4, 5]) candidates.push(await join(await person(n), twice))
    for (const n of [5, 6, 7]) candidates.push(await join(await person(n), fromHost))
    const state = genesisMembership(w.manifest)
    const expected = (await select(state, candidates)).admissions
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray(candidates, { minLength: candidates.length }),
        async (shuffled) => {
          expect((await select(state, shuffled)).admissions).to.deep.equal(expected)
        }
      ),
      { numRuns: 20 }
    )
  })

  it('puts an issuer before those it invited', async () => {
    const w = await world({ invites: 'members' })
    const host = await person(2)
    const hostBytes = await join(host, await invite(w, w.founder))
    const guests = await invite(w, host, { maxUses: 20 })
    const candidates = await Promise.all([3, 4, 5, 6, 7].map(async (n) => join(await person(n), guests)))
    const { admitted, declined } = await select(genesisMembership(w.manifest), [...candidates, hostBytes])
    expect(admitted[0]).to.equal(host.id)
    expect(admitted).to.have.length(6)
    expect(declined).to.deep.equal([])
  })

  it('tries another certificate of a member when its first does not hold', async () => {
    const w = await world()
    const single = await invite(w, w.founder)
    const [winner, loser] = (await Promise.all([2, 3].map(person))).sort((a, b) => (a.id < b.id ? -1 : 1))
    const candidates = [
      await join(winner, single),
      await join(loser, single),
      await join(loser, await invite(w, w.founder))
    ]
    expect((await select(genesisMembership(w.manifest), candidates)).admitted).to.deep.equal([
      winner.id,
      loser.id
    ])
  })

  it('lets the rest wait beyond what a commit holds, without declining them', async () => {
    const w = await world()
    const open = await invite(w, w.founder, { maxUses: 100 })
    const numbers = Array.from({ length: MAX_MEMBERSHIP_CHANGES + 3 }, (_, i) => 500 + i)
    const candidates = await Promise.all(numbers.map(async (n) => join(await person(n), open)))
    const { admitted, declined } = await select(genesisMembership(w.manifest), candidates)
    expect(admitted).to.have.length(MAX_MEMBERSHIP_CHANGES)
    expect(declined).to.deep.equal([])
  })

  it('declines what does not open', async () => {
    const w = await world()
    const { declined, admitted } = await select(genesisMembership(w.manifest), [new Uint8Array(5)])
    expect(admitted).to.deep.equal([])
    expect(declined[0].error).to.be.instanceOf(TamperedError)
  })
})

describe('selecting a change', () => {
  it('revokes first, once per target, and admits what still holds', async () => {
    const w = await world()
    const [gone, stays] = [await person(2), await person(3)]
    const request = {
      certificates: [
        await join(gone, await invite(w, w.founder)),
        await join(stays, await invite(w, w.founder))
      ],
      revocations: [
        await revocation(w, w.founder, { member: gone.id }),
        await revocation(w, w.founder, { member: gone.id }, 'again'),
        await revocation(w, w.founder, { invite: (await invite(w, w.founder)).capability.cid }),
        await revocation(w, stays, { member: w.founder.id })
      ],
      time: NOW
    }
    const state = genesisMembership(w.manifest)
    const change = await selectChange(state, request)
    expect(change.admitted).to.deep.equal([stays.id])
    expect(change.removed).to.deep.equal([gone.id])
    expect(change.revocations).to.have.length(2)
    expect(change.declined).to.have.length(3)
    expect(change.declined.some(({ error }) => error instanceof RevokedError)).to.equal(true)
    await applyCommit(state, { height: 1, ...change, time: NOW })
  })
})
