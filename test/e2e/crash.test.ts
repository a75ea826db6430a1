/** Peers that die without a word: kill −9 of real processes in the middle of rounds. One federation lives through it all. */
import { expect } from 'chai'
import { inOneWorld } from './in-world.ts'
import { LOCAL, LONG_ROUNDS } from './world.ts'
import type { JsonEvent, MurmurProcess } from './process.ts'

const idOf = async (peer: MurmurProcess): Promise<string> => String((await peer.event('start'))['peerId'])

/** Whose updates a commit counts. */
const authorsOf = (commit: JsonEvent): string[] =>
  (commit['contributions'] as { author: string }[]).map(({ author }) => author)

/** The commit that completed a round on each of these peers: it must be one and the same. */
async function agreed(peers: readonly MurmurProcess[], round: number): Promise<JsonEvent> {
  const commits = await Promise.all(peers.map((peer) => peer.commit(round)))
  expect(new Set(commits.map(({ cid }) => cid)), `commits of round ${round}`).to.have.length(1)
  return commits[0]
}

describe('a federation whose peers are killed', function () {
  const current = inOneWorld(this)
  let ada: MurmurProcess
  let ben: MurmurProcess
  let cleo: MurmurProcess
  let dan: MurmurProcess

  it('lets a newcomer in during training: from the next round on all hold one commit', async () => {
    const { world } = current
    ;[ada, ben, cleo] = await world.federation(['ada', 'ben', 'cleo'], LONG_ROUNDS)
    await agreed([ada, ben, cleo], 5)
    const invite = await world.invite('ada')
    dan = world.start('dan', ['join', invite, '--yes', '--data', world.path('tiny.csv'), ...LOCAL])
    const dansId = await idOf(dan)
    const isAdmission = ({ admitted }: JsonEvent): boolean => (admitted as string[]).includes(dansId)
    const { round } = await ada.event('commit', isAdmission)
    await agreed([ada, ben, cleo, dan], Number(round) + 1)
    await ada.event('commit', (commit) => authorsOf(commit).includes(dansId))
  })

  it('goes on without one that was killed in training, which returns to where the others are', async () => {
    const { world } = current
    const dansId = await idOf(dan)
    const { round } = await dan.amidTraining()
    await dan.kill('SIGKILL')
    const next = await agreed([ada, ben, cleo], Number(round) + 1)
    expect(authorsOf(next)).to.have.length.of.at.least(2).and.not.to.include(dansId)

    dan = world.start('dan', ['start', ...LOCAL])
    const counts = (commit: JsonEvent): boolean =>
      Number(commit['round']) > Number(next['round']) && authorsOf(commit).includes(dansId)
    const back = await ada.event('commit', counts)
    await agreed([ada, ben, cleo, dan], Number(back['round']) + 1)
  })

  it('completes the round in which one was killed while updates were exchanged', async () => {
    const seen = cleo.events.length
    const { height } = await cleo.event('update:accepted', (event) => cleo.events.indexOf(event) >= seen)
    await cleo.kill('SIGKILL')
    const { round } = await ada.event('round:start', (event) => event['height'] === height)
    await agreed([ada, ben, dan], Number(round))
    await agreed([ada, ben, dan], Number(round) + 1)
  })

  it('goes on from the ledger after all were killed', async () => {
    const { world } = current
    const peers = [ada, ben, dan]
    await Promise.all(peers.map((peer) => peer.kill('SIGKILL')))
    const last = Math.max(...peers.map(({ round }) => round))
    const kept = ada.events.filter(({ event }) => event === 'commit')

    const names = ['ada', 'ben', 'cleo', 'dan']
    const again = names.map((name) => world.start(name, ['start', ...LOCAL]))
    await agreed(again, last + 2)
    const args = ['ledger', '--limit', '1000', '--home', world.path('cleo'), '--json']
    const { json: ledger } = await world.murmur(args)
    for (const { height, cid } of kept) {
      expect(ledger.find((commit) => commit['height'] === height)?.['cid']).to.equal(cid)
    }
    expect(ledger.map(({ height }) => height)).to.deep.equal(ledger.map((_, i) => i + 1))
  })
})
