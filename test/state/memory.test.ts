import { expect } from 'chai'
import { memoryStore } from '../../src/state/index.ts'
import { failure, stateStoreSuite } from '../compliance/state-store.ts'
import type { MemoryStore } from '../../src/state/index.ts'

const one = Uint8Array.of(1)

stateStoreSuite('memory', {
  create: async () => memoryStore(),
  reopen: async (store) => (store as MemoryStore).crash(),
  destroy: (store) => store.close()
})

describe('memory store as a double of a failing disk', () => {
  it('fails a write as a whole', async () => {
    let fail = true
    const store = memoryStore({
      sync: async () => {
        if (fail) throw new Error('no space left on device')
      }
    })
    const batch = [
      { key: 'a', value: one },
      { key: 'b', value: one }
    ]
    expect((await failure(store.write(batch))).message).to.equal('no space left on device')
    expect(await store.get('a')).to.equal(undefined)
    fail = false
    await store.write(batch)
    expect(await store.get('b')).to.deep.equal(one)
  })

  it('loses in a crash exactly what was not synced', async () => {
    let release = (): void => undefined
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    const store = memoryStore({
      sync: (writes) => (writes[0]?.key === 'lost' ? held : Promise.resolve())
    })
    await store.write([{ key: 'kept', value: one }])
    const lost = store.write([{ key: 'lost', value: one }])
    const after = store.crash()
    release()
    expect((await failure(lost)).name).to.equal('StateStoreClosedError')
    expect(await after.get('kept')).to.deep.equal(one)
    expect(await after.get('lost')).to.equal(undefined)
  })

  it('is dead after the crash', async () => {
    const store = memoryStore()
    store.crash()
    expect((await failure(store.get('a'))).name).to.equal('StateStoreClosedError')
  })
})
