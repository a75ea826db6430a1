/** Peers that die without a word: kill −9 of real processes in the middle of rounds. */
import { expect } from 'chai'
import { inWorlds } from './in-world.ts'
import { LOCAL } from './world.ts'
import type { JsonEvent, MurmurProcess } from './process.ts'

const NAMES = ['ada', 'ben', 'cleo', 'dan']
/** A round long enough to be killed in, short enough to wait for. */
const EPOCHS = 20

const authorsOf = (commit: JsonEvent): string[] =>
  (commit['contributions'] as { author: string; refused?: string }[]).map(({ author }) => author)
const idOf = async (peer: MurmurProcess): Promise<string> => String((await peer.event('start'))['peerId'])
/** The commit that completed a round, on each of these peers, and that it is one and the same. */
async function agreed(peers: readonly MurmurProcess[], round: number): Promise<JsonEvent> {
  const commits = await Promise.all(peers.map((peer) => peer.commit(round)))
  expect(new Set(commits.map(({ cid }) => cid)), `commits of round ${round}`).to.have.length(1)
  return commits[0]
}

describe('peers that are killed', function () {
  const current = inWorlds(this)

  it('one of four, in training: the others go on without it; it returns, and a newcomer joins', async () => {
    const { world } = current
    const peers = await world.federation(NAMES, { epochs: EPOCHS })
    const [ada, ben, cleo, dan] = peers
    const dansId = await idOf(dan)
    await agreed(peers, 1)
    const { round: killedIn } = await dan.event('training:progress', ({ round }) => Number(round) > 1)
    await dan.kill('SIGKILL')

    const others = [ada, ben, cleo]
    const next = await agreed(others, Number(killedIn) + 1)
    expect(authorsOf(next)).to.have.length(3).and.not.to.include(dansId)

    const returned = world.start('dan', ['start', ...LOCAL])
    const { round: back } = await ada.event(
      'commit',
      (commit) => Number(commit['round']) > Number(next['round']) && authorsOf(commit).includes(dansId)
    )
    await agreed([...others, returned], Number(back) + 1)

    const invite = await world.invite('ada')
    const eve = world.start('eve', ['join', invite, '--yes', '--data', world.path('tiny.csv'), ...LOCAL])
    const evesId = await idOf(eve)
    const { round: joinedIn } = await ada.event('commit', ({ admitted }) =>
      (admitted as string[]).includes(evesId)
    )
    const after = await agreed([...others, returned, eve], Number(joinedIn) + 1)
    expect(authorsOf(after)).to.include(evesId)
  })

  it('one of four, while updates are exchanged: the round completes', async () => {
    const { world } = current
    const peers = await world.federation(NAMES, { epochs: EPOCHS })
    const [ada, ben, cleo, dan] = peers
    const { height } = await dan.event('update:accepted', (update) => Number(update['height']) > 3)
    const { round } = (await ada.event('round:start', (start) => start['height'] === height)) as {
      round?: number
    }
    await dan.kill('SIGKILL')
    await agreed([ada, ben, cleo], Number(round))
    await agreed([ada, ben, cleo], Number(round) + 1)
  })

  it('all of them: started again they go on from the ledger', async () => {
    const { world } = current
    const names = NAMES.slice(0, 3)
    const peers = await world.federation(names, { epochs: EPOCHS })
    await agreed(peers, 2)
    await Promise.all(peers.map((peer) => peer.kill('SIGKILL')))
    const before = Math.max(...peers.map(({ round }) => round))
    const kept = peers.flatMap(({ events }) => events.filter(({ event }) => event === 'commit'))

    const again = names.map((name) => world.start(name, ['start', ...LOCAL]))
    await agreed(again, before + 2)
    const { json: ledger } = await world.murmur([
      'ledger',
      '--limit',
      '1000',
      '--home',
      world.path(names[1]),
      '--json'
    ])
    for (const { height, cid } of kept) {
      expect(ledger.find((commit) => commit['height'] === height)?.['cid']).to.equal(cid)
    }
    expect(ledger.map(({ height }) => height)).to.deep.equal(ledger.map((_, i) => i + 1))
  })
})
