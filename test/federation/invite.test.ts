import { expect } from 'chai'
import fc from 'fast-check'
import { InvalidRecordError } from '../../src/federation/cbor.ts'
import { ExpiredInviteError, MembershipError, TamperedError } from '../../src/federation/errors.ts'
import {
  checkExpiry,
  encodeInvite,
  inviteId,
  MAX_INVITE_CHARACTERS,
  parseInvite
} from '../../src/federation/invite.ts'
import { failure } from '../helpers/failure.ts'
import { HOUR_MS, invite, NOW, world } from './world.ts'

const addresses = ['/ip4/192.0.2.1/tcp/4001', '/dns4/example.org/tcp/443']

describe('an invite', () => {
  it('survives being pasted as one string', async () => {
    const w = await world()
    const made = await invite(w, w.founder, { role: 'admin', maxUses: 3, addresses })
    const read = await parseInvite(encodeInvite(made))
    expect(read.addresses).to.deep.equal(addresses)
    expect(read.capability.value).to.deep.equal(made.capability.value)
    expect(read.capability.author).to.equal(w.founder.id)
    expect(inviteId(read)).to.equal(inviteId(made))
    expect(read.key.equals(made.key)).to.equal(true)
  })

  it('says what it grants', async () => {
    const w = await world()
    const { value } = (await invite(w, w.founder)).capability
    expect(value).to.include({
      name: 'Drawn digits',
      role: 'member',
      expiresAt: NOW + HOUR_MS,
      maxUses: 1,
      issuer: null
    })
    expect(value.federation.equals(w.manifest.cid)).to.equal(true)
  })

  it('is short enough for a QR code', async () => {
    const w = await world()
    expect(encodeInvite(await invite(w, w.founder, { addresses }))).to.have.length.below(1000)
  })

  it('tolerates line breaks, spaces and quotes from pasting', async () => {
    const w = await world()
    const made = await invite(w, w.founder, { addresses })
    const text = encodeInvite(made)
    const gaps = fc.array(
      fc.record({ at: fc.nat(text.length), gap: fc.constantFrom('\n', '\r\n', ' ', '\t', '\u00a0', '> ') })
    )
    await fc.assert(
      fc.asyncProperty(gaps, async (all) => {
        const pasted = all.reduce((s, { at, gap }) => s.slice(0, at) + gap + s.slice(at), ` "${text}"\n`)
        expect(inviteId(await parseInvite(pasted))).to.equal(inviteId(made))
      }),
      { numRuns: 30 }
    )
  })

  it('with any letter changed is refused, or still grants the same', async () => {
    const w = await world()
    const made = await invite(w, w.founder, { addresses: [] })
    const text = encodeInvite(made)
    for (let at = 'murmur:'.length; at < text.length; at++) {
      const other = text[at] === 'A' ? 'B' : 'A'
      const outcome = await parseInvite(text.slice(0, at) + other + text.slice(at + 1)).catch(
        (e: unknown) => e
      )
      if (outcome instanceof Error) expect(outcome).to.be.instanceOf(TamperedError)
      else
        expect(outcome)
          .to.nested.include({ 'capability.author': w.founder.id })
          .and.to.have.nested.property('capability.value')
          .that.deep.equals(made.capability.value)
    }
  })

  it('cut off, empty, foreign or endless is refused with what to do', async () => {
    const w = await world()
    const text = encodeInvite(await invite(w, w.founder))
    const bad = [
      text.slice(0, -20),
      '',
      'https://example.org',
      'murmur:',
      'murmur:***',
      'murmur:'.padEnd(MAX_INVITE_CHARACTERS + 1, 'A')
    ]
    for (const pasted of bad) {
      const error = await failure(parseInvite(pasted), TamperedError)
      expect(error.code).to.equal('tampered')
      expect(error.message).to.include('copy the whole invite again')
    }
  })

  it('with the key of another invite is refused', async () => {
    const w = await world()
    const [a, b] = [await invite(w, w.founder), await invite(w, w.founder)]
    const error = await failure(parseInvite(encodeInvite({ ...a, seed: b.seed })), TamperedError)
    expect(error.message).to.include('not the one that was signed')
  })

  it('cannot be made out of bounds', async () => {
    const w = await world()
    await failure(invite(w, w.founder, { maxUses: 0 }), InvalidRecordError)
    await failure(
      invite(w, w.founder, { addresses: Array<string>(17).fill('/ip4/127.0.0.1/tcp/1') }),
      InvalidRecordError
    )
  })

  it('is good up to its last millisecond', async () => {
    const w = await world()
    const { value } = (await invite(w, w.founder)).capability
    checkExpiry(value, value.expiresAt)
    expect(() => checkExpiry(value, value.expiresAt + 1)).to.throw(
      ExpiredInviteError,
      /expired on 2027-.*ask for a new one/
    )
    expect(new ExpiredInviteError(0)).to.be.instanceOf(MembershipError)
  })
})
