import { expect } from 'chai'
import all from 'it-all'
import { cidOf } from '../../src/federation/cbor.ts'
import { Ledger, memoryStore, VoteLog } from '../../src/state/index.ts'
import { failure } from '../compliance/state-store.ts'
import type { LedgerEntry, StateStore } from '../../src/state/index.ts'

/** A commit stand-in: the ledger does not look inside. */
async function entry(height: number, variant = 0): Promise<LedgerEntry> {
  const bytes = Uint8Array.of(height & 0xff, height >> 8, variant)
  return { height, cid: await cidOf(bytes), bytes }
}

async function ledgerOf(count: number, store: StateStore = memoryStore()): Promise<Ledger> {
  const ledger = new Ledger(store)
  for (let height = 1; height <= count; height++) await ledger.append(await entry(height))
  return ledger
}

const heights = async (entries: AsyncIterable<LedgerEntry>) => (await all(entries)).map((e) => e.height)

describe('ledger', () => {
  it('is empty at first', async () => {
    const ledger = new Ledger(memoryStore())
    expect(await ledger.head()).to.equal(undefined)
    expect(await ledger.get(1)).to.equal(undefined)
    expect(await all(ledger.range(0))).to.deep.equal([])
  })

  it('finds a commit by height, by CID and as head', async () => {
    const ledger = await ledgerOf(12)
    const twelve = await entry(12)
    expect(await ledger.head()).to.deep.equal(twelve)
    expect(await ledger.get(12)).to.deep.equal(twelve)
    expect(await ledger.byCid(twelve.cid)).to.deep.equal(twelve)
    expect(await ledger.byCid((await entry(13)).cid)).to.equal(undefined)
  })

  it('ranges ascend by number, not by text, and stop at the limit and at the head', async () => {
    const ledger = await ledgerOf(12)
    expect(await heights(ledger.range(8))).to.deep.equal([8, 9, 10, 11, 12])
    expect(await heights(ledger.range(9, 2))).to.deep.equal([9, 10])
    expect(await heights(ledger.range(13))).to.deep.equal([])
  })

  it('is the same after opening the store again', async () => {
    const store = memoryStore()
    await ledgerOf(3, store)
    expect((await new Ledger(store.crash()).head())?.height).to.equal(3)
  })

  it('refuses a gap, and says which commit comes next', async () => {
    const ledger = await ledgerOf(2)
    const error = await failure(ledger.append(await entry(4)))
    expect(error.name).to.equal('LedgerGapError')
    expect(error.message).to.contain('commit 3 comes next')
  })

  it('refuses another commit at a height that has one', async () => {
    const ledger = await ledgerOf(3)
    for (const height of [2, 3]) {
      expect((await failure(ledger.append(await entry(height, 1)))).name).to.equal('LedgerConflictError')
    }
    expect((await ledger.get(3))?.cid).to.deep.equal((await entry(3)).cid)
  })

  it('takes the same commit twice, and then writes only what comes with it', async () => {
    const store = memoryStore()
    const ledger = await ledgerOf(3, store)
    await ledger.append(await entry(2), [{ key: 'extra', value: Uint8Array.of(1) }])
    expect((await ledger.head())?.height).to.equal(3)
    expect(await store.get('extra')).to.deep.equal(Uint8Array.of(1))
  })

  it('may start at a later height, and has nothing below it', async () => {
    const ledger = new Ledger(memoryStore())
    await ledger.append(await entry(7))
    await ledger.append(await entry(8))
    expect(await heights(ledger.range(7))).to.deep.equal([7, 8])
    expect((await failure(ledger.append(await entry(6)))).name).to.equal('LedgerGapError')
  })

  it('writes the commit and what comes with it in one batch, or nothing', async () => {
    const batches: number[] = []
    const store = memoryStore({
      sync: async (writes) => {
        batches.push(writes.length)
        if (batches.length > 1) throw new Error('disk full')
      }
    })
    const ledger = new Ledger(store)
    await ledger.append(await entry(1), [{ key: 'roster', value: Uint8Array.of(1) }])
    expect(batches).to.deep.equal([3])
    const failed = ledger.append(await entry(2), [{ key: 'roster', value: Uint8Array.of(2) }])
    expect((await failure(failed)).message).to.equal('disk full')
    expect((await ledger.head())?.height).to.equal(1)
    expect(await store.get('roster')).to.deep.equal(Uint8Array.of(1))
  })

  it('names the entry that is damaged', async () => {
    const store = memoryStore()
    const ledger = await ledgerOf(1, store)
    await store.write([{ key: 'ledger/commit/0000000000000001', value: Uint8Array.of(1) }])
    const error = await failure(ledger.head())
    expect(error.name).to.equal('LedgerCorruptError')
    expect(error.message).to.contain('ledger/commit/0000000000000001')
  })
})

describe('vote log', () => {
  it('gives back the newest state of a height', async () => {
    const log = new VoteLog(memoryStore())
    await log.put(3, Uint8Array.of(1))
    await log.put(3, Uint8Array.of(2))
    expect(await log.get(3)).to.deep.equal(Uint8Array.of(2))
    expect(await log.get(4)).to.equal(undefined)
  })

  it('finds the greatest height', async () => {
    const log = new VoteLog(memoryStore())
    expect(await log.latest()).to.equal(undefined)
    await log.put(9, Uint8Array.of(9))
    await log.put(10, Uint8Array.of(10))
    expect(await log.latest()).to.deep.equal({ height: 10, state: Uint8Array.of(10) })
  })

  it('is on disk when put resolves', async () => {
    const store = memoryStore()
    await new VoteLog(store).put(1, Uint8Array.of(1))
    expect(await new VoteLog(store.crash()).get(1)).to.deep.equal(Uint8Array.of(1))
  })

  it('is pruned in the same write that appends the commit', async () => {
    const store = memoryStore()
    const log = new VoteLog(store)
    for (const height of [1, 2, 3]) await log.put(height, Uint8Array.of(height))
    await new Ledger(store).append(await entry(2), await log.pruneWrites(2))
    expect(await log.get(1)).to.equal(undefined)
    expect(await log.get(2)).to.equal(undefined)
    expect(await log.latest()).to.deep.equal({ height: 3, state: Uint8Array.of(3) })
  })
})
