/** A store whose disk refused a write opens its database anew before the next one: nobody who reads may notice. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ClassicLevel } from 'classic-level'
import { expect } from 'chai'
import all from 'it-all'
import { openLevelStore } from '../../../peers/node/state/index.ts'
import { failure } from '../../helpers/failure.ts'
import { drain } from '../../simulated/drain.ts'
import type { StateStore } from '../../../src/state/index.ts'

const KEYS = ['a1', 'a2', 'a3', 'a4', 'a5']
const value = Uint8Array.of(1)
const { batch, open } = ClassicLevel.prototype

class FullDiskError extends Error {
  readonly code = 'LEVEL_IO_ERROR'
}

describe('a level store that opens its database anew', () => {
  let dir: string
  let store: StateStore

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'murmur-mending-'))
    store = await openLevelStore(dir)
    await store.write(KEYS.map((key) => ({ key, value })))
  })
  afterEach(async () => {
    Object.assign(ClassicLevel.prototype, { batch, open })
    await store.close()
    await rm(dir, { recursive: true })
  })

  /** The next write fails, as on a full disk; those after it do not. */
  async function fail(): Promise<void> {
    Object.assign(ClassicLevel.prototype, {
      batch: async () => await Promise.reject(new FullDiskError('No space left on device'))
    })
    const refused = await failure(store.write([{ key: 'refused', value }]), Error)
    expect(refused.name).to.equal('StateStoreUnusableError')
    Object.assign(ClassicLevel.prototype, { batch })
  }

  /** Opening waits until it is let go. Resolves when somebody opens. */
  function holdOpening(): { begun: Promise<void>; letGo: () => void } {
    const begun = Promise.withResolvers<void>()
    const held = Promise.withResolvers<void>()
    Object.assign(ClassicLevel.prototype, {
      open: async function (this: ClassicLevel) {
        begun.resolve()
        await held.promise
        await open.call(this, {})
      }
    })
    return { begun: begun.promise, letGo: held.resolve }
  }

  it('lets those who read meanwhile wait, and gives them what they asked for', async () => {
    await fail()
    const { begun, letGo } = holdOpening()
    const written = store.write([{ key: 'a6', value }])
    await begun
    const settled: string[] = []
    const read = store.get('a1').finally(() => settled.push('read'))
    const listed = all(store.entries('a')).finally(() => settled.push('listed'))
    await drain()
    expect(settled).to.deep.equal([])
    letGo()
    await written
    expect(await read).to.deep.equal(value)
    expect((await listed).map(({ key }) => key)).to.include.members(KEYS)
  })

  it('takes nothing from those who are reading when it begins', async () => {
    await fail()
    const reads = KEYS.map((key) => store.get(key))
    const written = store.write([{ key: 'a6', value }])
    const more = KEYS.map((key) => store.get(key))
    for (const read of [...reads, ...more]) expect(await read).to.deep.equal(value)
    await written
  })

  for (const reverse of [false, true]) {
    it(`goes on with what was being listed, as it was (${reverse ? 'backwards' : 'forwards'})`, async () => {
      const seen: string[] = []
      for await (const { key } of store.entries('a', { reverse })) {
        seen.push(key)
        if (seen.length !== 2) continue
        await fail()
        await store.write([
          { key: 'a0', value },
          { key: 'a6', value },
          { key: 'a4', value: null }
        ])
      }
      expect(seen).to.deep.equal(reverse ? KEYS.toReversed() : KEYS)
      expect((await all(store.entries('a'))).map(({ key }) => key)).to.deep.equal(
        ['a0', ...KEYS, 'a6'].filter((key) => key !== 'a4')
      )
    })
  }

  it('lets a listing be left early, before and after', async () => {
    for await (const _ of store.entries('a')) {
      await fail()
      await store.write([{ key: 'a6', value }])
      break
    }
    for await (const { key } of store.entries('a', { reverse: true })) {
      expect(key).to.equal('a6')
      break
    }
  })

  it('that could not be opened again says so to who reads, and is opened by the next write', async () => {
    await fail()
    Object.assign(ClassicLevel.prototype, {
      open: async () => await Promise.reject(new FullDiskError('No space left on device'))
    })
    const refused = await failure(store.write([{ key: 'a6', value }]), Error)
    expect(refused.name).to.equal('StateStoreUnusableError')
    expect((await failure(store.get('a1'), Error)).name).to.equal('StateStoreClosedError')
    Object.assign(ClassicLevel.prototype, { open })
    await store.write([{ key: 'a6', value }])
    expect(await store.get('a6')).to.deep.equal(value)
  })

  it('says that it is closed to who is still listing then', async () => {
    const listing = store.entries('a')[Symbol.asyncIterator]()
    await listing.next()
    await store.close()
    const next = failure(Promise.resolve(listing.next()), Error)
    expect((await next).name).to.equal('StateStoreClosedError')
  })
})
