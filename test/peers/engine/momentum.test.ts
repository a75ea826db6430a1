/** Worker momentum over rounds, restarts and updates that were not counted. */
import { expect } from 'chai'
import { decode } from '../../../src/federation/cbor.ts'
import { commitType } from '../../../src/federation/records.ts'
import { CountedLog, Ledger, ResidualLog } from '../../../src/state/index.ts'
import { floatsFromBytes } from '../../../src/vectors.ts'
import { LENGTH, Swarm } from './swarm.ts'
import type { CommitBody } from '../../../src/federation/records.ts'
import type { SwarmPeer } from './swarm.ts'

const BETA = 0.8
const ROUNDS = 10
const MEMBERS = 4

/** What member i trains in a round. */
const trained = (member: number, round: number): number => (member + 1) * Math.sin(round * (member + 2))

/** A member's mean of the deltas that were counted, those of earlier rounds counting β as much a round. */
function momentumOf(member: number, counted: readonly number[]): number {
  const now = counted[counted.length - 1]
  const weights = counted.map((round) => BETA ** (now - round))
  const sum = weights.reduce((total, weight, k) => total + weight * trained(member, counted[k]), 0)
  return sum / weights.reduce((a, b) => a + b)
}

async function bodiesOf({ store }: SwarmPeer): Promise<CommitBody[]> {
  const bodies = []
  for await (const { bytes } of new Ledger(store).range(1)) bodies.push(decode(commitType, bytes).body)
  return bodies
}

/** The model that follows from who was counted when, and how often each was. */
async function expected({ peers }: Swarm): Promise<{ model: number; counts: number[] }> {
  const counted: number[][] = peers.map(() => [])
  let model = 0
  for (const { round, contributions } of await bodiesOf(peers[0])) {
    const counting = contributions.filter(({ refused }) => refused == null)
    const members = counting.map(({ author }) => peers.findIndex(({ id }) => id === author))
    let sum = 0
    for (const member of members) sum += momentumOf(member, [...counted[member], round])
    for (const member of members) counted[member].push(round)
    if (members.length > 0) model += sum / members.length
  }
  return { model, counts: counted.map((rounds) => rounds.length) }
}

/** What this peer's last update left out. */
async function residualOf({ store, blocks }: SwarmPeer): Promise<Float32Array> {
  const { sent } = await new ResidualLog(store).get()
  const bytes = blocks.get(String(sent[sent.length - 1].residual))
  return floatsFromBytes(bytes ?? new Uint8Array())
}

describe('a federation whose members send momentum', function () {
  this.timeout(20_000)
  let swarm: Swarm

  afterEach(() => swarm.stop())

  const start = async ({ exchange = {}, minContributors = 2 } = {}): Promise<readonly SwarmPeer[]> => {
    swarm = new Swarm({
      members: MEMBERS,
      manifest: {
        training: { client: { name: 'workerMomentum', beta: BETA } },
        rounds: { startMembers: MEMBERS, minContributors, maxMissed: 1000, stop: { rounds: ROUNDS } },
        exchange
      },
      samples: () => 10,
      train: (member, { round }) => new Float32Array(LENGTH).fill(trained(member, round))
    })
    return (await swarm.start()).peers
  }

  it('each goes on from what was counted, over a crash in a round and rounds away', async () => {
    const [first, , third] = await start()
    await swarm.reached(first, 2)
    swarm.kill(third)
    await swarm.reached(first, 5)
    await swarm.revive(third)
    await Promise.all(swarm.peers.map((peer) => swarm.reached(peer, ROUNDS)))
    const { model, counts } = await expected(swarm)
    expect(counts[2]).to.be.within(2, ROUNDS - 2)
    expect(counts[0]).to.be.at.least(ROUNDS - 1)
    for (const { engine } of swarm.peers)
      for (const value of engine.weights ?? []) expect(value).to.be.closeTo(model, 1e-4)
  })

  it('keeps its momentum out of what is deleted', async () => {
    const [peer] = await start()
    await swarm.reached(peer, 4)
    swarm.stop()
    const [made] = await new CountedLog(peer.store, 'momentum').get()
    expect(swarm.kept.get(peer.id)?.at(-1)).to.include(String(made.vector))
  })

  it('comes before the codec, whose error feedback makes good for what that leaves out', async () => {
    const codec = { name: 'topk', fraction: 0.2, values: 'fp32' }
    const [first] = await start({ exchange: { codec }, minContributors: MEMBERS })
    await Promise.all(swarm.peers.map((peer) => swarm.reached(peer, ROUNDS)))
    const { model } = await expected(swarm)
    const left = await Promise.all(swarm.peers.map(residualOf))
    const all = [...(first.engine.weights ?? [])].map(
      (value, i) => value + left.reduce((sum, residual) => sum + residual[i], 0) / MEMBERS
    )
    for (const value of all) expect(value).to.be.closeTo(model, 1e-4)
    expect(left.flatMap((residual) => [...residual]).some((value) => Math.abs(value) > 0.1)).to.equal(true)
  })
})
