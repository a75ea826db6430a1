/** src/federation, meaning: chains of certificates, invites as text, revocations, and the membership that follows. */
import { expect } from 'chai'
import fc from 'fast-check'
import { toString } from 'uint8arrays/to-string'
import { certificateType, verifyCertificate } from '../../../src/federation/certificate.ts'
import { encode } from '../../../src/federation/cbor.ts'
import { MembershipError, TamperedError } from '../../../src/federation/errors.ts'
import { capabilityType, encodeInvite, parseInvite } from '../../../src/federation/invite.ts'
import { applyCommit } from '../../../src/federation/change.ts'
import { checkAdmission, checkRevocation, genesisMembership } from '../../../src/federation/membership.ts'
import { revocationType } from '../../../src/federation/revocation.ts'
import { NOW } from '../../federation/world.ts'
import { hostileCbor, reshaped } from '../arbitraries.ts'
import { damaged, damagedText } from '../mutate.ts'
import { fuzzed, refusedOrUnderstood } from '../property.ts'
import {
  certificates,
  founder,
  guest,
  invites,
  member,
  revocations,
  signed,
  signedKinds,
  small,
  stranger
} from '../samples.ts'
import type { SignedType } from '../../../src/federation/signed.ts'
import type { FuzzArea } from '../property.ts'

const genesis = genesisMembership(small.manifest)
const state = await applyCommit(genesis, {
  height: 1,
  time: NOW,
  admissions: [certificates[1]],
  revocations: []
})
const people = [founder, member, guest, stranger]
/** Not those of the invites: whoever holds one may certify anybody. */
const keys = people.map(({ key }) => key)
const payloadsOf = (type: unknown): Uint8Array[] =>
  signedKinds.find((kind) => kind.type === type)?.payloads ?? []

/** A record that somebody, perhaps somebody who may not, signed. */
function forged(type: SignedType<never>): fc.Arbitrary<Promise<Uint8Array>> {
  const of = type as unknown as SignedType<unknown>
  return fc
    .tuple(hostileCbor(payloadsOf(type)), fc.constantFrom(...keys))
    .map(([bytes, key]) => signed(of, bytes, key))
}

/** A certificate around a capability of somebody's own making. */
const forgedChain = fc
  .tuple(reshaped(payloadsOf(capabilityType)), fc.constantFrom(...keys), fc.constantFrom(...keys))
  .map(async ([capability, issuer, key]) => {
    const inner = await signed(capabilityType as unknown as SignedType<unknown>, capability, issuer)
    const outer = { federation: small.manifest.cid, member: stranger.id, capability: inner }
    return await signed(certificateType as unknown as SignedType<unknown>, encode(outer), key)
  })

const certificate = fc.oneof(
  forged(certificateType as unknown as SignedType<never>),
  forgedChain,
  damaged(certificates).map(async (bytes) => bytes)
)
const revocation = fc.oneof(
  forged(revocationType as unknown as SignedType<never>),
  damaged(revocations).map(async (bytes) => bytes)
)
const times = fc.constantFrom(0, NOW, NOW + 3_600_001, 8.64e15, Number.MAX_SAFE_INTEGER)

/** Nobody becomes a member without a chain of signatures from the founder. */
const chains = fuzzed('certificates', fc.tuple(certificate, fc.option(times, { nil: undefined })), {
  shares: 3,
  judge: async ([bytes, now]) => {
    const made = await bytes
    await refusedOrUnderstood({
      errors: [MembershipError],
      run: () => verifyCertificate({ certificate: made, manifest: small.manifest, now }),
      accepted: ({ member: who }) => {
        expect(people.slice(0, 3).map(({ id }) => id)).to.include(who)
      }
    })
  }
})

const admissions = fuzzed('admissions', fc.tuple(certificate, times), {
  shares: 2,
  judge: async ([bytes, time]) => {
    const made = await bytes
    await refusedOrUnderstood({
      errors: [MembershipError],
      run: () => checkAdmission(state, made, time)
    })
  }
})

/** Only the founder's word counts here; and a commit that carries it can be applied. */
const revoking = fuzzed('revocations', revocation, {
  shares: 2,
  judge: async (bytes) => {
    const made = await bytes
    await refusedOrUnderstood({
      errors: [MembershipError],
      run: () => checkRevocation(state, made),
      accepted: async ({ author }) => {
        expect(author).to.equal(founder.id)
        await applyCommit(state, { height: 2, time: NOW, admissions: [], revocations: [made] })
      }
    })
  }
})

const changes = fuzzed(
  'what commits change',
  fc.tuple(fc.array(certificate, { maxLength: 3 }), fc.array(revocation, { maxLength: 3 }), times),
  {
    judge: async ([joins, endings, time]) => {
      const change = {
        height: 2,
        time,
        admissions: await Promise.all(joins),
        revocations: await Promise.all(endings)
      }
      await refusedOrUnderstood({
        errors: [MembershipError],
        run: () => applyCommit(state, change),
        accepted: (next) => {
          expect([...next.members.keys()]).not.to.include(stranger.id)
        }
      })
    }
  }
)

const texts = invites.map(encodeInvite)
const inviteBytes = invites.map(({ capability, seed, addresses }) =>
  encode({ version: 1, capability: capability.bytes, seed, addresses })
)
const inviteText = fc.oneof(
  damagedText(texts),
  fc.string({ maxLength: 100 }).map((text) => `murmur:${text}`),
  fc.string({ unit: 'binary' }),
  fc.oneof(hostileCbor(inviteBytes)).map((bytes) => `murmur:${toString(bytes, 'base64url')}`)
)

const pasted = fuzzed('pasted invites', inviteText, {
  shares: 2,
  judge: async (text) =>
    await refusedOrUnderstood({
      errors: [TamperedError],
      run: () => parseInvite(text),
      accepted: async (parsed) => {
        const again = await parseInvite(encodeInvite(parsed))
        expect(again.capability.value).to.deep.equal(parsed.capability.value)
        expect(again.addresses).to.deep.equal(parsed.addresses)
      }
    })
})

export const membership: FuzzArea = {
  name: 'membership',
  properties: [chains, admissions, revoking, changes, pasted]
}
