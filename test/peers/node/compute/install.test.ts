import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { createHash } from 'node:crypto'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { expect } from 'chai'
import { cacheDirectory } from '../../../../peers/node/compute/cache.ts'
import { builtFolder, READY } from '../../../../peers/node/compute/native/folder.ts'
import { NativeInstallError, planInstall } from '../../../../peers/node/compute/native/install.ts'
import { fetchArchive } from '../../../../peers/node/compute/native/steps.ts'
import { failure } from '../../../helpers/failure.ts'
import { withCache } from '../../../helpers/native.ts'
import type { PinnedArchive } from '../../../../peers/node/compute/native/pinned.ts'

const isLinux = process.platform === 'linux' && process.arch === 'x64'

describe('setting up a native library', () => {
  let directory: string
  const path = process.env['PATH']

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'murmur-install-'))
  })
  afterEach(async () => {
    process.env['PATH'] = path
    await rm(directory, { recursive: true })
  })

  /** A program of this name on the path, before or in place of all others. */
  async function program(name: string, script: string): Promise<void> {
    const bin = join(directory, 'bin')
    await mkdir(bin, { recursive: true })
    await writeFile(join(bin, name), `#!/bin/sh\n${script}\n`)
    await chmod(join(bin, name), 0o755)
    process.env['PATH'] = `${bin}${delimiter}${path}`
  }

  const archive = (content: string): PinnedArchive => ({
    name: '@tensorflow/tfjs-node',
    version: '4.22.0',
    file: 'tfjs-node.tgz',
    sizeBytes: content.length,
    hash: { algorithm: 'sha512', base64: createHash('sha512').update(content).digest('base64') }
  })

  it('looks for its tools first, and names all that are missing', async function () {
    if (!isLinux) this.skip()
    await mkdir(join(directory, 'empty'))
    process.env['PATH'] = join(directory, 'empty')
    const error = await failure(
      withCache(directory, () => planInstall()),
      NativeInstallError
    )
    expect(error.message).to.match(/g\+\+ .*install a C\+\+ compiler/)
    expect(error.message).to.match(/pip .*install Python 3 with pip/)
  })

  it('says what it would download, how large, and where to', async function () {
    if (!isLinux) this.skip()
    for (const name of ['g++', 'python3', 'npm']) await program(name, 'exit 0')
    const plan = await withCache(directory, () => planInstall())
    expect(plan.isDone).to.equal(false)
    expect(plan.folder.startsWith(directory)).to.equal(true)
    const [largest] = plan.archives
    expect(largest).to.include({ name: 'tensorflow-cpu', version: '2.19.1', sizeBytes: 251_795_484 })
  })

  it('does nothing where it is done', () =>
    withCache(directory, async () => {
      await mkdir(builtFolder(), { recursive: true })
      await writeFile(join(builtFolder(), READY), '{}')
      process.env['PATH'] = ''
      expect((await planInstall()).isDone).to.equal(true)
    }))

  it('uses an archive that was downloaded before', async () => {
    await program('npm', 'exit 1')
    await writeFile(join(directory, 'tfjs-node.tgz'), 'right')
    expect(await fetchArchive(archive('right'), directory)).to.equal(join(directory, 'tfjs-node.tgz'))
  })

  it('downloads what is cut short again', async () => {
    await program('npm', `printf right > ${directory}/tfjs-node.tgz`)
    await writeFile(join(directory, 'tfjs-node.tgz'), 'rig')
    expect(await fetchArchive(archive('right'), directory)).to.equal(join(directory, 'tfjs-node.tgz'))
  })

  it('removes what has another content than was pinned', async () => {
    await program('npm', `printf wrong > ${directory}/tfjs-node.tgz`)
    const error = await failure(fetchArchive(archive('right'), directory), NativeInstallError)
    expect(error.message).to.include('another content than was pinned')
    expect(await readdir(directory)).to.deep.equal(['bin'])
  })

  it('tells why a registry could not be asked', async () => {
    await program('npm', 'echo "npm error network" >&2; exit 1')
    const error = await failure(fetchArchive(archive('right'), directory), NativeInstallError)
    expect(error.message).to.equal('npm pack failed: npm error network')
  })

  it('lies in the cache of the user, or where a variable says', () => {
    expect(cacheDirectory({ HOME: '/home/a' })).to.equal('/home/a/.cache/murmuration/native')
    expect(cacheDirectory({ HOME: '/home/a', XDG_CACHE_HOME: '/c' })).to.equal('/c/murmuration/native')
    expect(cacheDirectory({ HOME: '/home/a', MURMUR_NATIVE: '/n' })).to.equal('/n')
  })
})
