/** Children here are one-line Node.js programs: what matters is how their output, their end and their death are told. */
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { startChild } from '../../../../../peers/cli/cmds/demo/child.ts'
import { UserError } from '../../../../../peers/cli/output/exit.ts'
import { failure } from '../../../../helpers/failure.ts'
import { Murmur } from '../../helpers/murmur.ts'
import type { Child, ChildEvent } from '../../../../../peers/cli/cmds/demo/child.ts'

/** Say something, then stay until told to leave. */
const STAY = 'process.stdin.resume();'
const say = (event: object): string => `console.log(${JSON.stringify(JSON.stringify(event))});`

function start(script: string, events: ChildEvent[] = []): Child {
  return startChild({
    self: { command: process.execPath, args: ['-e', script] },
    name: 'peer 2',
    args: ['start'],
    env: { ...process.env, MURMUR_TEST: 'here' },
    onEvent: (event) => events.push(event)
  })
}

describe('a child of the demo', () => {
  it('is told apart by its events, also by one that came before it was waited for', async () => {
    const events: ChildEvent[] = []
    const child = start(`${say({ event: 'listen', time: 1 })}console.log('no event');${STAY}`, events)
    expect(await child.waitFor('listen')).to.deep.equal({ event: 'listen', time: 1 })
    expect(await child.waitFor('listen')).to.deep.equal({ event: 'listen', time: 1 })
    await child.stop()
    expect(events).to.have.length(1)
  })

  it('gets its arguments, --json, and an environment in which it leaves with its parent', async () => {
    const args = '[...process.argv.slice(1), process.env.MURMUR_LEAVE_WITH_STDIN, process.env.MURMUR_TEST]'
    const child = start(`console.log(JSON.stringify({ event: 'args', args: ${args} }));${STAY}`)
    expect((await child.waitFor('args'))['args']).to.deep.equal(['start', '--json', '1', 'here'])
    await child.stop()
  })

  it('that dies is told of with its last lines', async () => {
    const child = start("console.error('out of memory');process.exitCode = 7")
    const error = await failure(child.waitFor('listen'), UserError)
    expect(error.message).to.equal(
      'peer 2 ended unexpectedly (exit code 7). Its last lines:\n  out of memory'
    )
    await failure(child.failed, UserError)
  })

  it('that cannot be started is told of', async () => {
    const child = startChild({
      self: { command: '/nowhere/murmur', args: [] },
      name: 'peer 1',
      args: [],
      env: {},
      onEvent: () => undefined
    })
    const error = await failure(child.waitFor('listen'), UserError)
    expect(error.message).to.match(/^peer 1 could not be started \(spawn \/nowhere\/murmur ENOENT\)/)
    await child.stop()
  })

  it('that was asked to leave is no failure', async () => {
    const child = start(`${say({ event: 'listen', time: 1 })}${STAY}`)
    await child.waitFor('listen')
    let failed = false
    child.failed.catch(() => (failed = true))
    await child.stop()
    await child.stop()
    expect(failed).to.equal(false)
  })
})

describe('murmur demo', () => {
  const { TMPDIR } = process.env
  let dir: string

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'murmur-tmp-'))
    process.env['TMPDIR'] = dir
  })

  afterEach(async () => {
    if (TMPDIR == null) delete process.env['TMPDIR']
    else process.env['TMPDIR'] = TMPDIR
    await rm(dir, { recursive: true })
  })

  const dying = async (...more: string[]): Promise<Murmur> => {
    const murmur = await Murmur.at()
    const script = "console.error('no wasm');process.exitCode=1"
    murmur.context.self = { command: process.execPath, args: ['-e', script] }
    expect(await murmur.run('demo', '--peers', '2', '--rounds', '1', ...more)).to.equal(1)
    return murmur
  }

  it('says why a peer died, and leaves no directory behind', async () => {
    const { stdout, stderr } = await dying()
    expect(stdout.text).to.equal('2 peers train together on drawn digits, each with its own writers.\n')
    expect(stderr.text).to.equal(
      'murmur: peer 1 ended unexpectedly (exit code 1). Its last lines:\n  no wasm\n'
    )
    expect(await readdir(dir)).to.deep.equal([])
  })

  it('keeps the directory with --keep, and says where it is', async () => {
    const { stderr } = await dying('--keep')
    const [kept = ''] = await readdir(dir)
    expect(stderr.text).to.contain(`The peers' state is in ${join(dir, kept)}.\n`)
  })
})
