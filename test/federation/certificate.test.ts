import { expect } from 'chai'
import {
  certify,
  certificateType,
  createVerifier,
  MAX_CHAIN_DEPTH,
  openCertificate,
  selfCertify,
  verifyCertificate
} from '../../src/federation/certificate.ts'
import {
  ExpiredInviteError,
  MembershipError,
  NotAllowedError,
  TamperedError,
  WrongFederationError
} from '../../src/federation/errors.ts'
import { createInvite, MAX_CERTIFICATE_BYTES } from '../../src/federation/invite.ts'
import { founding, manifestTemplate, parseManifestYaml } from '../../src/federation/manifest/index.ts'
import { seal } from '../../src/federation/signed.ts'
import { failure } from '../helpers/failure.ts'
import { everyFlip, HOUR_MS, invite, join, NOW, person, seedOf, world } from './world.ts'
import type { Person, World } from './world.ts'

/** Founder invites 101, who invites 102, and so on; the last person is returned. */
async function chain(w: World, length: number): Promise<Person> {
  let issuer = w.founder
  for (let i = 1; i <= length; i++) {
    const next = await person(100 + i)
    await join(next, await invite(w, issuer))
    issuer = next
  }
  return issuer
}

function verify(
  w: World,
  certificate: Uint8Array | null,
  now?: number
): ReturnType<typeof verifyCertificate> {
  if (certificate == null) throw new Error('This person has no certificate')
  return verifyCertificate({ certificate, manifest: w.manifest, now })
}

describe('a certificate', () => {
  it('of the founder needs no invite', async () => {
    const w = await world()
    expect(await verify(w, w.founder.certificate)).to.include({
      member: w.founder.id,
      role: 'founder',
      invite: null,
      depth: 0
    })
  })

  it('of a listed admin needs no invite', async () => {
    const admin = await person(2)
    const w = await world({ admins: [admin.id] })
    const { bytes } = await selfCertify(w.manifest.cid, admin.id, admin.key)
    expect(await verify(w, bytes)).to.include({ member: admin.id, role: 'admin' })
  })

  it('of an invited peer names invite, issuer and role', async () => {
    const w = await world()
    const member = await person(2)
    const made = await invite(w, w.founder, { role: 'admin' })
    const verified = await verify(w, await join(member, made), NOW)
    expect(verified).to.include({ member: member.id, role: 'admin', depth: 1 })
    expect(verified.invite?.id.equals(made.capability.cid)).to.equal(true)
    expect(verified.invite?.issuer).to.equal(w.founder.id)
  })

  it('verifies over as many invites as the chain may have, and no more', async () => {
    const w = await world({ invites: 'members' })
    const last = await chain(w, MAX_CHAIN_DEPTH)
    expect(await verify(w, last.certificate)).to.include({
      member: last.id,
      role: 'member',
      depth: MAX_CHAIN_DEPTH
    })
    const tooFar = await person(999)
    await join(tooFar, await invite(w, last))
    expect((await failure(verify(w, tooFar.certificate), NotAllowedError)).message).to.include('closer')
  })

  it('of the longest chain and the longest name fits a commit', async () => {
    const founder = await person(1)
    const draft = {
      ...parseManifestYaml(manifestTemplate('digits')),
      name: '鳥'.repeat(128),
      membership: { invites: 'members' as const }
    }
    const manifest = await founding({ draft, founderKey: founder.key, now: NOW, nonce: new Uint8Array(16) })
    const last = await chain({ manifest, founder }, MAX_CHAIN_DEPTH)
    expect(last.certificate).to.have.length.below(MAX_CERTIFICATE_BYTES)
  })

  it('with any bit flipped is refused, or says the same', async () => {
    const w = await world({ invites: 'members' })
    const last = await chain(w, 2)
    const truth = await verify(w, last.certificate)
    let refused = 0
    await everyFlip(last.certificate ?? new Uint8Array(), async (changed) => {
      const outcome = await verify(w, changed).catch((error: unknown) => error)
      if (outcome instanceof Error) {
        expect(outcome).to.be.instanceOf(MembershipError)
        refused++
        return
      }
      expect(outcome).to.deep.equal({ ...truth, bytes: changed })
    })
    expect(refused).to.be.greaterThan((last.certificate?.byteLength ?? 0) * 0.9)
  })

  it('is refused after its invite expired, when a time is given', async () => {
    const w = await world()
    const member = await person(2)
    const bytes = await join(member, await invite(w, w.founder))
    await verify(w, bytes, NOW + HOUR_MS)
    await verify(w, bytes)
    expect((await failure(verify(w, bytes, NOW + HOUR_MS + 1), ExpiredInviteError)).code).to.equal('expired')
  })

  it('of another federation is refused with both ids', async () => {
    const [w, other] = [await world(), await world({}, { nonce: 9 })]
    const bytes = await join(await person(2), await invite(other, other.founder))
    const error = await failure(verify(w, bytes), WrongFederationError)
    expect(error.message).to.include(w.manifest.cid.toString()).and.to.include(other.manifest.cid.toString())
    expect(error.code).to.equal('wrong-federation')
  })

  it('that hides an invite of another federation is refused', async () => {
    const [w, other] = [await world(), await world({}, { nonce: 9 })]
    const { capability, key } = await invite(other, other.founder)
    const member = await person(2)
    const value = { federation: w.manifest.cid, member: member.id, capability: capability.bytes }
    await failure(verify(w, (await seal(certificateType, value, key)).bytes), WrongFederationError)
  })

  it("signed by another key than the invite's is refused", async () => {
    const w = await world()
    const [a, b] = [await invite(w, w.founder), await invite(w, w.founder)]
    const bytes = await join(await person(2), { ...a, key: b.key })
    await failure(verify(w, bytes), TamperedError)
  })

  it('that a stranger makes for itself, or another for it, is refused', async () => {
    const w = await world()
    const stranger = await person(3)
    const own = await selfCertify(w.manifest.cid, stranger.id, stranger.key)
    expect((await failure(verify(w, own.bytes), NotAllowedError)).message).to.include('ask for one')
    const forged = await selfCertify(w.manifest.cid, w.founder.id, stranger.key)
    await failure(verify(w, forged.bytes), TamperedError)
  })

  it("of a stranger's invite is refused", async () => {
    const w = await world()
    const stranger = await person(3)
    const bytes = await join(await person(4), await invite(w, stranger))
    expect((await failure(verify(w, bytes), NotAllowedError)).code).to.equal('not-allowed')
  })

  it("of an invite that carries somebody else's certificate is refused", async () => {
    const w = await world({ invites: 'members' })
    const [member, thief] = [await person(2), await person(3)]
    await join(member, await invite(w, w.founder))
    const stolen = await invite(w, { ...thief, certificate: member.certificate })
    await failure(verify(w, await join(await person(4), stolen)), TamperedError)
  })

  it('opens without its chain, and only as a certificate', async () => {
    const w = await world()
    const made = await invite(w, w.founder)
    const bytes = await join(await person(2), made)
    expect((await openCertificate(bytes)).author).to.equal(made.capability.value.key)
    await failure(openCertificate(made.capability.bytes), TamperedError)
    await failure(openCertificate(new Uint8Array(9000)), TamperedError)
  })
})

describe('who may invite', () => {
  it('where admins invite: founder, listed and certified admins, but not members', async () => {
    const listed = await person(2)
    const w = await world({ admins: [listed.id] })
    const [certified, member] = [await person(3), await person(4)]
    await join(certified, await invite(w, listed, { role: 'admin' }))
    await join(member, await invite(w, certified))
    expect(await verify(w, member.certificate)).to.include({ role: 'member', depth: 2 })
    const bytes = await join(await person(5), await invite(w, member))
    expect((await failure(verify(w, bytes), NotAllowedError)).message).to.include('only admins invite')
  })

  it('where members invite: anybody, but only admins invite admins', async () => {
    const w = await world({ invites: 'members' })
    const [member, guest] = [await person(3), await person(4)]
    await join(member, await invite(w, w.founder))
    await verify(w, await join(guest, await invite(w, member)))
    const bytes = await join(await person(5), await invite(w, member, { role: 'admin' }))
    expect((await failure(verify(w, bytes), NotAllowedError)).message).to.include('invite an admin')
  })
})

describe('a verifier', () => {
  it('verifies a certificate once, and each of many behind one issuer quickly', async () => {
    const w = await world({ invites: 'members' })
    const issuer = await chain(w, 3)
    const verifier = createVerifier(w.manifest)
    const bytes = issuer.certificate ?? new Uint8Array()
    expect(await verifier(bytes)).to.equal(await verifier(bytes.slice()))
  })

  it('forgets the oldest beyond its limit, and verifies it anew', async () => {
    const w = await world()
    const verifier = createVerifier(w.manifest, { remember: 2 })
    const all = await Promise.all(
      [2, 3, 4].map(async (n) => join(await person(n), await invite(w, w.founder)))
    )
    const first = await verifier(all[0])
    for (const bytes of all) await verifier(bytes)
    expect(await verifier(all[0])).not.to.equal(first)
    expect(await verifier(all[0])).to.deep.equal(first)
  })
})

describe('an invite made by hand', () => {
  it('may name an issuer certificate of any bytes, but then admits nobody', async () => {
    const w = await world()
    const made = await createInvite({
      manifest: w.manifest,
      issuerKey: w.founder.key,
      issuerCertificate: new Uint8Array(10),
      role: 'member',
      expiresAt: NOW,
      maxUses: 1,
      addresses: [],
      seed: seedOf(77)
    })
    const { id } = await person(2)
    await failure(verify(w, (await certify(made, id)).bytes), TamperedError)
  })
})
