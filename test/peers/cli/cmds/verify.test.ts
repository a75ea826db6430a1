/** What `murmur ledger verify` says of a report. */
import { expect } from 'chai'
import { Murmur } from '../helpers/murmur.ts'
import { ALICE } from '../helpers/samples.ts'

describe('murmur ledger verify', () => {
  it('says in lines what was checked, and that the ledger holds', async () => {
    const murmur = await Murmur.at()
    const aggregates = { recomputed: 2, unchanged: 1, pruned: 9 }
    Object.assign(murmur.library.audit, { height: 12, commits: 12, votes: 30, modelBlocks: 5, aggregates })
    expect(await murmur.run('ledger', 'verify')).to.equal(0)
    const { text } = murmur.stdout
    expect(text)
      .to.contain('12 checked')
      .and.to.contain('30 that count')
      .and.to.contain('5 blocks hashed again')
    expect(text).to.contain(
      '2 made again, 1 without updates, 9 not: what they were made from is not kept any more'
    )
    expect(text).to.match(/The ledger holds, from the founding to height 12\.\n$/)
    expect(murmur.stderr.text).to.equal('')
  })

  it('ends with 1 and names the height, what was expected and what was found', async () => {
    const murmur = await Murmur.at()
    const defect = { height: 7, what: 'no quorum voted for it', expected: '3', found: '1' }
    Object.assign(murmur.library.audit, {
      height: 6,
      commits: 8,
      defects: [defect],
      defectCount: 3,
      unchecked: 2
    })
    expect(await murmur.run('ledger', 'verify')).to.equal(1)
    expect(murmur.stderr.text).to.equal(
      'murmur: The ledger does not hold at height 7: no quorum voted for it (expected 3, found 1). And 2 further defects.\n'
    )
    expect(murmur.stdout.text).to.contain('8 checked; 2 could not be checked').and.to.contain('3 defects')
  })

  it('prints the report as one object with --json', async () => {
    const murmur = await Murmur.at()
    expect(await murmur.run('ledger', 'verify', '--json')).to.equal(0)
    expect(murmur.stdout.json).to.have.length(1)
    expect(murmur.stdout.json[0]).to.include({ sound: true, federation: 'bafyFederation' })
  })

  it('shows a branch, its admin and the reason', async () => {
    const murmur = await Murmur.at()
    const branch = { height: 9, admin: ALICE, reason: 'the others burnt', members: [ALICE], time: 0 }
    Object.assign(murmur.library.audit, { branches: [branch] })
    await murmur.run('ledger', 'verify')
    expect(murmur.stdout.text).to.contain(`BRANCH at height 9: opened without a quorum by ${ALICE}`)
    expect(murmur.stdout.text).to.contain('because: the others burnt')
  })

  it('needs a federation', async () => {
    const murmur = await Murmur.at()
    murmur.library.home = null
    expect(await murmur.run('ledger', 'verify')).to.equal(1)
    expect(murmur.stderr.text).to.contain('There is no federation in')
  })
})
