/**
 * What members ask for, until it is carried out or past. Who leaves the roster (it missed rounds, or a recovery went on without
 * it) has to ask anew: messages come late, and more than once, and were an old wish enough, members that are gone would be
 * let in again, and those that are left might lack a quorum.
 */
import type { CommitBody, Join } from '../../src/federation/records.ts'

export class Wishes<W extends Pick<Join, 'ledgerHeight'>> {
  /** By member. */
  readonly held = new Map<string, W>()
  #roster: string[] = []
  /** Member → height of the latest commit that left it out. */
  readonly #leftAt = new Map<string, number>()

  /** Hold a wish, in place of an earlier one of the same member. False: it is past. */
  hold(member: string, wish: W): boolean {
    if (this.#isPast(member, wish)) return false
    this.held.set(member, wish)
    return true
  }

  /** One more commit; all are told, from the first on. */
  follow({ height, roster }: Pick<CommitBody, 'height' | 'roster'>): void {
    const now = roster.map(({ peer }) => peer)
    for (const peer of this.#roster) if (!now.includes(peer)) this.#leftAt.set(peer, height)
    this.#roster = now
    for (const [member, wish] of this.held) if (this.#isPast(member, wish)) this.held.delete(member)
  }

  /** The member did not know yet that it had left. */
  #isPast(member: string, { ledgerHeight }: W): boolean {
    return ledgerHeight < (this.#leftAt.get(member) ?? 0)
  }
}
