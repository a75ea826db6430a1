/** What every {@link StateStore} must do. Run it from a test of each implementation. */
import { expect } from 'chai'
import all from 'it-all'
import type { StateStore } from '../../src/state/store.ts'

export interface StateStoreSetup {
  /** A new, empty store. */
  create(): Promise<StateStore>
  /** Close the store, and open what it left on disk. */
  reopen(store: StateStore): Promise<StateStore>
  /** Close the store and remove what it left. */
  destroy(store: StateStore): Promise<void>
}

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)

/** Failure of a promise, for assertions on its name and message. */
export async function failure(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise
  } catch (error) {
    if (error instanceof Error) return error
    throw new Error(`rejected with ${String(error)}, which is no Error`)
  }
  throw new Error('expected a failure, and it succeeded')
}

/** Declares the suite's tests. */
export function stateStoreSuite(name: string, setup: StateStoreSetup): void {
  describe(`${name} as a state store`, () => {
    let store: StateStore

    beforeEach(async () => {
      store = await setup.create()
    })
    afterEach(async () => {
      await setup.destroy(store)
    })

    const keysOf = async (prefix: string, options?: { reverse?: boolean; limit?: number }) =>
      (await all(store.entries(prefix, options))).map((entry) => entry.key)

    it('reads back what was written, and undefined for the rest', async () => {
      await store.write([{ key: 'a', value: bytes(1, 2) }])
      expect(await store.get('a')).to.deep.equal(bytes(1, 2))
      expect(await store.get('b')).to.equal(undefined)
    })

    it('keeps empty values apart from absent ones', async () => {
      await store.write([{ key: 'a', value: bytes() }])
      expect(await store.get('a')).to.deep.equal(bytes())
    })

    it('applies the writes of a batch in order', async () => {
      await store.write([
        { key: 'a', value: bytes(1) },
        { key: 'a', value: null },
        { key: 'b', value: bytes(1) },
        { key: 'b', value: bytes(2) }
      ])
      expect(await store.get('a')).to.equal(undefined)
      expect(await store.get('b')).to.deep.equal(bytes(2))
    })

    it('accepts an empty batch and the deletion of what is not there', async () => {
      await store.write([])
      await store.write([{ key: 'nothing', value: null }])
      expect(await keysOf('')).to.deep.equal([])
    })

    it('lists exactly the keys with a prefix, in byte order', async () => {
      const keys = ['b/2', 'b/10', 'a', 'b', 'b/~', 'b/Z', 'b/a', 'c/1', 'b0']
      await store.write(keys.map((key) => ({ key, value: bytes(1) })))
      expect(await keysOf('b/')).to.deep.equal(['b/10', 'b/2', 'b/Z', 'b/a', 'b/~'])
      expect(await keysOf('zzz')).to.deep.equal([])
      expect(await keysOf('')).to.have.length(keys.length)
    })

    it('lists in reverse and up to a limit', async () => {
      await store.write(['x1', 'x2', 'x3'].map((key) => ({ key, value: bytes(1) })))
      expect(await keysOf('x', { reverse: true })).to.deep.equal(['x3', 'x2', 'x1'])
      expect(await keysOf('x', { reverse: true, limit: 1 })).to.deep.equal(['x3'])
      expect(await keysOf('x', { limit: 2 })).to.deep.equal(['x1', 'x2'])
    })

    it('gives values that are nobody else’s memory', async () => {
      const value = bytes(1)
      await store.write([{ key: 'a', value }])
      value[0] = 9
      const first = await store.get('a')
      first?.fill(8)
      expect(await store.get('a')).to.deep.equal(bytes(1))
    })

    it('lists a snapshot: writes during the listing do not show in it', async () => {
      await store.write(['a1', 'a2'].map((key) => ({ key, value: bytes(1) })))
      const seen: string[] = []
      for await (const { key } of store.entries('a')) {
        seen.push(key)
        await store.write([{ key: 'a3', value: bytes(1) }])
      }
      expect(seen).to.deep.equal(['a1', 'a2'])
    })

    it('can leave a listing early and go on', async () => {
      await store.write(['a1', 'a2'].map((key) => ({ key, value: bytes(1) })))
      for await (const { key } of store.entries('a')) {
        expect(key).to.equal('a1')
        break
      }
      expect(await keysOf('a')).to.have.length(2)
    })

    it('writes all of a batch or nothing when one key is invalid', async () => {
      for (const key of ['', 'ü', 'a\n', 'x'.repeat(257)]) {
        const error = await failure(
          store.write([
            { key: 'good', value: bytes(1) },
            { key, value: bytes(1) }
          ])
        )
        expect(error.name).to.equal('InvalidKeyError')
      }
      expect(await store.get('good')).to.equal(undefined)
    })

    it('orders concurrent writes to one key: the last called wins', async () => {
      const writes = Array.from({ length: 20 }, (_, i) => store.write([{ key: 'a', value: bytes(i) }]))
      await Promise.all(writes)
      expect(await store.get('a')).to.deep.equal(bytes(19))
    })

    it('orders pairs of writes under way at once, however often it is tried', async () => {
      for (let i = 0; i < 200; i++) {
        await Promise.all([
          store.write([{ key: 'votes', value: bytes(1) }]),
          store.write([{ key: 'votes', value: bytes(1, 2) }])
        ])
        expect(await store.get('votes')).to.deep.equal(bytes(1, 2))
      }
    })

    it('keeps everything when closed and opened again', async () => {
      await store.write([
        { key: 'kept', value: bytes(1) },
        { key: 'gone', value: bytes(1) }
      ])
      await store.write([{ key: 'gone', value: null }])
      store = await setup.reopen(store)
      expect(await keysOf('')).to.deep.equal(['kept'])
      expect(await store.get('kept')).to.deep.equal(bytes(1))
    })

    it('holds a large value', async () => {
      const value = new Uint8Array(2 * 1024 * 1024).fill(7)
      await store.write([{ key: 'large', value }])
      expect(await store.get('large')).to.deep.equal(value)
    })

    it('says so when it is used after close, and may be closed twice', async () => {
      await store.close()
      await store.close()
      for (const use of [
        store.get('a'),
        store.write([{ key: 'a', value: bytes(1) }]),
        all(store.entries(''))
      ]) {
        expect((await failure(use)).name).to.equal('StateStoreClosedError')
      }
    })
  })
}
