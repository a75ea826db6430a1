/** murmur doctor: the table, the verdict, the exit code. */
import { expect } from 'chai'
import { Murmur } from '../helpers/murmur.ts'
import { healthy } from '../helpers/samples.ts'

describe('murmur doctor', () => {
  it('shows each engine with its figures, why some are refused, and the machine', async () => {
    const murmur = await Murmur.at()
    expect(await murmur.run('doctor')).to.equal(0)
    const { text } = murmur.stdout
    expect(text).to.match(/^engine +version +state +GFLOPS +ms a step$/m)
    expect(text).to.match(/^wasm +4\.22\.0 +ok, fastest +51\.2 +0\.77$/m)
    expect(text).to.match(/^tfjs-node +– +refused +– +–$/m)
    expect(text).to.contain('Refused:\ntfjs-node  not installed; murmur doctor --install builds it')
    expect(text).to.match(/^look +mDNS +not here; start with --no-mdns$/m)
    expect(text).to.contain('This machine can train, fastest with wasm.')
    expect(murmur.library.called('examine')).to.deep.equal(['/home/alice/.murmur'])
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
