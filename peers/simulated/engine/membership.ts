/** Membership for simulations: whoever asks is let in. A certificate is the member's id. */
import type { Membership } from '../../engine/membership.ts'
import type { MembershipChange } from '../../../src/rounds/index.ts'

export function openMembership(): Membership {
  const wishes = new Set<string>()
  return {
    prepare: async () => () => {},
    request: async ({ author }) => wishes.add(author).has(author),
    revoke: async () => false,
    proposeChange: async (roster) => admitting([...wishes].filter((peer) => !roster.includes(peer)).sort()),
    checkChange: async ({ admissions }) =>
      admitting(admissions.map((bytes) => new TextDecoder().decode(bytes)))
  }
}

function admitting(admitted: string[]): MembershipChange {
  const admissions = admitted.map((peer) => new TextEncoder().encode(peer))
  return { admissions, admitted, revocations: [], removed: [] }
}
