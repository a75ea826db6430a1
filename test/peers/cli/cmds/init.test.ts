import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { parse } from 'yaml'
import { applySettings } from '../../../../peers/cli/cmds/init/draft.ts'
import { UsageError } from '../../../../peers/cli/output/exit.ts'
import {
  manifestTemplate,
  parseManifestYaml,
  templateKinds
} from '../../../../src/federation/manifest/index.ts'
import { Murmur } from '../helpers/murmur.ts'
import { NOW } from '../helpers/samples.ts'
import type { CheckedDraft } from '../../../../src/federation/manifest/index.ts'
import type { MurmurInit } from '../helpers/murmur.ts'

interface Found {
  home: string
  draft: CheckedDraft
  yaml: string
  passphrase?: string
  now: number
}

describe('murmur init', () => {
  let dir: string

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'murmur-init-'))
  })

  afterEach(async () => {
    await rm(dir, { recursive: true })
  })

  const at = async (init: MurmurInit = {}): Promise<Murmur> => {
    const murmur = await Murmur.at({ cwd: dir, ...init })
    murmur.library.home = null
    return murmur
  }
  const found = ({ library }: Murmur): Found[] => library.called<Found>('found')

  it('founds the digits at once, and says what next', async () => {
    const murmur = await at()
    expect(await murmur.run('init', 'digits')).to.equal(0)
    const [options] = found(murmur)
    expect(options).to.deep.include({ home: '/home/alice/.murmur', now: NOW })
    expect(options?.draft.name).to.equal('digits')
    expect(options).not.to.have.property('passphrase')
    expect(murmur.stdout.text)
      .to.contain('Founded a federation in /home/alice/.murmur:')
      .and.to.contain('tell apart 10 classes')
      .and.to.contain('\n  murmur start --data demo:1\n  murmur invite ')
  })

  it('names the directory in what comes next, unless it is found without', async () => {
    const murmur = await at()
    await murmur.run('init', 'digits', '--home', 'a b/.murmur')
    expect(murmur.stdout.text).to.contain(`\n  murmur start --home '${dir}/a b/.murmur' --data demo:1\n`)
    expect(murmur.stdout.text).to.contain(`\n  murmur invite --home '${dir}/a b/.murmur' `)
    const found = await at({ env: { MURMUR_HOME: 'state' } })
    await found.run('init', 'digits')
    expect(found.stdout.text).to.contain('\n  murmur start --data demo:1\n')
  })

  it('puts the settings of the command line in, and leaves the comments', async () => {
    const murmur = await at()
    expect(
      await murmur.run('init', 'digits', '--rounds', '3', '--members', '5', '--hidden', '32,16')
    ).to.equal(0)
    const [options] = found(murmur)
    expect(options?.draft.rounds).to.deep.include({ startMembers: 5, minContributors: 2 })
    expect(options?.draft.rounds.stop.rounds).to.equal(3)
    expect(options?.draft.model.architecture).to.deep.include({ preset: 'mlp', hidden: [32, 16] })
    expect(options?.yaml).to.contain('# A federation').and.to.contain('hidden: [ 32, 16 ]')
    expect(parseManifestYaml(options?.yaml ?? '')).to.deep.equal(options?.draft)
  })

  it('chooses the codec that the links carry, and signs that one', async () => {
    const chosen: unknown[] = []
    for (const [link, ...more] of [
      ['1000'],
      ['0.04'],
      ['0.001'],
      ['0.04', '--members', '9'],
      ['0.04', '--hidden', '9,9']
    ]) {
      const murmur = await at()
      const words = ['init', 'digits', '--codec', 'auto', '--link', link, ...more]
      expect(await murmur.run(...words)).to.equal(0)
      const [options] = found(murmur)
      expect(parseManifestYaml(options?.yaml ?? '')).to.deep.equal(options?.draft)
      expect(options?.yaml).to.contain('# how updates travel')
      chosen.push(options?.draft.exchange.codec.name)
    }
    expect(chosen).to.deep.equal(['fp32', 'fp16', 'topk', 'topk', 'fp32'])
    const murmur = await at()
    await writeFile(
      join(dir, 'm.yaml'),
      manifestTemplate('digits').replace('codec: fp32', 'codec: auto').replace('model:', 'modle:')
    )
    expect(await murmur.run('init', '--from', 'm.yaml', '--link', '2')).to.equal(1)
    expect(murmur.stderr.text).to.contain('modle').and.not.to.contain('codec')
  })

  it('leaves it to each member, where the founder names no link', async () => {
    const murmur = await at()
    expect(await murmur.run('init', 'digits', '--codec', 'auto')).to.equal(0)
    expect(found(murmur)[0]?.draft.exchange.codec).to.deep.equal({ name: 'auto', seconds: 10 })
  })

  it('encrypts the key with the passphrase of the environment', async () => {
    const murmur = await at({ env: { MURMUR_PASSPHRASE: 'open' } })
    await murmur.run('init', 'digits')
    expect(found(murmur)[0]?.passphrase).to.equal('open')
  })

  it('tells scripts what was founded', async () => {
    const murmur = await at()
    expect(await murmur.run('init', 'digits', '--json')).to.equal(0)
    const [line, ...rest] = murmur.stdout.json
    expect(rest).to.deep.equal([])
    expect(line).to.have.keys('federation', 'name', 'peerId', 'home')
    expect(line?.['federation']).to.equal(murmur.library.home?.manifest.cid.toString())
  })

  for (const kind of templateKinds.filter((one) => one !== 'digits')) {
    it(`writes a ${kind} manifest to edit, which can be founded`, async () => {
      const murmur = await at()
      expect(await murmur.run('init', 'my hearts', '--template', kind, '--rounds', '7')).to.equal(0)
      const file = join(dir, 'my-hearts.yaml')
      expect(found(murmur)).to.deep.equal([])
      expect(parse(await readFile(file, 'utf8'))).to.deep.include({ name: 'my hearts' })
      expect(murmur.stdout.text).to.contain(`Wrote ${file}.`).and.to.contain(`murmur init --from ${file}\n`)
      expect(await murmur.run('init', '--from', file)).to.equal(0)
      expect(found(murmur)[0]?.draft).to.deep.include({ name: 'my hearts' })
      expect(found(murmur)[0]?.draft.rounds.stop.rounds).to.equal(7)
      expect(murmur.stdout.text).to.contain('murmur start --data <your data>')
    })
  }

  it('takes the kind from the name where it is one, and founds a template as it is with --yes', async () => {
    const murmur = await at()
    expect(await murmur.run('init', 'tabular', '--yes')).to.equal(0)
    expect(found(murmur)[0]?.draft.task.input.kind).to.equal('tabular')
  })

  it('tells scripts where the draft is', async () => {
    const murmur = await at()
    expect(await murmur.run('init', 'hearts', '--template', 'text', '--json')).to.equal(0)
    expect(murmur.stdout.json).to.deep.equal([{ draft: join(dir, 'hearts.yaml') }])
  })

  it('overwrites no draft, and says how to found it', async () => {
    const file = join(dir, 'hearts.yaml')
    await writeFile(file, 'mine')
    const murmur = await at()
    expect(await murmur.run('init', 'hearts', '--template', 'text', '--home', 'x')).to.equal(1)
    expect(await readFile(file, 'utf8')).to.equal('mine')
    expect(murmur.stderr.text).to.contain(`${file} is there already.`)
    expect(murmur.stderr.text).to.contain(`\n  murmur init --from ${file} --home ${dir}/x\n`)
  })

  it("counts the file's name with --from, with settings put in", async () => {
    await writeFile(join(dir, 'm.yaml'), manifestTemplate('tabular'))
    const murmur = await at()
    expect(await murmur.run('init', 'other', '--from', 'm.yaml', '--members', '1')).to.equal(0)
    const [options] = found(murmur)
    expect(options?.draft.name).to.equal('My table')
    expect(options?.draft.rounds).to.deep.include({ startMembers: 1, minContributors: 1 })
  })

  it('names the line of what is wrong in a manifest, and founds nothing', async () => {
    await writeFile(
      join(dir, 'm.yaml'),
      manifestTemplate('digits').replace('batchSize: 32', 'batchSize: many')
    )
    const murmur = await at()
    expect(await murmur.run('init', '--from', 'm.yaml')).to.equal(1)
    expect(murmur.stderr.text).to.match(/This manifest cannot be used:\n {2}line \d+, training.batchSize: /)
    expect(murmur.stderr.text).not.to.contain('bug')
    expect(found(murmur)).to.deep.equal([])
  })

  for (const [what, yaml] of Object.entries({
    'is no YAML': 'a: [',
    'is a list': '- a',
    'is empty': '',
    'has a number where rounds belong': `${manifestTemplate('digits').replace(/rounds:\n(?: .*\n)+/, 'rounds: 3\n')}`,
    'has nothing where rounds belong': `${manifestTemplate('digits').replace(/rounds:\n(?: .*\n)+/, 'rounds:\n')}`
  })) {
    it(`calls it no bug when a manifest ${what}`, async () => {
      await writeFile(join(dir, 'm.yaml'), yaml)
      const murmur = await at()
      expect(await murmur.run('init', '--from', 'm.yaml', '--rounds', '3', '--members', '3')).to.equal(1)
      expect(murmur.stderr.text).to.contain('This manifest cannot be used:').and.not.to.contain('bug')
    })
  }

  const wrong: [string[], number, string][] = [
    [[], 2, 'Name the federation'],
    [['x', '--from', 'm.yaml', '--template', 'text'], 2, 'say one of them'],
    [['x', '--template', 'audio'], 2, 'Allowed choices are digits, image, tabular, text'],
    [['digits', '--rounds', '0'], 2, '--rounds: "0"'],
    [['digits', '--members', 'two'], 2, '--members: "two"'],
    [['digits', '--codec', 'zip'], 2, 'Allowed choices are auto, fp32, '],
    [['digits', '--codec', 'int8', '--link', '2'], 2, 'leave --link out'],
    [['digits', '--link', '2'], 2, 'leave --link out'],
    [['digits', '--link', '0'], 2, '--link: "0"'],
    [['digits', '--hidden', '1,x'], 2, '--hidden: "x"'],
    [['x', '--from', 'none.yaml'], 1, 'none.yaml does not exist. Check the path.']
  ]
  for (const [words, code, why] of wrong) {
    it(`refuses murmur init ${words.join(' ')}`, async () => {
      const murmur = await at()
      expect(await murmur.run('init', ...words)).to.equal(code)
      expect(murmur.stderr.text).to.contain(why)
      expect(found(murmur)).to.deep.equal([])
    })
  }
})

describe('applySettings', () => {
  const rounds = (yaml: string, members: number): unknown =>
    (parse(applySettings(yaml, null, { members })) as { rounds: unknown }).rounds

  it('asks for no more contributors than there are members, and lowers nothing else', () => {
    const wants = (n: number): string => `rounds:\n  minContributors: ${n}\n`
    expect(rounds(wants(5), 10)).to.deep.equal({ minContributors: 5, startMembers: 10 })
    expect(rounds(wants(5), 3)).to.deep.equal({ minContributors: 3, startMembers: 3 })
    expect(rounds('rounds:\n  cohort: 1\n', 1)).to.deep.equal({
      cohort: 1,
      startMembers: 1,
      minContributors: 1
    })
    expect(rounds('name: x\n', 4)).to.deep.equal({ startMembers: 4 })
  })

  it('puts hidden layers only into the presets that have some', () => {
    const preset = (name: string): string => `model:\n  architecture:\n    preset: ${name}\n`
    for (const name of ['mlp', 'cnn']) {
      expect(applySettings(preset(name), null, { hidden: [8] })).to.contain('hidden: [ 8 ]')
    }
    expect(() => applySettings(preset('logistic'), null, { hidden: [8] })).to.throw(UsageError, '"logistic"')
    expect(() => applySettings('name: x', null, { hidden: [8] })).to.throw(UsageError, '"none"')
  })
})
