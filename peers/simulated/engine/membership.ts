/** Membership for simulations: whoever asks is let in. A certificate is the member's id. */
import { Wishes } from '../../engine/wishes.ts'
import type { Membership } from '../../engine/membership.ts'
import type { Join } from '../../../src/federation/records.ts'
import type { MembershipChange } from '../../../src/rounds/index.ts'

export function openMembership(): Membership {
  const wishes = new Wishes<Join>()
  return {
    prepare: async (body) => () => wishes.follow(body),
    request: async ({ author, value }) => wishes.hold(author, value),
    revoke: async () => false,
    proposeChange: async (roster) =>
      admitting([...wishes.held.keys()].filter((peer) => !roster.includes(peer)).sort()),
    checkChange: async ({ admissions }) =>
      admitting(admissions.map((bytes) => new TextDecoder().decode(bytes)))
  }
}

function admitting(admitted: string[]): MembershipChange {
  const admissions = admitted.map((peer) => new TextEncoder().encode(peer))
  return { admissions, admitted, revocations: [], removed: [] }
}
