import { chmod, mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { checkMachine } from '../../../../peers/node/doctor/checks.ts'
import type { CheckOptions, MachineCheck } from '../../../../peers/node/doctor/checks.ts'

const NOW = Date.UTC(2026, 10, 25)

describe('the checks of the machine', () => {
  let directory: string

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'murmur-doctor-'))
  })
  afterEach(() => rm(directory, { recursive: true }))

  async function check(name: string, options: Partial<CheckOptions> = {}): Promise<MachineCheck> {
    const found = await checkMachine({ home: join(directory, 'home'), now: NOW, ...options })
    return found.find((one) => one.name === name)!
  }

  it('pass on a sound machine, and leave no trace of themselves', async () => {
    const checks = await checkMachine({ home: join(directory, 'not', 'there'), now: NOW })
    expect(checks.filter(({ status }) => status === 'failed')).to.deep.equal([])
    expect(await readdir(directory)).to.deep.equal([])
  })

  it('want a Node.js that runs murmuration', async () => {
    expect(await check('Node.js', { nodeVersion: '22.17.1' })).to.include({ status: 'failed' })
    expect(await check('Node.js', { nodeVersion: '22.18.0' })).to.include({ status: 'ok' })
    expect(await check('Node.js', { nodeVersion: '24.0.0' })).to.include({ status: 'ok', found: '24.0.0' })
  })

  it('want a state directory, or a place for one', async () => {
    const home = join(directory, 'home')
    expect((await check('state directory')).found).to.equal(`${home} is not there yet and can be made`)
    await mkdir(home, { mode: 0o700 })
    expect(await check('state directory')).to.include({ status: 'ok', found: home })
    const file = join(directory, 'file')
    await writeFile(file, '')
    const { status, found } = await check('state directory', { home: file })
    expect({ status, found }).to.deep.equal({
      status: 'failed',
      found: `${file} is a file; choose another with --home`
    })
  })

  it('warn of a state directory that others may read', async function () {
    if (process.platform === 'win32') this.skip()
    const home = join(directory, 'home')
    await mkdir(home)
    await writeFile(join(home, 'key'), '')
    await chmod(home, 0o755)
    expect(await check('state directory')).to.include({ status: 'warning' })
  })

  it('doubt a clock that was never set, and one that files are ahead of', async () => {
    expect(await check('clock', { now: 0 })).to.include({ status: 'failed' })
    const home = join(directory, 'home')
    await mkdir(home)
    await writeFile(join(home, 'ledger'), '')
    const written = new Date(NOW)
    await utimes(join(home, 'ledger'), written, written)
    expect(await check('clock')).to.include({ status: 'ok' })
    const { status, found } = await check('clock', { now: NOW - 3_600_000 })
    expect(status).to.equal('warning')
    expect(found).to.contain('2026-11-25T00:00:00.000Z')
  })

  it('say how much room there is, whatever comes of it', async () => {
    expect((await check('disk')).found).to.match(/^\d+\.\d GB free/)
  })
})
