import { expect } from 'chai'
import { compare } from 'uint8arrays/compare'
import { evidenceType, voteType } from '../../../src/federation/records.ts'
import { seal } from '../../../src/federation/signed.ts'
import { EvidenceLog } from '../../../src/state/index.ts'
import { Swarm } from './swarm.ts'
import type { EngineEvents } from '../../../peers/engine/events.ts'
import type { Evidence, Vote } from '../../../src/federation/records.ts'
import type { LedgerTip } from '../../../src/rounds/index.ts'
import type { SwarmPeer } from './swarm.ts'

const membership = { faultModel: 'byzantine', banRounds: 3 }

async function signed(swarm: Swarm, by: SwarmPeer, vote: Partial<Vote>): Promise<Uint8Array> {
  const height = (swarm.peers[0].engine.snapshot().tip?.body.height ?? 0) + 1
  const value: Vote = { federation: swarm.federation, height, view: 0, kind: 'prevote', body: null, ...vote }
  return (await seal(voteType, value, by.key)).bytes
}

/** A member tells the others of two votes. */
async function report(swarm: Swarm, by: SwarmPeer, votes: Uint8Array[]): Promise<void> {
  const proof = [...votes].sort(compare) as Evidence
  const record = await seal(evidenceType, { federation: swarm.federation, votes: proof }, by.key)
  await Promise.all(swarm.peers.map(({ engine }) => engine.receive({ kind: 'evidence', signed: record })))
}

/** The first commit of this peer for which it holds. */
async function commit({ engine }: SwarmPeer, holds: (tip: LedgerTip) => boolean): Promise<LedgerTip> {
  return await new Promise((resolve) => {
    const onCommit = ({ detail: { tip } }: EngineEvents['commit']): void => {
      if (!holds(tip)) return
      engine.removeEventListener('commit', onCommit)
      resolve(tip)
    }
    engine.addEventListener('commit', onCommit)
  })
}

const isIn = (tip: LedgerTip, { id }: SwarmPeer): boolean => tip.body.roster.some(({ peer }) => peer === id)

describe('engines with a member that voted twice', () => {
  let swarm: Swarm
  const start = async (): Promise<Swarm> =>
    (swarm = await new Swarm({ members: 4, manifest: { membership } }).start())
  afterEach(() => swarm.stop())

  it('put the proof into the ledger once, ban the member, and take it in again afterwards', async () => {
    const { peers, federation } = await start()
    await swarm.reached(peers[0], 2)
    const votes = [await signed(swarm, peers[3], {}), await signed(swarm, peers[3], { body: federation })]
    const carried = commit(peers[0], ({ body }) => body.evidence != null)
    await report(swarm, peers[1], votes)
    const tip = await carried
    const { height } = tip.body
    expect(tip.body.bans).to.deep.equal([{ peer: peers[3].id, since: height, until: height + 3 }])
    expect(isIn(tip, peers[3])).to.equal(false)
    const back = await commit(peers[0], (later) => {
      expect(later.body.evidence).to.equal(undefined)
      return isIn(later, peers[3])
    })
    expect(back.body.height).to.be.at.least(height + 3)
  })

  it('see it for themselves and tell each other', async () => {
    const { peers, federation } = await start()
    await swarm.reached(peers[0], 2)
    const carried = commit(peers[2], ({ body }) => body.evidence != null)
    // Only one of them sees the contradiction; what it was is decided by when the votes arrive.
    const { engine } = peers[0]
    const liar = peers[3]
    engine.addEventListener('round:start', ({ detail: { height } }) => {
      for (const body of [federation, null]) {
        const vote: Vote = { federation, height, view: 0, kind: 'prevote', body }
        void seal(voteType, vote, liar.key).then((one) => engine.receive({ kind: 'vote', signed: one }))
      }
    })
    expect(isIn(await carried, liar)).to.equal(false)
  })

  it('carry the proof after a restart of the only one that holds it, and forget it then', async () => {
    const { peers, federation } = await start()
    await swarm.reached(peers[0], 2)
    const [witness, , , liar] = peers
    const votes = [await signed(swarm, liar, {}), await signed(swarm, liar, { body: federation })]
    const proof = [...votes].sort(compare) as Evidence
    const record = await seal(evidenceType, { federation: swarm.federation, votes: proof }, witness.key)
    // Cut off, so that it cannot tell anybody before it stops.
    swarm.cut.add(witness.id)
    swarm.connect()
    await witness.engine.receive({ kind: 'evidence', signed: record })
    swarm.kill(witness)
    const carried = commit(peers[1], ({ body }) => body.evidence != null)
    const back = await swarm.revive(witness)
    expect((await carried).body.bans?.map(({ peer }) => peer)).to.deep.equal([liar.id])
    const { body } = await carried
    while ((back.engine.tip?.body.height ?? 0) < body.height) await commit(back, () => true)
    await swarm.reached(back, body.round + 1)
    expect([...(await new EvidenceLog(back.store).all()).keys()]).to.deep.equal([])
  })

  it('believe no proof that is none', async () => {
    const { peers, federation } = await start()
    await swarm.reached(peers[0], 2)
    const [honest] = peers
    const cast = await Promise.all([
      signed(swarm, honest, { body: federation }),
      signed(swarm, honest, { view: 1 }),
      signed(swarm, honest, { kind: 'precommit' }),
      signed(swarm, peers[1], {})
    ])
    const told: string[] = []
    peers[2].engine.addEventListener('evidence:refused', ({ detail }) => told.push(detail.author))
    for (const vote of cast.slice(1)) await report(swarm, peers[3], [cast[0], vote])
    expect(told).to.deep.equal([peers[3].id, peers[3].id, peers[3].id])
    const tip = await commit(peers[2], ({ body }) => body.height >= 6)
    expect(tip.body.bans).to.equal(undefined)
    expect(tip.body.roster).to.have.length(4)
  })
})
