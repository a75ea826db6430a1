import { expect } from 'chai'
import { InvalidRecordError } from '../../src/federation/cbor.ts'
import { TamperedError } from '../../src/federation/errors.ts'
import { openRevocation, revoke } from '../../src/federation/revocation.ts'
import { failure } from '../helpers/failure.ts'
import { everyFlip, invite, NOW, person, revocation, world } from './world.ts'

describe('a revocation', () => {
  it('names an invite or a member, with a reason', async () => {
    const w = await world()
    const { id } = await person(2)
    const { capability } = await invite(w, w.founder)
    const ofMember = await openRevocation(await revocation(w, w.founder, { member: id }))
    expect(ofMember.value).to.deep.include({ target: { member: id }, reason: 'lost laptop' })
    expect(ofMember.author).to.equal(w.founder.id)
    const ofInvite = await openRevocation(await revocation(w, w.founder, { invite: capability.cid }))
    expect(ofInvite.value.target).to.deep.equal({ invite: capability.cid })
  })

  it('changed anywhere is refused, or says the same', async () => {
    const w = await world()
    const bytes = await revocation(w, w.founder, { member: (await person(2)).id })
    const truth = await openRevocation(bytes)
    await everyFlip(bytes, async (changed) => {
      const outcome = await openRevocation(changed).catch((error: unknown) => error)
      if (outcome instanceof Error) expect(outcome).to.be.instanceOf(TamperedError)
      else expect(outcome).to.deep.include({ value: truth.value, author: truth.author })
    })
  })

  it('with control characters in its reason is never signed', async () => {
    const w = await world()
    const { id } = await person(2)
    const record = { federation: w.manifest.cid, target: { member: id }, reason: '\u001b[2J', time: NOW }
    await failure(revoke(record, w.founder.key), InvalidRecordError)
  })
})
