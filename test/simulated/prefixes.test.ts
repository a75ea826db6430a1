import { expect } from 'chai'
import { hastyHistory, outagesOf, sitOut } from './prefixes.ts'
import type { Plan } from './prefixes.ts'

/** Of the seeds those in which the victim keeps a lock over a view. */
const plans: Record<string, Plan> = {
  'of three peers that join one after the other (crash)': {
    history: hastyHistory(6, 'crash'),
    victim: 0,
    heights: 5,
    downMs: 1
  },
  'of four peers, one of which votes twice and is banned for it (byzantine)': {
    history: hastyHistory(13, 'byzantine'),
    victim: 1,
    heights: 4,
    downMs: 1
  }
}

describe('a power cut at every write of a peer, with what is under way on the disk or not', () => {
  for (const [what, plan] of Object.entries(plans)) {
    it(`leaves a start that keeps all it told, contradicts nothing, and goes on with the others: ${what}`, async () => {
      const { outages, keys, keptLock, evidence, rosters } = await outagesOf(plan)
      for (const kind of ['votes/', 'block/', 'ledger/commit/', 'ledger/cid/', 'ledger/updates/'])
        expect(
          keys.filter((key) => key.startsWith(kind)),
          kind
        ).not.to.deep.equal([])
      expect(keptLock, 'a lock that outlasts a view').to.equal(true)
      expect(rosters[plan.heights]).to.be.greaterThan(rosters[0])
      expect(evidence).to.equal(plan.history.liars.length)
      expect(outages.length).to.be.greaterThan(keys.length)
      for (const outage of outages) {
        const label = JSON.stringify(outage)
        await sitOut(plan, outage).catch((error: unknown) => expect.fail(`${label}: ${String(error)}`))
      }
    }).timeout(60_000)
  }
})
