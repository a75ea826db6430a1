import { expect } from 'chai'
import { commands } from '../../../peers/cli/cmds/index.ts'
import { exitCodes, InterruptedError } from '../../../peers/cli/output/exit.ts'
import { displayWidth } from '../../../peers/cli/output/width.ts'
import { Murmur } from './helpers/murmur.ts'
import type { CommandSpec } from '../../../peers/cli/command.ts'

/** Every command and every command of a group, with the words that a person types for it. */
const all = commands.flatMap((spec): { words: string[]; spec: CommandSpec }[] => [
  { words: [spec.name], spec },
  ...(spec.commands ?? []).map((sub) => ({ words: [spec.name, sub.name], spec: sub }))
])

describe('murmur without words', () => {
  for (const words of [[], ['--help'], ['-h'], ['help']]) {
    it(`shows what there is, with ${words.join(' ') || 'nothing'}`, async () => {
      const murmur = await Murmur.at()
      expect(await murmur.run(...words)).to.equal(0)
      for (const { name, summary } of commands) {
        expect(murmur.stdout.text).to.match(new RegExp(`^  ${name}\\b`, 'm'))
        expect(murmur.stdout.text.replace(/\s+/g, ' ')).to.contain(summary)
      }
      expect(murmur.stdout.text).to.contain('murmur demo').and.to.contain('Exit codes:')
      expect(murmur.stderr.text).to.equal('')
    })
  }

  it('says its version', async () => {
    const murmur = await Murmur.at()
    expect(await murmur.run('--version')).to.equal(0)
    expect(murmur.stdout.text).to.equal('1.2.3\n')
  })

  it('documents every exit code', async () => {
    const murmur = await Murmur.at()
    await murmur.run()
    const help = murmur.stdout.text.slice(murmur.stdout.text.indexOf('Exit codes:'))
    for (const code of Object.values(exitCodes)) expect(help).to.match(new RegExp(`(^|\\s)${code}  `, 'm'))
  })
})

describe('the help of a command', () => {
  for (const { words, spec } of all) {
    const name = words.join(' ')

    it(`${name}: says what it does, its options, and examples that begin with it`, async () => {
      const murmur = await Murmur.at({ stdout: { columns: 200 } })
      expect(await murmur.run(...words, '--help')).to.equal(0)
      const { text } = murmur.stdout
      expect(text).to.contain(`Usage: murmur ${name}`).and.to.contain(spec.summary)
      for (const option of (spec.options ?? []).filter(({ hidden }) => hidden !== true)) {
        expect(text).to.contain(option.flags).and.to.contain(option.description)
      }
      for (const arg of spec.args ?? []) expect(text).to.contain(arg.description)
      expect(spec.examples, 'examples').to.have.length.above(0)
      for (const [line, what] of spec.examples ?? []) {
        expect(line).to.match(new RegExp(`^${words[0]}\\b`))
        expect(text).to.contain(`murmur ${line}`).and.to.contain(what)
      }
    })

    it(`${name}: is written in sentences`, () => {
      expect(spec.summary).to.match(/^[A-Z].*\.$/)
      for (const { description } of spec.options ?? []) expect(description).to.match(/^[A-Z].*\.$/)
    })

    if (spec.run != null) {
      it(`${name}: takes the options that all take`, async () => {
        const murmur = await Murmur.at({ stdout: { columns: 200 } })
        await murmur.run(...words, '--help')
        for (const flag of ['--home <dir>', '--json', '--verbose', '--log-level', '--log-file']) {
          expect(murmur.stdout.text).to.contain(flag)
        }
      })
    }
  }

  it('keeps its paragraphs within the terminal, and within what the eye reads', async () => {
    const murmur = await Murmur.at({ stdout: { columns: 300 } })
    await murmur.run('start', '--help')
    expect(murmur.stdout.text, 'flags are off unless given').not.to.contain('default: false')
    expect(murmur.stdout.text, 'lines end where the terminal does').to.contain('event with --json (the names')
    const options = murmur.stdout.lines.filter((line) => /^ {2}--/.test(line))
    expect(options).to.have.length.above(10)
    for (const line of options) expect(displayWidth(line)).to.be.at.most(110)
  })

  it('is shown by murmur help too', async () => {
    const murmur = await Murmur.at()
    expect(await murmur.run('help', 'start')).to.equal(0)
    expect(murmur.stdout.text).to.contain('Usage: murmur start')
  })
})

describe('a command line that cannot be meant', () => {
  const cases: [string[], string, string][] = [
    [['strat'], "unknown command 'strat'", 'See murmur --help.'],
    [['strat'], 'Did you mean start?', ''],
    [['start', '--dta', 'x'], 'Did you mean --data?', 'See murmur start --help.'],
    [['start', 'now'], 'too many arguments', 'See murmur start --help.'],
    [['start', '--data'], "option '--data <path>' argument missing", 'See murmur start --help.'],
    [['join'], "missing required argument 'invite'", 'See murmur join --help.'],
    [['invite', '--role', 'king'], 'Allowed choices are member, admin', 'See murmur invite --help.'],
    [['model', 'exprot'], 'Did you mean export?', 'See murmur model --help.'],
    [['model', 'export', '--format', 'onnx'], 'Allowed choices are keras', 'See murmur model export --help.'],
    [['--json', 'status'], "unknown option '--json'", '']
  ]
  for (const [words, why, next] of cases) {
    it(`murmur ${words.join(' ')}: ${why}`, async () => {
      const murmur = await Murmur.at()
      expect(await murmur.run(...words)).to.equal(exitCodes.usage)
      if (!words.includes('--json')) {
        expect(murmur.stderr.text).to.match(/^murmur: /)
        expect(murmur.stderr.text).to.contain(why).and.to.contain(next)
        expect(murmur.stdout.text).to.equal('')
      }
    })
  }

  it('is told as one JSON object with --json', async () => {
    const murmur = await Murmur.at()
    expect(await murmur.run('start', '--dta', '--json')).to.equal(2)
    const [line] = murmur.stdout.json
    expect(line).to.deep.include({ event: 'failed', name: 'UsageError', exitCode: 2, expected: true })
    expect(line?.['message']).to.contain("unknown option '--dta'")
    expect(murmur.stderr.text).to.equal('')
  })

  it('shows the help of a group that was named without a command', async () => {
    const murmur = await Murmur.at()
    expect(await murmur.run('model')).to.equal(2)
    expect(murmur.stderr.text).to.contain('Usage: murmur model').and.to.contain('export')
  })
})

describe('a failure', () => {
  async function failing(error: Error, ...more: string[]): Promise<{ murmur: Murmur; code: number }> {
    const murmur = await Murmur.at()
    murmur.library.failures.connect = error
    return { murmur, code: await murmur.run('status', ...more) }
  }

  const bug = new TypeError("Cannot read properties of undefined (reading 'x')")

  it('shows no stack of what a person can mend', async () => {
    const error = Object.assign(new Error('The invite has expired'), {
      name: 'ExpiredInviteError',
      code: 'expired'
    })
    const { murmur, code } = await failing(error)
    expect(code).to.equal(exitCodes.refused)
    expect(murmur.stderr.text).to.equal('murmur: The invite has expired\n')
  })

  it('says of a bug that it is one, and how to see more', async () => {
    const { murmur, code } = await failing(bug)
    expect(code).to.equal(exitCodes.failure)
    expect(murmur.stderr.text).to.contain('looks like a bug').and.to.contain('--verbose')
    expect(murmur.stderr.text).not.to.contain('.ts:')
  })

  it('shows the stack with --verbose, as text and as JSON', async () => {
    const text = await failing(bug, '--verbose')
    expect(text.murmur.stderr.text).to.contain('program.test.ts:')
    const json = await failing(bug, '--verbose', '--json')
    expect(json.murmur.stdout.json[0]?.['stack']).to.contain('program.test.ts:')
    const quiet = await failing(bug, '--json')
    expect(quiet.murmur.stdout.json[0]).not.to.have.property('stack')
  })

  it('is none of the command, but the end of it, once Ctrl-C came', async () => {
    const murmur = await Murmur.at()
    const { library } = murmur
    library.connect = async () => {
      murmur.interrupt()
      throw new Error('socket closed')
    }
    expect(await murmur.run('status')).to.equal(exitCodes.interrupted)
    expect(murmur.stderr.text).to.equal('')
  })

  it('is told as an InterruptedError with --json', async () => {
    const murmur = await Murmur.at()
    murmur.interrupt('SIGTERM')
    expect(await murmur.run('status', '--json')).to.equal(exitCodes.terminated)
    expect(murmur.stdout.json).to.have.length(1)
    expect(murmur.stdout.json[0]).to.deep.include({
      event: 'failed',
      name: InterruptedError.name,
      exitCode: 143
    })
  })
})

describe('the state directory', () => {
  const homeOf = async (argv: string[], env: Record<string, string> = {}): Promise<string> => {
    const murmur = await Murmur.at({ env })
    await murmur.run('status', ...argv)
    return /No peer runs in (.*?): /.exec(murmur.stderr.text)?.[1] ?? ''
  }

  it('is --home, else $MURMUR_HOME, else .murmur in the home directory', async () => {
    expect(await homeOf(['--home', './a'], { MURMUR_HOME: '/b' })).to.equal('/work/alice/a')
    expect(await homeOf([], { MURMUR_HOME: 'b' })).to.equal('/work/alice/b')
    expect(await homeOf([], { MURMUR_HOME: '' })).to.equal('/home/alice/.murmur')
  })
})
