import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { diagnoseBackends, tryBackend } from '../../../../peers/node/compute/diagnose.ts'
import { examine } from '../../../../peers/node/doctor/index.ts'
import { foundFederation } from '../../../../peers/node/home/index.ts'
import { manifestTemplate, parseManifestYaml } from '../../../../src/federation/manifest/index.ts'
import { failure } from '../../../helpers/failure.ts'

describe('trying backends in processes of their own', function () {
  this.timeout(120_000)

  it('measures those that may train, and says why the others may not', async () => {
    const tried: string[] = []
    const home = '/nowhere/at/all'
    const report = await examine({ home, now: Date.now(), onTrial: (name) => tried.push(name) })
    expect(tried).to.deep.equal(['tfjs-node-gpu', 'tfjs-node', 'webgpu', 'wasm', 'cpu'])
    const { backends, fastest } = report
    const [wasm, cpu] = backends.slice(-2)
    for (const backend of [wasm, cpu]) {
      expect(backend).to.include({ ok: true, reason: null })
      expect(backend.version).to.match(/^4\./)
      expect(backend.gflops).to.be.above(0)
      expect(backend.stepMs).to.be.above(0)
    }
    expect(wasm.stepMs).to.be.below(cpu.stepMs!)
    if (availableParallelism() > 1) expect(wasm.gflopsOfTwo).to.be.above(0)
    expect(cpu.gflopsOfTwo).to.equal(null)
    expect(fastest).to.not.equal('cpu')
    for (const { ok, reason, gflops } of backends.slice(0, 3))
      if (!ok) expect({ reason: reason!.length > 10, gflops }).to.deep.equal({ reason: true, gflops: null })
  })

  it("tries the model of the state directory's federation too", async () => {
    const home = await mkdtemp(join(tmpdir(), 'murmur-doctor-'))
    try {
      const yaml = manifestTemplate('digits')
      await foundFederation({ home, draft: parseManifestYaml(yaml), now: Date.now() })
      const { federation, backends, ok } = await examine({ home, now: Date.now() })
      expect({ federation, ok }).to.deep.equal({ federation: parseManifestYaml(yaml).name, ok: true })
      const own = Object.fromEntries(backends.map(({ name, ownStepMs }) => [name, ownStepMs]))
      expect(own['wasm']).to.be.above(0)
      expect(own['cpu']).to.equal(null)
      await writeFile(join(home, 'manifest.cbor'), 'no manifest')
      const { ok: isStillOk, checks } = await examine({ home, now: Date.now() })
      expect(isStillOk).to.equal(false)
      expect(checks.at(-1)).to.include({ name: 'federation', status: 'failed' })
    } finally {
      await rm(home, { recursive: true })
    }
  })

  it('refuses what is no backend', async () => {
    expect(await tryBackend('abacus')).to.include({ ok: false, reason: 'there is none of this name' })
  })

  it('ends with the reason of its signal', async () => {
    const reason = new Error('enough')
    const error = await failure(diagnoseBackends({ signal: AbortSignal.abort(reason) }), Error)
    expect(error).to.equal(reason)
  })
})
