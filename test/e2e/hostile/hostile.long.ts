/**
 * Every strategy of liars against four honest processes: what they agree on, how good it gets and how fast, beside a
 * fifth member that is honest; who is found out, how and why.
 */
import { expect } from 'chai'
import { inWorlds } from '../in-world.ts'
import { memberAt, progress, provenGuilty, turnedAway, withHostile } from './federation.ts'
import type { HostileFederation, Progress } from './federation.ts'
import type { MemberBan } from '../../../peers/node/types.ts'
import type { Lie } from './lies.ts'
import type { World } from '../world.ts'

const ROUNDS = 20
/** Both run beside other things on the machine. */
const NOISE = 2.5
const ACCURACY_NOISE = 0.05

/** How it is found out; null: what it does breaks no rule, or reaches nobody, and there is nothing to hold against it. */
const verdicts: Record<Lie, { by: MemberBan['by']; reason: RegExp } | null> = {
  equivocate: { by: 'ledger', reason: /voted twice/ },
  'vote-twice': { by: 'ledger', reason: /voted twice/ },
  'lie-about-aggregate': { by: 'ledger', reason: /voted twice/ },
  garbage: { by: 'peer', reason: /nobody can read|proposed what does not follow/ },
  'huge-claims': { by: 'peer', reason: /updates were refused/ },
  frame: { by: 'peer', reason: /accused others/ },
  stall: { by: 'peer', reason: /fell silent/ },
  'break-off': { by: 'peer', reason: /broke off/ },
  withhold: null,
  replay: null,
  unproven: null
}

async function foundOut(world: World, federation: HostileFederation, strategy: Lie): Promise<void> {
  const verdict = verdicts[strategy]
  if (verdict == null) return
  if (verdict.by === 'ledger') await provenGuilty(federation)
  else await turnedAway(federation)
  for (const name of ['ada', 'ben', 'cleo', 'dan']) {
    const { bans } = await memberAt(world, name, federation.hostileId)
    const ban = bans.find(({ by }) => by === verdict.by)
    expect(ban?.reason, name).to.match(verdict.reason)
  }
}

describe('four honest real peers', function () {
  const current = inWorlds(this)
  let honest: Progress

  it('have a pace and an accuracy with a fifth that is honest', async () => {
    honest = await progress(await withHostile(current.world, null), ROUNDS)
    expect(honest.accuracy).to.be.above(0.9)
  })

  for (const strategy of Object.keys(verdicts) as Lie[]) {
    it(`keep both with one that lies: ${strategy}`, async () => {
      const { world } = current
      const federation = await withHostile(world, strategy)
      await foundOut(world, federation, strategy)
      const found = await progress(federation, ROUNDS)
      process.stdout.write(
        `      ${strategy}: ${found.roundsPerSecond.toFixed(2)} rounds/s (${honest.roundsPerSecond.toFixed(2)} with five honest), accuracy ${found.accuracy}\n`
      )
      expect(found.accuracy).to.be.above(honest.accuracy - ACCURACY_NOISE)
      expect(found.roundsPerSecond).to.be.above(honest.roundsPerSecond / NOISE)
    })
  }
})
