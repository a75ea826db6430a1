/** murmur doctor: the table, the verdict, the exit code. */
import { expect } from 'chai'
import { NativeInstallError } from '../../../../peers/node/compute/native/install.ts'
import { Murmur } from '../helpers/murmur.ts'
import { healthy } from '../helpers/samples.ts'

describe('murmur doctor', () => {
  it('shows each engine with its figures, why some are refused, and the machine', async () => {
    const murmur = await Murmur.at()
    expect(await murmur.run('doctor')).to.equal(0)
    const { text } = murmur.stdout
    expect(text).to.match(/^engine +version +state +GFLOPS +2 threads +ms a step$/m)
    expect(text).to.match(/^wasm +4\.22\.0 +ok, fastest +51\.2 +93\.4 +0\.77$/m)
    expect(text).to.match(/^tfjs-node +– +refused +– +– +–$/m)
    expect(text).to.contain('Refused:\ntfjs-node  not installed; murmur doctor --install builds it')
    expect(text).to.match(/^look +mDNS +not here; start with --no-mdns$/m)
    expect(text).to.contain('This machine can train, fastest with wasm.')
    expect(murmur.library.called('examine')).to.deep.equal(['/home/alice/.murmur'])
  })

  it('has a column for the model of the federation that is in the state directory', async () => {
    const murmur = await Murmur.at()
    const backends = healthy.backends.map((one) => ({
      ...one,
      ownStepMs: one.name === 'wasm' ? 95.123 : null
    }))
    murmur.library.report = { ...healthy, federation: 'Drawn digits', backends }
    await murmur.run('doctor')
    expect(murmur.stdout.text).to.match(/ms a step +ms on its model$/m)
    expect(murmur.stdout.text).to.match(/^wasm .* 0\.77 +95\.12$/m)
    expect(murmur.stdout.text).to.contain(
      'This machine can train the model of "Drawn digits", fastest with wasm.'
    )
  })

  it('is one JSON object for scripts', async () => {
    const murmur = await Murmur.at()
    expect(await murmur.run('doctor', '--json')).to.equal(0)
    expect(murmur.stdout.json).to.deep.equal([healthy])
  })

  it('ends with 1 when no engine may train, or the machine does not let a peer run', async () => {
    const murmur = await Murmur.at()
    const broken = { name: 'state directory', status: 'failed' as const, found: 'read-only' }
    murmur.library.report = { ...healthy, ok: false, fastest: null, checks: [broken] }
    expect(await murmur.run('doctor')).to.equal(1)
    expect(murmur.stdout.text).to.contain(
      'This machine cannot train: no engine may train, see state directory.'
    )
  })
})

describe('murmur doctor --install', () => {
  it('says what it takes, asks, builds, and then looks', async () => {
    const murmur = await Murmur.at({ confirm: true })
    expect(await murmur.run('doctor', '--install')).to.equal(0)
    expect(murmur.questions).to.deep.equal(['Go on? [y/N] '])
    const { text } = murmur.stderr
    expect(text).to.contain('  tensorflow-cpu 2.19.1, 252 MB\n')
    expect(text).to.contain('kept in /home/alice/.cache/murmuration/native/tfjs-node; up to 1.1 GB of disk')
    expect(text).to.contain('Compiling …\n')
    expect(murmur.library.calls.map(([name]) => name)).to.deep.equal(['installNative', 'examine'])
  })

  for (const [confirm, why] of [
    [false, 'Nothing was downloaded.'],
    [null, 'add --yes to go on without a question']
  ] as const) {
    it(`builds nothing when the answer is ${confirm === false ? 'no' : 'nobody'}`, async () => {
      const murmur = await Murmur.at({ confirm })
      expect(await murmur.run('doctor', '--install')).to.equal(1)
      expect(murmur.stderr.text).to.contain(why)
      expect(murmur.library.calls).to.deep.equal([])
    })
  }

  it('does not ask with --yes, nor where it is done', async () => {
    const murmur = await Murmur.at()
    expect(await murmur.run('doctor', '--install', '--yes', '--json')).to.equal(0)
    expect(murmur.stdout.json).to.deep.equal([healthy])
    const done = await Murmur.at()
    done.library.install = { ...done.library.install, isDone: true }
    expect(await done.run('doctor', '--install')).to.equal(0)
    expect(done.stderr.text).to.contain('tfjs-node was there already')
    expect([...murmur.questions, ...done.questions]).to.deep.equal([])
  })

  it('ends with the reason why it cannot be built here', async () => {
    const murmur = await Murmur.at()
    murmur.library.failures.planNative = new NativeInstallError('g++ does not work: install a C++ compiler')
    expect(await murmur.run('doctor', '--install')).to.equal(1)
    expect(murmur.stderr.text).to.equal('murmur: g++ does not work: install a C++ compiler\n')
  })
})
