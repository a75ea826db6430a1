/** A rule that trusts one member: rounds go on without its update, and come to nothing. */
import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { expect } from 'chai'
import { decode, rawCidOf } from '../../../src/federation/cbor.ts'
import { commitType } from '../../../src/federation/records.ts'
import { lackedRoot } from '../../../src/rounds/index.ts'
import { Ledger } from '../../../src/state/index.ts'
import { floatsToBytes } from '../../../src/vectors.ts'
import { LENGTH, Swarm } from './swarm.ts'
import type { CommitBody } from '../../../src/federation/records.ts'
import type { LedgerTip } from '../../../src/rounds/index.ts'
import type { SwarmOptions, SwarmPeer } from './swarm.ts'

const ROUNDS = 4
const rounds = { startMembers: 3, minContributors: 2, stop: { rounds: ROUNDS } }

const tipOf = ({ engine }: SwarmPeer): LedgerTip => engine.snapshot().tip as LedgerTip

async function bodiesOf({ store }: SwarmPeer): Promise<CommitBody[]> {
  const bodies = []
  for await (const { bytes } of new Ledger(store).range(1)) bodies.push(decode(commitType, bytes).body)
  return bodies.filter(({ contributions }) => contributions.length > 0)
}

describe('a federation that trusts one member', function () {
  this.timeout(20_000)
  let swarm: Swarm

  afterEach(() => swarm.stop())

  /** The founder adds 1 to every weight, the second member as much and more, the third takes away. */
  const start = async (aggregation: object, options: SwarmOptions = {}): Promise<readonly SwarmPeer[]> => {
    const train = (member: number): Float32Array => new Float32Array(LENGTH).fill([1, 50, -1000][member])
    swarm = await new Swarm({ members: 3, manifest: { rounds, aggregation }, train, ...options }).start()
    return swarm.peers
  }
  const end = async (peers: readonly SwarmPeer[]): Promise<void> => {
    await Promise.all(peers.map((peer) => swarm.reached(peer, ROUNDS)))
    await Promise.all(peers.map((peer) => swarm.until(peer, ({ settled }) => settled)))
  }
  const modelOf = ({ engine }: SwarmPeer): Float32Array | undefined => engine.vectors?.[0]

  it('goes the founder’s way, as far as the founder does', async () => {
    const peers = await start({ rule: { name: 'fltrust' } })
    await end(peers)
    const bodies = await bodiesOf(peers[0])
    const trained = bodies.filter(({ contributions }) =>
      contributions.some(({ author }) => author === peers[0].id)
    )
    for (const peer of peers)
      expect(modelOf(peer)).to.deep.equal(new Float32Array(LENGTH).fill(trained.length))
    expect(trained.length).to.be.above(0)
  })

  it('goes the way of the member that the manifest names', async () => {
    const keys = await Promise.all([1, 2].map(async () => await generateKeyPair('Ed25519')))
    const root = peerIdFromPrivateKey(keys[1]).toString()
    const peers = await start({ rule: { name: 'fltrust', root } }, { keys })
    await swarm.reached(peers[1], 1)
    const bodies = await bodiesOf(peers[1])
    expect(bodies[0].contributions.some(({ author }) => author === root)).to.equal(true)
    const first = String(await rawCidOf(floatsToBytes(new Float32Array(LENGTH).fill(50))))
    expect(String(bodies[0].model)).to.equal(first)
  })

  it('goes on without its update: rounds count, the model stays, and the commit shows whose is lacking', async () => {
    // It never has trained.
    const hold = async (_round: number, member: number): Promise<void> => {
      if (member === 0) await new Promise<void>(() => {})
    }
    const peers = await start({ rule: { name: 'fltrust' } }, { hold })
    const others = peers.slice(1)
    await end(others)
    const bodies = await bodiesOf(others[0])
    expect(bodies.map(({ round }) => round)).to.deep.equal([1, 2, 3, 4])
    for (const { contributions } of bodies) {
      expect(contributions.map(({ author }) => author)).to.have.members(others.map(({ id }) => id))
      expect(contributions.every(({ refused }) => refused == null)).to.equal(true)
    }
    for (const peer of others) {
      expect(modelOf(peer)).to.deep.equal(new Float32Array(LENGTH))
      expect(lackedRoot(tipOf(peer))).to.equal(peers[0].id)
    }
  })

  it('learns nothing in a round in which its update is refused', async () => {
    const peers = await start(
      { rule: { name: 'fltrust' }, maxNorm: 10_000 },
      {
        train: (member, { round }) =>
          new Float32Array(LENGTH).fill(member > 0 ? member : round === 2 ? 1e6 : 1)
      }
    )
    await end(peers)
    const models = new Map((await bodiesOf(peers[1])).map(({ round, model }) => [round, String(model)]))
    expect(models.get(2)).to.equal(models.get(1))
    expect(models.get(3)).to.not.equal(models.get(2))
    expect(lackedRoot(tipOf(peers[1]))).to.equal(null)
  })
})

describe('whose update a commit lacks', () => {
  it('is nobody’s where the rule trusts nobody, or no update counts', async () => {
    const swarm = await new Swarm({
      members: 2,
      manifest: { rounds: { ...rounds, startMembers: 2 } }
    }).start()
    const [peer] = swarm.peers
    expect(lackedRoot(tipOf(peer))).to.equal(null)
    await swarm.reached(peer, 1)
    expect(lackedRoot(tipOf(peer))).to.equal(null)
    swarm.stop()
  })
})
