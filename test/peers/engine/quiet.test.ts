/** Engines whose network fell apart without a word, or whose host's clock was set. */
import { expect } from 'chai'
import { VirtualClock } from '../../helpers/virtual-clock.ts'
import { engineClock, Swarm } from './swarm.ts'
import { passUntil, roundsOf, SHORT_ROUNDS } from './virtual.ts'
import type { EngineSnapshot } from '../../../peers/engine/events.ts'
import type { SwarmPeer } from './swarm.ts'

const HOUR_MS = 3_600_000

describe('engines', () => {
  let clock: VirtualClock
  let swarm: Swarm

  afterEach(() => swarm.stop())

  const until = async (condition: () => boolean): Promise<void> => await passUntil(clock, condition, 60_000)

  /** All four have completed two rounds. */
  async function running(now?: () => number): Promise<SwarmPeer[]> {
    clock = new VirtualClock()
    swarm = await new Swarm({ clock: engineClock(clock, now), manifest: SHORT_ROUNDS }).start()
    await until(() => swarm.peers.every((peer) => roundsOf(peer) >= 2))
    return swarm.peers
  }

  it('are quiet when half of them is silent, though connected, and know who voted', async () => {
    const [a, b, c, d] = await running()
    const said: EngineSnapshot[] = []
    a.engine.addEventListener('change', ({ detail }) => said.push(detail))
    expect(a.engine.snapshot().quiet).to.equal(false)
    swarm.cut.add(c.id)
    swarm.cut.add(d.id)
    await until(() => a.engine.snapshot().quiet && /^pre/.test(a.engine.snapshot().step))
    const { voted } = a.engine.snapshot()
    expect(voted).to.have.members([a.id, b.id])
    expect(said.at(-1)?.quiet).to.equal(true)

    swarm.cut.clear()
    await until(() => !a.engine.snapshot().quiet)
    const before = roundsOf(a)
    await until(() => swarm.peers.every((peer) => roundsOf(peer) > before))
    expect(said.at(-1)?.quiet).to.equal(false)
  })

  it('close a round at its deadline although the clock of the host was set back by an hour', async () => {
    let shiftMs = 0
    const [a, b, c, d] = await running(() => clock.nowMs() + shiftMs)
    // The others still hold it for connected, and wait for its update until the deadline.
    swarm.cut.add(d.id)
    const awaitsOne = ({ engine }: SwarmPeer): boolean => {
      const { step, updated } = engine.snapshot()
      return step === 'collect' && updated.length === 3
    }
    await until(() => [a, b, c].every(awaitsOne))
    shiftMs = -HOUR_MS
    const before = roundsOf(a)
    await until(() => [a, b, c].every((peer) => roundsOf(peer) > before))
  })
})
