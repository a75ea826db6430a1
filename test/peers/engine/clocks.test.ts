/** Engines whose hosts disagree on what time it is. */
import { expect } from 'chai'
import { VirtualClock } from '../../helpers/virtual-clock.ts'
import { engineClock, Swarm } from './swarm.ts'
import { passUntil, roundsOf, SHORT_ROUNDS } from './virtual.ts'
import type { WrongClock } from '../../../peers/engine/clocks.ts'
import type { SwarmPeer } from './swarm.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

describe('engines whose hosts’ clocks differ', () => {
  let clock: VirtualClock
  let swarm: Swarm
  /** How far each host's clock is set. */
  let shiftsMs: number[]

  afterEach(() => swarm.stop())

  const until = async (condition: () => boolean): Promise<void> => await passUntil(clock, condition, 600_000)

  const wrong = (peer: SwarmPeer): WrongClock[] => peer.engine.snapshot().clocks
  const roughlyMinutes = (peer: SwarmPeer): number[] =>
    wrong(peer).map(({ aheadMs }) => Math.round(aheadMs / MINUTE_MS))

  /** All four have completed two rounds. */
  async function running(): Promise<SwarmPeer[]> {
    clock = new VirtualClock()
    shiftsMs = [0, 0, 0, 0]
    const clockOf = (member: number): ReturnType<typeof engineClock> =>
      engineClock(clock, () => clock.nowMs() + HOUR_MS + shiftsMs[member])
    swarm = await new Swarm({ clock: clockOf, manifest: SHORT_ROUNDS }).start()
    await until(() => swarm.peers.every((peer) => roundsOf(peer) >= 2))
    return swarm.peers
  }

  it('say of nobody that its clock is wrong while all are within five minutes', async () => {
    await running()
    shiftsMs = [4 * MINUTE_MS, 0, 0, 0]
    const said: WrongClock[] = []
    for (const { engine } of swarm.peers)
      engine.addEventListener('change', ({ detail }) => said.push(...detail.clocks))
    const before = roundsOf(swarm.peers[0])
    await until(() => swarm.peers.every((peer) => roundsOf(peer) >= before + 6))
    expect(said).to.deep.equal([])
  })

  it('know on the one that is behind by how much, and that all others are ahead; not once it is set', async () => {
    const [, , , late] = await running()
    shiftsMs[3] = -7 * MINUTE_MS
    await until(() => wrong(late).length >= 2)
    for (const minutes of roughlyMinutes(late)) expect(minutes).to.equal(7)
    shiftsMs[3] = 0
    expect(wrong(late)).to.deep.equal([])
  })

  it('know on the one that is ahead that all others are behind, and on these that it is ahead', async () => {
    const [a, , , early] = await running()
    shiftsMs[3] = 8 * MINUTE_MS
    await until(() => wrong(early).length >= 2)
    // At least so much: what is not known is how long ago a proposal was made.
    for (const minutes of roughlyMinutes(early)) expect(minutes).to.be.within(-8, -7)
    await until(() => wrong(a).length > 0)
    expect(wrong(a).map(({ peer }) => peer)).to.deep.equal([early.id])
    expect(roughlyMinutes(a)).to.deep.equal([8])
    shiftsMs[3] = 0
    expect(wrong(early)).to.deep.equal([])
    const before = roundsOf(a)
    await until(() => roundsOf(a) >= before + 4 && wrong(a).length === 0)
  })

  it('go on in the first view when clocks that were an hour ahead are set right, though the last commit is of a time to come', async () => {
    const peers = await running()
    shiftsMs = [HOUR_MS, HOUR_MS, HOUR_MS, HOUR_MS]
    const isToCome = ({ engine }: SwarmPeer): boolean =>
      (engine.tip?.body.time ?? 0) > clock.nowMs() + HOUR_MS + 30 * MINUTE_MS
    await until(() => peers.every(isToCome))
    shiftsMs = [0, 0, 0, 0]
    const before = roundsOf(peers[0])
    await until(() => peers.every((peer) => roundsOf(peer) > before))
    const views: number[] = []
    for (const { engine } of peers)
      engine.addEventListener('view:change', ({ detail }) => views.push(detail.view))
    await until(() => peers.every((peer) => roundsOf(peer) > before + 2))
    expect(views).to.deep.equal([])
    await until(() => peers.every((peer) => wrong(peer).length === 0))
  })
})
