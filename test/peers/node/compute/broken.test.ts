/** What a library that does not work does to a peer: nothing, but for a reason that is told. */
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { nodeBackends } from '../../../../peers/node/compute/index.ts'
import { builtFolder, findNative, READY } from '../../../../peers/node/compute/native/folder.ts'
import { startTrainingWorker } from '../../../../peers/node/training/index.ts'
import { BackendRefusedError } from '../../../../src/compute/choose.ts'
import { selectBackend } from '../../../../src/training/trainer.ts'
import { failure } from '../../../helpers/failure.ts'
import { withCache } from '../../../helpers/native.ts'
import { clock } from '../../../training/fixtures.ts'
import { digits } from '../../training/fixtures.ts'

describe('a native library that does not work', function () {
  this.timeout(60_000)
  let cache: string

  beforeEach(async () => {
    cache = await mkdtemp(join(tmpdir(), 'murmur-broken-'))
  })
  afterEach(() => rm(cache, { recursive: true }))

  /** A built folder, but for its halves: what they do when they are loaded. */
  const broken = <T>(binding: string, work: () => Promise<T>): Promise<T> =>
    withCache(cache, async () => {
      const root = join(builtFolder(), 'package')
      // Node.js loads a folder by that name as well, and plain code can do what a library's would.
      const compiled = join(root, 'lib', 'napi-v8', 'tfjs_binding.node')
      await mkdir(compiled, { recursive: true })
      await mkdir(join(root, 'dist'))
      await writeFile(join(compiled, 'index.js'), binding)
      await writeFile(join(root, 'package.json'), '{"version":"4.22.0"}')
      await writeFile(
        join(root, 'dist', 'nodejs_kernel_backend.js'),
        'exports.NodeJSKernelBackend = class {}'
      )
      await writeFile(join(root, 'dist', 'register_all_kernels.js'), '')
      await writeFile(join(builtFolder(), READY), '{}')
      return work()
    })

  it('ends a process of its own, not the peer: training goes on with another engine', () =>
    broken("process.kill(process.pid, 'SIGKILL'); for (;;);", async () => {
      const trainer = await startTrainingWorker({ manifest: digits(), data: { path: 'demo:1' } })
      const { backend, attempts } = trainer.info
      await trainer.stop()
      expect(backend).to.equal('wasm')
      const { reason, isAbsent } = attempts!.find(({ name }) => name === 'tfjs-node')!
      expect(reason).to.equal('failed when it was tried: its process ended by itself: SIGKILL')
      expect(isAbsent).to.equal(undefined)
    }))

  it('says why it was refused when it was asked for by name', () =>
    broken("throw new Error('libtensorflow_cc.so.2: cannot open shared object file')", async () => {
      const init = { manifest: digits(), backends: nodeBackends(), ...clock }
      const error = await failure(selectBackend({ ...init, backend: 'tfjs-node' }), BackendRefusedError)
      expect(error.message).to.include('libtensorflow_cc.so.2: cannot open shared object file')
      expect((await selectBackend(init)).name).to.equal('wasm')
    }))

  it('is not trusted for loading: it must compute what the reference does', () =>
    broken("module.exports = { TF_Version: '2.19.1' }", async () => {
      const { attempts } = await selectBackend({ manifest: digits(), backends: nodeBackends(), ...clock })
      const { reason } = attempts.find(({ name }) => name === 'tfjs-node')!
      expect(reason).to.match(/^failed when it was tried: /)
    }))

  it('is not found while it is being built, nor when nothing was compiled', () =>
    withCache(cache, async () => {
      expect(findNative('tfjs-node')).to.equal(null)
      await mkdir(join(builtFolder(), 'package'), { recursive: true })
      await writeFile(join(builtFolder(), 'package', 'package.json'), '{"version":"4.22.0"}')
      expect(findNative('tfjs-node')).to.equal(null)
      await cp(join(builtFolder(), 'package', 'package.json'), join(builtFolder(), READY))
      expect(findNative('tfjs-node')).to.equal(null)
    }))

  it('is said to be half there where a package was installed without running its script', () =>
    withCache(cache, async () => {
      const root = join(cache, 'node_modules', '@tensorflow', 'tfjs-node')
      await mkdir(root, { recursive: true })
      await writeFile(join(root, 'package.json'), '{"version":"4.22.0"}')
      const { attempts } = await selectBackend({ manifest: digits(), backends: nodeBackends(), ...clock })
      const { reason, isAbsent } = attempts.find(({ name }) => name === 'tfjs-node')!
      expect(reason).to.match(/^installed without its compiled half .*murmur doctor --install/)
      expect(isAbsent).to.equal(true)
    }))
})
