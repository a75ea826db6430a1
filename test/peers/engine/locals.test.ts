/** FedBN: layers that stay with each member, over rounds and restarts. */
import { expect } from 'chai'
import { decode } from '../../../src/federation/cbor.ts'
import { commitType } from '../../../src/federation/records.ts'
import { Ledger } from '../../../src/state/index.ts'
import { localParts } from '../../../src/model/local.ts'
import { LENGTH, Swarm } from './swarm.ts'
import type { StateStore } from '../../../src/state/index.ts'

/** Ten weights, of which batch normalisation has four. */
const layers = [
  { class_name: 'BatchNormalization', config: { name: 'norm' } },
  ...['a', 'b', 'c'].map((name) => ({ class_name: 'Dense', config: { name, units: 1 } }))
]
const topology = JSON.stringify({ class_name: 'Sequential', config: { layers } })
const ROUNDS = 8

/** How many updates of a member the ledger counts. */
async function countedOf(store: StateStore, id: string): Promise<number> {
  let count = 0
  for await (const { bytes } of new Ledger(store).range(1)) {
    const { contributions } = decode(commitType, bytes).body
    if (contributions.some(({ author, refused }) => author === id && refused == null)) count++
  }
  return count
}

describe('a federation whose members keep their batch normalisation', function () {
  this.timeout(20_000)
  let swarm: Swarm

  afterEach(() => swarm.stop())

  it('averages the rest; each trains on from its own, over a restart too', async () => {
    swarm = new Swarm({
      manifest: {
        model: { architecture: { topology } },
        training: { local: 'batchNormalization', loss: 'meanSquaredError' },
        rounds: { startMembers: 4, minContributors: 2, maxMissed: 1000, stop: { rounds: ROUNDS } }
      },
      samples: () => 10,
      train: (member) => new Float32Array(LENGTH).fill(member + 1)
    })
    await swarm.start()
    const [first, , third] = swarm.peers
    await swarm.reached(first, 2)
    swarm.kill(third)
    await swarm.reached(first, 4)
    await swarm.revive(third)
    await Promise.all(swarm.peers.map((peer) => swarm.reached(peer, ROUNDS)))
    await Promise.all(swarm.peers.map((peer) => swarm.until(peer, ({ settled }) => settled)))
    const parts = localParts(swarm.manifest)
    const isLocal = (i: number): boolean => parts.some(({ from, to }) => i >= from && i < to)
    for (const [member, { engine, store }] of swarm.peers.entries()) {
      const own = await engine.ownWeights()
      const counted = await countedOf(store, swarm.peers[member].id)
      expect(counted).to.be.within(member === 2 ? 2 : ROUNDS - 1, ROUNDS)
      for (let i = 0; i < LENGTH; i++) {
        expect(engine.weights?.[i]).to.equal(isLocal(i) ? 0 : first.engine.weights?.[i])
        expect(own?.[i]).to.equal(isLocal(i) ? counted * (member + 1) : engine.weights?.[i])
      }
    }
    expect(first.engine.weights?.some((value) => value > ROUNDS)).to.equal(true)
  })
})
