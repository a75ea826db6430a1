import { expect } from 'chai'
import { hastyHistory, outagesOf, sitOut } from './prefixes.ts'
import type { Plan } from './prefixes.ts'

/**
 * Locks that outlast a view are rare; every change of what a peer writes moves them to other seeds. The first is one shortly
 * before a history that has all, as it was when this was written.
 */
const FIRST = 25
const SEEDS = 100

const plans: Record<string, (seed: number) => Plan> = {
  'of three peers that join one after the other (crash)': (seed) => ({
    history: hastyHistory(seed, 'crash'),
    victim: 0,
    heights: 5,
    downMs: 1
  }),
  'of four peers, one of which votes twice and is banned for it (byzantine)': (seed) => ({
    history: hastyHistory(seed, 'byzantine'),
    victim: 1,
    heights: 5,
    downMs: 1
  })
}

type Outages = Awaited<ReturnType<typeof outagesOf>>

const KINDS = ['votes/', 'block/', 'ledger/commit/', 'ledger/cid/', 'ledger/updates/']

/** Does the victim keep a lock over a view, and write all there is, does the roster grow, and is who lies banned? */
function isEventful(plan: Plan, { keys, keptLock, evidence, rosters }: Outages): boolean {
  const { liars } = plan.history
  const kinds = liars.length === 0 ? KINDS : [...KINDS, 'evidence/']
  const isAllWritten = kinds.every((kind) => keys.some((key) => key.startsWith(kind)))
  return keptLock && isAllWritten && evidence === liars.length && rosters[plan.heights] > rosters[0]
}

async function eventful(planOf: (seed: number) => Plan): Promise<{ plan: Plan } & Outages> {
  for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
    const plan = planOf(seed)
    const found = await outagesOf(plan)
    if (isEventful(plan, found)) return { plan, ...found }
  }
  throw new Error(`In none of ${SEEDS} histories does all that is to be borne happen to the victim`)
}

describe('a power cut at every write of a peer, with what is under way on the disk or not', () => {
  for (const [what, planOf] of Object.entries(plans)) {
    it(`leaves a start that keeps all it told, contradicts nothing, and goes on with the others: ${what}`, async () => {
      const { plan, outages, keys } = await eventful(planOf)
      expect(outages.length).to.be.greaterThan(keys.length)
      for (const outage of outages) {
        const label = JSON.stringify(outage)
        await sitOut(plan, outage).catch((error: unknown) => expect.fail(`${label}: ${String(error)}`))
      }
    }).timeout(120_000)
  }
})
