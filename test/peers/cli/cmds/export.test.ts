import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { Murmur } from '../helpers/murmur.ts'
import { cid, commit, status } from '../helpers/samples.ts'

describe('murmur model export', () => {
  let dir: string

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'murmur-export-'))
  })

  afterEach(async () => {
    await rm(dir, { recursive: true })
  })

  async function at(): Promise<Murmur> {
    const murmur = await Murmur.at({ cwd: dir })
    murmur.library.files = [
      { name: 'model.json', bytes: Buffer.from('{}') },
      { name: 'weights.bin', bytes: Uint8Array.of(1, 2, 3) }
    ]
    return murmur
  }

  it('writes a directory that is named after the federation and the round', async () => {
    const murmur = await at()
    expect(await murmur.run('model', 'export')).to.equal(0)
    const out = join(dir, 'drawn-digits-round3')
    expect((await readdir(out)).sort()).to.deep.equal(['model.json', 'weights.bin'])
    expect([...(await readFile(join(out, 'weights.bin')))]).to.deep.equal([1, 2, 3])
    expect(murmur.stdout.text).to.match(/^Wrote round 3, committed 2026-.*, 5 B:\n/)
    expect(murmur.stdout.text).to.contain(`\n  ${out}/model.json\n  ${out}/weights.bin\n`)
  })

  it('says in the files where the model comes from', async () => {
    const murmur = await at()
    await murmur.run('model', 'export')
    expect(murmur.library.called('exportModel')[0]).to.deep.include({
      format: 'keras',
      metadata: {
        name: 'Drawn digits',
        licence: 'Apache-2.0',
        federation: murmur.library.manifest.cid.toString(),
        commit: cid(3),
        model: commit(3).model,
        round: 3
      }
    })
  })

  it('writes one safetensors file, in folders that it makes', async () => {
    const murmur = await at()
    murmur.library.files = [{ name: 'model.safetensors', bytes: Uint8Array.of(7) }]
    const out = join(dir, 'a', 'b', 'digits.safetensors')
    expect(
      await murmur.run(
        'model',
        'export',
        '--format',
        'safetensors',
        '--out',
        'a/b/digits.safetensors',
        '--json'
      )
    ).to.equal(0)
    expect([...(await readFile(out))]).to.deep.equal([7])
    expect(murmur.stdout.json).to.deep.equal([
      { files: [out], format: 'safetensors', round: 3, commit: cid(3), sizeBytes: 1 }
    ])
  })

  it('exports the initial model before the first commit', async () => {
    const murmur = await at()
    murmur.library.disk.commits = []
    murmur.library.disk.state = status({ height: 0 })
    await murmur.run('model', 'export')
    expect(await readdir(dir)).to.deep.equal(['drawn-digits-round0'])
    expect(murmur.stdout.text).to.contain('Wrote the initial model')
  })

  for (const there of ['model.json', 'weights.bin']) {
    it(`overwrites nothing, and writes nothing, when ${there} is there`, async () => {
      await mkdir(join(dir, 'out'))
      await writeFile(join(dir, 'out', there), 'mine')
      const murmur = await at()
      expect(await murmur.run('model', 'export', '--out', 'out')).to.equal(1)
      expect(await readdir(join(dir, 'out'))).to.deep.equal([there])
      expect(await readFile(join(dir, 'out', there), 'utf8')).to.equal('mine')
      expect(murmur.stderr.text).to.contain(
        'is there already. Choose another --out, or overwrite it with --force.'
      )
    })
  }

  it('overwrites with --force', async () => {
    const murmur = await at()
    await murmur.run('model', 'export', '--out', 'out')
    murmur.library.files = [{ name: 'model.json', bytes: Buffer.from('{"new":1}') }]
    expect(await murmur.run('model', 'export', '--out', 'out', '--force')).to.equal(0)
    expect(await readFile(join(dir, 'out', 'model.json'), 'utf8')).to.equal('{"new":1}')
  })

  it('calls it no bug when a file is where a directory is needed, or the other way round', async () => {
    await writeFile(join(dir, 'file'), '')
    const murmur = await at()
    expect(await murmur.run('model', 'export', '--out', 'file')).to.equal(1)
    expect(await murmur.run('model', 'export', '--format', 'safetensors', '--out', '.', '--force')).to.equal(
      1
    )
    expect(murmur.stderr.text).to.contain('is there already').and.to.contain('is a directory')
    expect(murmur.stderr.text).not.to.contain('bug')
  })
})
