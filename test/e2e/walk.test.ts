/** What a person does with `murmur`, from founding to the model, as real processes. */
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { inOneWorld } from './in-world.ts'
import { LOCAL, tinyManifest, tinyTable } from './world.ts'
import type { MurmurProcess } from './process.ts'

const ROUNDS = 3

describe('the walk through murmur', function () {
  const current = inOneWorld(this)
  let data: string
  let invite: string
  let founder: MurmurProcess
  let member: MurmurProcess
  let commit: string

  it('init founds a federation and says what to do next', async () => {
    const { world } = current
    const yaml = await world.write('tiny.yaml', JSON.stringify(tinyManifest({ rounds: ROUNDS })))
    const { code, stdout, stderr } = await world.murmur(['init', 'tiny', '--from', yaml])
    expect([code, stderr]).to.deep.equal([0, ''])
    expect(stdout).to.match(/^Founded a federation in .*\.murmur:$/m)
    expect(stdout).to.match(/^ {2}Federation +bafy\w{55}$/m)
    expect(stdout).to.match(/murmur start --data <your data>\n +murmur invite/)
    const { mode } = await stat(world.path('.murmur/identity.key'))
    expect(mode & 0o777).to.equal(0o600)

    const again = await world.murmur(['init', 'tiny', '--from', yaml])
    expect(again.code).to.equal(1)
    expect(again.stderr).to.match(/already belongs to the federation "tiny": use another directory/)
  })

  it('start without data says what to bring', async () => {
    const { code, stderr } = await current.world.murmur(['start'])
    expect(code).to.equal(1)
    expect(stderr).to.match(/no data to train on. Say --data <path>/)
  })

  it('start runs the peer; invite makes an invite from another process', async () => {
    const { world } = current
    data = await world.write('one.csv', tinyTable(1))
    founder = world.start('.murmur', ['start', '--data', data, ...LOCAL])
    const { addresses } = await founder.event('listen')
    const { code, stdout } = await world.murmur(['invite'])
    expect(code).to.equal(0)
    invite = stdout.trim()
    expect(invite).to.match(/^murmur:[\w-]+$/)
    const told = await world.ask('.murmur', ['invite', '--uses', '3', '--role', 'admin'])
    expect(told).to.include({ name: 'tiny', role: 'admin', maxUses: 3, origin: 'peer' })
    expect(told['addresses']).to.deep.equal(addresses)
  })

  it('join shows the manifest and, with nobody to ask, joins only with --yes', async () => {
    const { world } = current
    const other = await world.write('two.csv', tinyTable(2))
    const asked = await world.murmur(['join', invite, '--home', world.path('ben'), '--data', other])
    expect(asked.code).to.equal(2)
    expect(asked.stdout).to.match(/What is trained +a multi-layer perceptron/)
    expect(asked.stdout).to.match(/What you bring:\n +160 examples to train on/)
    expect(asked.stderr).to.match(/Nobody is here to be asked.*--yes/)
    expect(await readdir(world.dir)).not.to.include('ben')

    member = world.start('ben', ['join', invite, '--yes', '--data', other, ...LOCAL])
    const manifest = await member.event('manifest')
    expect(manifest['name']).to.equal('tiny')
  })

  it('trains to the end, with one result', async () => {
    const [one, two] = await Promise.all([founder.event('finished'), member.event('finished')])
    expect(one['round']).to.equal(ROUNDS)
    expect(one['commit']).to.equal(two['commit'])
    commit = String(one['commit'])
    for (const name of [
      'start',
      'listen',
      'phase',
      'member:connect',
      'round:start',
      'training:end',
      'commit'
    ]) {
      expect(founder.events.map(({ event }) => event)).to.include(name)
    }
  })

  for (const when of ['while the peer runs', 'after it has stopped']) {
    it(`status, peers, ledger and model tell the same ${when}`, async () => {
      const { world } = current
      if (when === 'after it has stopped') await stopFounder()
      const runs = when === 'while the peer runs'
      const status = await world.ask('.murmur', ['status'])
      expect(status).to.include({ origin: runs ? 'peer' : 'disk', commit, round: ROUNDS, name: 'tiny' })
      expect(status['phase']).to.equal(runs ? 'finished' : 'stopped')

      const peers = await world.murmur(['peers', '--json'])
      expect(peers.json.map(({ role, self }) => [role, self])).to.have.deep.members([
        ['founder', true],
        ['member', false]
      ])

      const ledger = await world.murmur(['ledger', '--json'])
      expect(ledger.json.at(-1)).to.include({ cid: commit, round: ROUNDS })
      expect(ledger.json.map(({ height }) => height)).to.deep.equal(ledger.json.map((_, i) => i + 1))

      const info = await world.ask('.murmur', ['model', 'info'])
      expect(info['parameters']).to.equal(2 * 4 + 4 + 4 + 1)
      expect((info['commit'] as { cid: string }).cid).to.equal(commit)
      await expectTexts(runs)
    })

    it(`model export, predict and evaluate use the model ${when}`, async () => {
      const { world } = current
      const out = world.path(`model ${when}`)
      await world.ask('.murmur', ['model', 'export', '--out', out])
      const { modelTopology } = JSON.parse(await readFile(join(out, 'model.json'), 'utf8')) as {
        modelTopology: object
      }
      expect(modelTopology).to.be.an('object')
      expect((await readFile(join(out, 'weights.bin'))).byteLength).to.equal(4 * 17)
      const twice = await world.murmur(['model', 'export', '--out', out])
      expect([twice.code, twice.stderr]).to.satisfy(
        ([code, stderr]: [number, string]) => code === 1 && /is there already.*--force/.test(stderr)
      )

      const points = await world.write('points.csv', 'x,y\n0.1,0.9\n0.9,0.1\n')
      const predicted = await world.murmur(['predict', '--input', points, '--json'])
      expect(predicted.json.map(({ index, label }) => [index, label])).to.deep.equal([
        [0, 'yes'],
        [1, 'no']
      ])
      const evaluated = await world.ask('.murmur', ['evaluate'])
      expect((evaluated['metrics'] as { accuracy: number }).accuracy).to.be.greaterThan(0.6)
    })
  }

  it('what needs a running peer says so, exit code 3', async () => {
    const { code, stderr } = await current.world.murmur(['stop'])
    expect(code).to.equal(3)
    expect(stderr).to.match(/No peer runs in .*Start it \(murmur start\)/)
  })

  it('start goes on with the data of the last start, and join with the same invite is a start', async () => {
    const { world } = current
    const again = world.start('.murmur', ['start', '--exit-when-finished', '--linger', '0s', ...LOCAL])
    expect(await again.ended).to.deep.equal({ code: 0, signal: null })
    await world.ask('ben', ['stop'])
    const rejoined = await world.murmur([
      'join',
      invite,
      '--home',
      world.path('ben'),
      '--exit-when-finished',
      '--linger',
      '0s',
      ...LOCAL
    ])
    expect(rejoined.code).to.equal(0)
    expect(rejoined.stderr).to.match(/You are a member of "tiny" already: starting/)
  })

  async function stopFounder(): Promise<void> {
    const { code, stdout } = await current.world.murmur(['stop'])
    expect([code, stdout]).to.deep.equal([0, 'The peer leaves.\n'])
    expect(await founder.ended).to.deep.equal({ code: 0, signal: null })
    expect(founder.events.at(-1)?.event).to.equal('stop')
    expect(await readdir(current.world.path('.murmur'))).not.to.include('control.sock')
  }

  /** For people: a table each, and a note when nobody runs. */
  async function expectTexts(runs: boolean): Promise<void> {
    const expected: [string[], RegExp][] = [
      [['status'], /^round +3 of 3$/m],
      [['peers'], /^12D3KooW\w{44} +founder +here/m],
      [['ledger'], /^ +\d+ +3 .* %/m],
      [['model', 'info'], /^parameters +17 parameters/m]
    ]
    for (const [args, pattern] of expected) {
      const { code, stdout, stderr } = await current.world.murmur(args)
      expect(code).to.equal(0)
      expect(stdout).to.match(pattern)
      expect(stderr).to.match(
        runs ? /^$/ : /^No peer runs in .*: this is what its files say, as it was left.\n$/
      )
    }
  }
})
