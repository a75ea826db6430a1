/** A member that lies, among real processes: the honest go on together, and it is found out. */
import { expect } from 'chai'
import { inWorlds } from '../in-world.ts'
import { memberAt, withHostile } from './federation.ts'
import type { JsonEvent } from '../process.ts'

describe('a federation of real peers with a hostile member', function () {
  const current = inWorlds(this)

  it('proves by two signed votes that it equivocates, bans it, and goes on without it', async () => {
    const { world } = current
    const { honest, hostileId } = await withHostile(world, 'equivocate')
    const isProof = (commit: JsonEvent): boolean => (commit['evidence'] as unknown[]).length > 0
    const commit = await honest[0].event('commit', isProof)
    const [proof] = commit['evidence'] as { offender: string; untilHeight: number }[]
    expect(proof.offender).to.equal(hostileId)
    expect(commit['roster']).to.have.length(4).and.not.to.include(hostileId)

    const after = Number(commit['round']) + 5
    const commits = await Promise.all(honest.map((peer) => peer.commit(after)))
    expect(new Set(commits.map(({ cid }) => cid))).to.have.length(1)
    for (const name of ['ada', 'dan']) {
      const { bans, inRoster } = await memberAt(world, name, hostileId)
      expect(inRoster).to.equal(false)
      expect(bans[0]).to.deep.include({ by: 'ledger', untilHeight: proof.untilHeight })
      expect(bans[0].reason).to.equal(
        `it voted twice in one step: the proof is in the commit of height ${commit['height']}`
      )
    }
    const { stdout } = await world.murmur(['peers', '--home', world.path('ben')])
    expect(stdout).to.include(`${hostileId} is banned by the ledger until height ${proof.untilHeight}`)
  })
})
