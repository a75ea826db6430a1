import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { Murmur } from '../helpers/murmur.ts'
import { ALICE, BOB, commit, status } from '../helpers/samples.ts'
import { shortId } from '../../../../peers/cli/output/format.ts'

describe('murmur ledger plot', () => {
  let dir: string

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'murmur-plot-'))
  })

  afterEach(async () => {
    await rm(dir, { recursive: true })
  })

  async function at(commits = [commit(1), commit(2), commit(3)]): Promise<Murmur> {
    const murmur = await Murmur.at({ cwd: dir })
    Object.assign(murmur.library.disk, { commits, state: status({ height: commits.length }) })
    return murmur
  }

  it('writes a chart for each metric, by round and by bytes, and one of contributions', async () => {
    const murmur = await at()
    expect(await murmur.run('ledger', 'plot')).to.equal(0)
    const out = join(dir, 'drawn-digits-plots')
    const names = ['accuracy-by-bytes', 'accuracy', 'contributions', 'loss-by-bytes', 'loss']
    expect((await readdir(out)).sort()).to.deep.equal(names.map((name) => `${name}.svg`).sort())
    expect(murmur.stdout.text).to.match(/^Plotted 3 rounds:\n {2}.*accuracy\.svg\n/)
    expect(await readFile(join(out, 'accuracy.svg'), 'utf8')).to.match(/^<svg [^]*Drawn digits[^]*<\/svg>\n$/)
    const contributions = await readFile(join(out, 'contributions.svg'), 'utf8')
    for (const member of [ALICE, BOB]) expect(contributions).to.contain(shortId(member))
  })

  it('leaves out heights that completed no round', async () => {
    const murmur = await at([commit(1), commit(1, { height: 2 }), commit(2, { height: 3 })])
    await murmur.run('ledger', 'plot', '--out', 'x', '--json')
    expect(murmur.stdout.json[0]).to.deep.include({ rounds: 2 })
  })

  it('overwrites nothing unless it is told to', async () => {
    const murmur = await at()
    await murmur.run('ledger', 'plot', '--out', 'x')
    expect(await murmur.run('ledger', 'plot', '--out', 'x')).to.equal(1)
    expect(murmur.stderr.text).to.contain('is there already')
    expect(await murmur.run('ledger', 'plot', '--out', 'x', '--force')).to.equal(0)
  })

  it('says so when there is nothing to plot', async () => {
    const murmur = await at([commit(0, { height: 1 })])
    expect(await murmur.run('ledger', 'plot')).to.equal(1)
    expect(murmur.stderr.text).to.contain('No round is committed yet')
    expect(await readdir(dir)).to.deep.equal([])
  })
})
