import { expect } from 'chai'
import { TipKeeper } from '../../../peers/engine/tip.ts'
import { cidOf, encode } from '../../../src/federation/cbor.ts'
import { makeBody } from '../../../src/rounds/index.ts'
import { Ledger, memoryStore, VoteLog } from '../../../src/state/index.ts'
import { NO_CHANGE, someCid, someInput, someManifest, somePeer, someTip } from '../../rounds/ledger.ts'
import type { NextCommit, TipKeeperInit } from '../../../peers/engine/tip.ts'
import type { CommitBody } from '../../../src/federation/records.ts'
import type { LedgerTip } from '../../../src/rounds/index.ts'

/** The commit after a tip, without votes. */
async function after(tip: LedgerTip, admitted: string[] = []): Promise<NextCommit> {
  const change = {
    ...NO_CHANGE,
    admitted,
    admissions: admitted.map((peer) => new TextEncoder().encode(peer))
  }
  const body = makeBody(someInput(tip, { change }))
  return { cid: await cidOf(encode(body)), body, bytes: encode({ body, votes: [] }) }
}

interface Kept {
  keeper: TipKeeper
  ledger: Ledger
  /** Commits that membership follows. */
  followed: CommitBody[]
}

/** A keeper over a new disk, whose membership refuses to admit `unwelcome`. */
function keeperOver(store = memoryStore(), unwelcome = ''): Kept {
  const ledger = new Ledger(store)
  const followed: CommitBody[] = []
  const prepare = async (body: CommitBody): Promise<() => void> => {
    if (body.admissions.some((bytes) => new TextDecoder().decode(bytes) === unwelcome))
      throw new Error('unwelcome')
    return () => void followed.push(body)
  }
  const components = {
    ledger,
    votes: new VoteLog(store),
    membership: { prepare },
    blocks: { hashModel: async () => someCid(2) },
    trainer: { initialWeights: async () => new Float32Array(1), info: { parameters: 1 } }
  }
  const init = { federation: someTip().federation, manifest: someManifest(), components }
  return { keeper: new TipKeeper(init as unknown as TipKeeperInit), ledger, followed }
}

describe('the tip of the ledger', () => {
  it('takes no commit that membership does not accept into the ledger, and goes on with one that it does', async () => {
    const unwelcome = somePeer(9)
    const { keeper, ledger, followed } = keeperOver(memoryStore(), unwelcome)
    const genesis = await keeper.read()
    const refused = await keeper
      .apply(await after(genesis, [unwelcome]))
      .catch((error: Error) => error.message)
    expect(refused).to.equal('unwelcome')
    expect(await ledger.head()).to.equal(undefined)
    expect(keeper.current).to.equal(genesis)
    const accepted = await after(genesis, [somePeer(8)])
    expect((await keeper.apply(accepted))?.cid).to.deep.equal(accepted.cid)
    expect(followed.map(({ height }) => height)).to.deep.equal([1])
  })

  it('has membership follow nothing that could not be written', async () => {
    let isFull = true
    const sync = async (): Promise<void> => {
      if (isFull) throw new Error('ENOSPC')
    }
    const { keeper, followed } = keeperOver(memoryStore({ sync }))
    const next = await after(await keeper.read(), [somePeer(8)])
    expect(await keeper.apply(next).catch((error: Error) => error.message)).to.include('ENOSPC')
    expect(followed).to.deep.equal([])
    isFull = false
    expect((await keeper.apply(next))?.body).to.deep.equal(next.body)
    expect(followed).to.have.length(1)
  })

  it('gives each caller the tip that its own commit made, however close they follow each other', async () => {
    const { keeper } = keeperOver()
    const first = await after(await keeper.read(), [somePeer(8)])
    const second = await after({ ...someTip(), cid: first.cid, body: first.body }, [somePeer(9)])
    const tips = await Promise.all([first, second, first].map((next) => keeper.apply(next)))
    expect(tips.map((tip) => tip?.body.height ?? null)).to.deep.equal([1, 2, null])
  })
})
