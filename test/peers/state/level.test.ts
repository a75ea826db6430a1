import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { openLevelStore } from '../../../peers/node/state/index.ts'
import { failure, stateStoreSuite } from '../../compliance/state-store.ts'
import type { StateStore } from '../../../src/state/index.ts'

const directories = new Map<StateStore, string>()

async function open(dir: string): Promise<StateStore> {
  const store = await openLevelStore(dir)
  directories.set(store, dir)
  return store
}

const beside = (file: string): string => fileURLToPath(new URL(file, import.meta.url))

const dirOf = (store: StateStore): string => directories.get(store) ?? ''

stateStoreSuite('level', {
  create: async () => await open(await mkdtemp(join(tmpdir(), 'murmur-level-'))),
  reopen: async (store) => {
    await store.close()
    return await open(dirOf(store))
  },
  destroy: async (store) => {
    await store.close()
    await rm(dirOf(store), { recursive: true })
  }
})

describe('level store on a real disk', () => {
  let dir: string

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'murmur-level-'))
  })
  afterEach(async () => {
    await rm(dir, { recursive: true })
  })

  /** Run the writer, and kill it −9 at its `acknowledged`-th write. Resolves with the last number it printed. */
  async function writeUntilKilled(acknowledged: number): Promise<number> {
    const child = spawn(process.execPath, [beside('level-writer.ts'), dir], {
      stdio: ['ignore', 'pipe', 'inherit']
    })
    const exited = once(child, 'exit')
    let last = 0
    for await (const line of createInterface({ input: child.stdout })) {
      last = Number(line)
      if (last === acknowledged) child.kill('SIGKILL')
    }
    await exited
    return last
  }

  const numberAt = async (store: StateStore, key: string) =>
    Number(new TextDecoder().decode(await store.get(key)))

  it('has every acknowledged write, and no half of one, after kill −9 in the middle of writing', async () => {
    for (const acknowledged of [1, 17, 60]) {
      const last = await writeUntilKilled(acknowledged)
      expect(last).to.be.at.least(acknowledged)
      const store = await openLevelStore(dir)
      try {
        const a = await numberAt(store, 'a')
        expect(a).to.be.at.least(last)
        expect(await numberAt(store, 'b')).to.equal(a)
      } finally {
        await store.close()
      }
    }
  }).timeout(30_000)

  it('has every write that was acknowledged after the disk was full for a while, though the last one before was torn', async function () {
    const command = ['--fsize=65536:unlimited', process.execPath, beside('full-disk-writer.ts'), dir]
    const child = spawn('prlimit', command, { stdio: ['ignore', 'pipe', 'inherit'] })
    const isMissing = await new Promise<boolean>((resolve) => {
      child.once('spawn', () => resolve(false))
      child.once('error', () => resolve(true))
    })
    if (isMissing) {
      process.stdout.write('    skipped: no prlimit here, which limits the size of files\n')
      this.skip()
    }
    const exited = once(child, 'exit')
    const said = JSON.parse(await text(child.stdout)) as {
      failed: string
      readable: boolean
      acknowledged: string[]
    }
    await exited
    expect(said).to.include({ failed: 'StateStoreUnusableError', readable: true })
    expect(said.acknowledged.filter((key) => key.startsWith('after/'))).to.have.length(20)
    const store = await openLevelStore(dir)
    try {
      const found = await Promise.all(said.acknowledged.map((key) => store.get(key)))
      expect(said.acknowledged.filter((_, i) => found[i] == null)).to.deep.equal([])
    } finally {
      await store.close()
    }
  }).timeout(30_000)

  it('says that another murmur runs, and works once that one stopped', async () => {
    const first = await openLevelStore(dir)
    const error = await failure(openLevelStore(dir))
    expect(error.name).to.equal('StateStoreLockedError')
    expect(error.message).to.contain(
      'another murmur runs in this home directory; stop it first, or use --home'
    )
    await first.close()
    await (await openLevelStore(dir)).close()
  })

  it('makes the directory, for this user alone', async () => {
    const store = await openLevelStore(join(dir, 'deep', 'state'))
    await store.close()
    expect(await readdir(join(dir, 'deep'))).to.deep.equal(['state'])
  })

  it('says that the directory is damaged, and what to do', async () => {
    await (await openLevelStore(dir)).close()
    await writeFile(join(dir, 'CURRENT'), 'garbage')
    const error = await failure(openLevelStore(dir))
    expect(error.name).to.equal('StateStoreCorruptError')
    expect(error.message).to.contain('restore it from a backup')
  })

  it('says that the directory cannot be used when a file is in its place', async () => {
    const file = join(dir, 'state')
    await writeFile(file, '')
    for (const path of [file, join(file, 'below')]) {
      const error = await failure(openLevelStore(path))
      expect(error.name).to.equal('StateStoreUnusableError')
      expect(error.message).to.contain('must be a directory')
    }
  })
})
