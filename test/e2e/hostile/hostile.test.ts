/** A member that lies, among real processes: the honest go on together, and it is found out. All: hostile.long.ts. */
import { expect } from 'chai'
import { inOneWorld } from '../in-world.ts'
import { joinedBy, memberAt, progress, provenGuilty, turnedAway, withHostile } from './federation.ts'
import type { MurmurProcess } from '../process.ts'

const ROUNDS = 5

describe('a federation of real peers with a hostile member', function () {
  const current = inOneWorld(this)
  let honest: MurmurProcess[]

  it('proves by two signed votes that it equivocates, bans it, and goes on without it', async () => {
    const { world } = current
    const federation = await withHostile(world, 'equivocate')
    const { hostile, hostileId } = federation
    honest = federation.honest
    const commit = await provenGuilty(federation)
    const [proof] = commit['evidence'] as { untilHeight: number }[]
    expect(commit['roster']).to.have.length(4).and.not.to.include(hostileId)
    await progress(federation, ROUNDS)
    for (const name of ['ada', 'dan']) {
      const { bans, inRoster } = await memberAt(world, name, hostileId)
      expect(inRoster).to.equal(false)
      expect(bans[0]).to.deep.equal({
        by: 'ledger',
        untilHeight: proof.untilHeight,
        reason: `it voted twice in one step: the proof is in the commit of height ${commit['height']}`
      })
    }
    const { stdout } = await world.murmur(['peers', '--home', world.path('ben')])
    expect(stdout).to.include(`${hostileId} is banned by the ledger until height ${proof.untilHeight}`)
    await hostile.kill('SIGKILL')
  })

  it('turns away one that sends what nobody can read, says why, and goes on without it', async () => {
    const { world } = current
    const federation = await joinedBy(world, honest, { name: 'finn', strategy: 'garbage' })
    await turnedAway(federation)
    await federation.hostile.event(
      'member:refused',
      ({ code, local }) => code === 'misbehaved' && local === false
    )
    await progress(federation, ROUNDS)
    const { bans, connected } = await memberAt(world, 'cleo', federation.hostileId)
    expect(connected).to.equal(false)
    expect(bans.map(({ by }) => by)).to.deep.equal(['peer'])
    // It also proposes nonsense when it is its turn: what came last is named.
    expect(bans[0]?.reason).to.match(/nobody can read|proposed what does not follow/)
  })
})
