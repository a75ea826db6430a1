import { expect } from 'chai'
import { hunt } from './mutants/hunt.ts'
import { mutants } from './mutants/list.ts'

/** The others take longer: `npm run test:mutants` has them all. */
const QUICK = [
  'no-lock',
  'vote-before-sync',
  'commit-before-sync',
  'votes-forgotten',
  'lower-quorum',
  'no-recomputation',
  'evidence-unsigned',
  'evidence-believed',
  'ban-without-effect',
  'proposer-believed',
  'one-of-committee-believed',
  'committee-of-first-view',
  'committee-waited-for'
]
const SEEDS = 2000

describe('a rule taken away', () => {
  for (const name of QUICK) {
    const mutant = mutants.find((one) => one.name === name)
    it(`is missed by the histories: ${name}`, async () => {
      if (mutant == null) throw new Error(`no mutant ${name}`)
      expect(await hunt(mutant, { first: mutant.near ?? 0, seeds: SEEDS })).not.to.equal(null)
    }).timeout(120_000)
  }
})
