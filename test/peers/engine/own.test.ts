import { expect } from 'chai'
import { Swarm } from './swarm.ts'
import type { EngineSnapshot } from '../../../peers/engine/events.ts'

const ROUND = 3
const BACK = 2

describe('a peer that restarts after it has trained', () => {
  let swarm: Swarm

  afterEach(() => swarm.stop())

  it('gives up training again once its update of before is here', async () => {
    const gate = Promise.withResolvers<void>()
    let attempts = 0
    const hold = async (round: number, member: number): Promise<void> => {
      if (round !== ROUND) return
      if (member === 0) await gate.promise
      // To train again would never end.
      if (member === BACK && ++attempts > 1) await new Promise(() => {})
    }
    const rounds = { startMembers: 4, minContributors: 4, stop: { rounds: ROUND + 1 } }
    swarm = await new Swarm({ manifest: { rounds }, hold }).start()
    const { id } = swarm.peers[BACK]
    const has = ({ round, updated }: EngineSnapshot): boolean => round === ROUND && updated.includes(id)
    await Promise.all(swarm.peers.map((peer) => swarm.until(peer, has)))
    swarm.kill(swarm.peers[BACK])
    const back = await swarm.revive(swarm.peers[BACK])
    const trained: number[] = []
    back.engine.addEventListener('training:end', ({ detail }) => trained.push(detail.round))
    await swarm.until(back, (now) => has(now) && !now.training)
    gate.resolve()
    await Promise.all(swarm.peers.map((peer) => swarm.reached(peer, ROUND + 1)))
    expect(attempts).to.equal(2)
    expect(trained).to.deep.equal([ROUND + 1])
  })
})
