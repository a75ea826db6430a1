/** Files of the state directory that lost their ends: whatever was synced is there, or the start says which file is damaged. */
import { cp, mkdtemp, readdir, rm, stat, truncate } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import all from 'it-all'
import { openLevelStore, StateStoreCorruptError } from '../../../peers/node/state/index.ts'
import { integerBelow, seededRandom } from '../../../src/random.ts'
import type { StateStore } from '../../../src/state/index.ts'

const SEED = Number(process.env.TRUNCATION_SEED ?? 1)
const SAMPLES = 25

let root: string
let whole: string

/** What is found when a copy is opened whose file `name` ends after `size` bytes; an error for one that refuses. */
async function found(
  name: string,
  size: number,
  look: (store: StateStore) => Promise<string[]> = keysOf
): Promise<string[] | Error> {
  const dir = join(root, 'copy')
  await rm(dir, { recursive: true, force: true })
  await cp(whole, dir, { recursive: true })
  await truncate(join(dir, name), size)
  try {
    const store = await openLevelStore(dir)
    try {
      return await look(store)
    } finally {
      await store.close()
    }
  } catch (error) {
    return error as Error
  }
}

async function keysOf(store: StateStore): Promise<string[]> {
  return (await all(store.entries(''))).map(({ key }) => key)
}

const sizeOf = async (name: string): Promise<number> => (await stat(join(whole, name))).size

async function only(pattern: RegExp): Promise<string> {
  const names = (await readdir(whole)).filter((name) => pattern.test(name))
  expect(names, String(pattern)).to.have.length(1)
  return names[0]
}

/** Each batch is two keys. */
const batchKeys = (count: number): string[] =>
  Array.from({ length: count }, (_, i) => [`a${i}`, `b${i}`])
    .flat()
    .sort()

/** Write batches; resolves with the sizes of the log after each. */
async function writeBatches(
  store: StateStore,
  { count, bytes }: { count: number; bytes: number }
): Promise<number[]> {
  const sizes: number[] = []
  for (let i = 0; i < count; i++) {
    const value = new Uint8Array(bytes).fill(i)
    await store.write([
      { key: `a${i}`, value },
      { key: `b${i}`, value }
    ])
    sizes.push(await sizeOf(await only(/\.log$/)))
  }
  return sizes
}

/** The batches that are in a log of `size` bytes as a whole. */
const wholeIn = (sizes: readonly number[], size: number): string[] =>
  batchKeys(sizes.filter((end) => end <= size).length)

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'murmur-truncated-'))
  whole = join(root, 'whole')
})
afterEach(async () => await rm(root, { recursive: true }))

describe('a state directory with a file that is cut short', () => {
  it('has, of a log cut anywhere, all batches up to there, each as a whole', async () => {
    const store = await openLevelStore(whole)
    const sizes = await writeBatches(store, { count: 5, bytes: 8 })
    await store.close()
    const log = await only(/\.log$/)
    for (let size = 0; size <= (sizes.at(-1) ?? 0); size++)
      expect(await found(log, size), `${size} bytes`).to.deep.equal(wholeIn(sizes, size))
  }).timeout(60_000)

  it('has the same of a log whose batches span its blocks, and what is written then stays', async () => {
    const store = await openLevelStore(whole)
    const sizes = await writeBatches(store, { count: 6, bytes: 9_000 })
    await store.close()
    const log = await only(/\.log$/)
    const random = seededRandom(SEED)
    const last = sizes.at(-1) ?? 0
    const near = sizes.flatMap((size) => [size - 1, size, size + 1]).filter((size) => size <= last)
    const blocks = [32_767, 32_768, 32_769]
    const samples = Array.from({ length: SAMPLES }, () => integerBelow(random, last))
    for (const size of [...near, ...blocks, ...samples]) {
      const look = async (opened: StateStore): Promise<string[]> => {
        const before = await keysOf(opened)
        await opened.write([{ key: 'z', value: new Uint8Array(1) }])
        await opened.close()
        const again = await openLevelStore(join(root, 'copy'))
        const after = await keysOf(again).finally(() => again.close())
        expect(after).to.deep.equal([...before, 'z'])
        return before
      }
      const label = `${size} bytes, TRUNCATION_SEED=${SEED}`
      expect(await found(log, size, look), label).to.deep.equal(wholeIn(sizes, size))
    }
  }).timeout(60_000)

  /** Tables, logs, and a MANIFEST of several records, as a peer has them that was killed. */
  async function grown(): Promise<string[]> {
    const store = await openLevelStore(whole)
    // Past what LevelDB keeps in memory, twice; values that cannot be compressed.
    const random = seededRandom(SEED)
    for (let i = 0; i < 100; i++) {
      const value = Uint8Array.from({ length: 90_000 }, () => integerBelow(random, 256))
      await store.write([{ key: `k${String(i).padStart(3, '0')}`, value }])
    }
    const keys = await keysOf(store)
    await store.close()
    return keys
  }

  it('says which one, when it is anything but the log, and never starts from an older state', async () => {
    const keys = await grown()
    const random = seededRandom(SEED)
    const names = (await readdir(whole)).filter((name) => /^(CURRENT|MANIFEST.*|.*\.ldb)$/.test(name))
    expect(names.length).to.be.at.least(4)
    for (const name of names) {
      const size = await sizeOf(name)
      const isSmall = size < 256
      const sizes = isSmall ? [...Array(size).keys()] : [0, 1, size - 1, integerBelow(random, size)]
      for (const at of sizes) {
        const refused = await found(name, at)
        const label = `${name}: ${at} of ${size} bytes, TRUNCATION_SEED=${SEED}`
        expect(refused, label).to.be.instanceOf(StateStoreCorruptError)
        expect((refused as Error).message, label)
          .to.match(/copy is damaged \(.*(CURRENT|MANIFEST|descriptor|\.ldb)/)
          .and.to.include('restore it from a backup, or move it away and join again')
      }
      expect(await found(name, size)).to.deep.equal(keys)
    }
  }).timeout(60_000)

  it('says so too when one is gone', async () => {
    await grown()
    for (const name of (await readdir(whole)).filter((one) => /^(CURRENT|MANIFEST.*|.*\.ldb)$/.test(one))) {
      const look = async (): Promise<string[]> => expect.fail(`started without ${name}`)
      const dir = join(root, 'gone')
      await rm(dir, { recursive: true, force: true })
      await cp(whole, dir, { recursive: true })
      await rm(join(dir, name))
      const refused = await openLevelStore(dir).then(look, (error: unknown) => error as Error)
      expect(refused, name).to.be.instanceOf(StateStoreCorruptError)
      expect((refused as Error).message, name).to.include(`(${name} is gone)`)
    }
  }).timeout(30_000)

  it('does not mind what LevelDB only tells people', async () => {
    const store = await openLevelStore(whole)
    await writeBatches(store, { count: 3, bytes: 8 })
    await store.close()
    for (const name of (await readdir(whole)).filter((one) => /^LO(G|CK)/.test(one)))
      for (const size of [0, Math.floor((await sizeOf(name)) / 2)])
        expect(await found(name, size), name).to.deep.equal(batchKeys(3))
  })
})
