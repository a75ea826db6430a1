/** The parser: the command table turned into a commander program, and one run of it. */
import { Command, CommanderError, Help, Option } from 'commander'
import { commands } from './cmds/index.ts'
import { homeOf } from './home.ts'
import { exitCodes, InterruptedError } from './output/exit.ts'
import { renderError, reportOf, stackOf } from './output/errors.ts'
import { eventLine } from './output/json.ts'
import { logLevels } from './output/log.ts'
import type { CommandSpec, OptionSpec } from './command.ts'
import type { CommandContext, GlobalOptions } from './context.ts'
import type { ExitCode } from './output/exit.ts'

const ABOUT = `Train one model together, each on private data, with nobody in the middle.

Start here:
  murmur demo                     four peers on this machine train together
  murmur init digits              found a federation
  murmur start --data demo:1      run its first peer
  murmur invite                   an invite, from another terminal
  murmur join <invite> --data …   on their machine`

const EXIT_HELP = `Exit codes:
  0  done        1  failed        2  wrong usage        3  nobody could be reached
  4  refused by the federation (invite expired, used up, revoked …)
  130  ended by Ctrl-C            143  ended by SIGTERM`

/** Run one command line (without `node` and the script). Never throws; resolves with the exit code. */
export async function runProgram(argv: string[], context: CommandContext): Promise<ExitCode> {
  let code: ExitCode = exitCodes.ok
  const program = buildProgram(context, (value) => (code = value))
  try {
    await program.parseAsync(argv.length === 0 ? ['--help'] : argv, { from: 'user' })
    return code
  } catch (error) {
    return fail(error, argv, context)
  }
}

/** The whole program; `done` receives the exit code of the command that ran. Exported for tests. */
export function buildProgram(context: CommandContext, done: (code: ExitCode) => void): Command {
  const program = new Command('murmur')
    .description(ABOUT)
    .version(context.version, '-V, --version', 'Print the version.')
    .helpOption('-h, --help', 'Show help.')
    .helpCommand('help [command]', 'Show help for a command.')
    .addHelpText('after', `\n${EXIT_HELP}\n\nmurmur <command> --help shows options and examples.`)
  settle(program, context)
  for (const spec of commands) program.addCommand(build(spec, context, done))
  return program
}

function build(spec: CommandSpec, context: CommandContext, done: (code: ExitCode) => void): Command {
  const command = new Command(spec.name).summary(spec.summary).helpOption('-h, --help', 'Show this help.')
  command.description(unwrapped([spec.summary, spec.description].filter(Boolean).join('\n\n')))
  settle(command, context)
  if (spec.commands != null) command.helpCommand(false)
  for (const sub of spec.commands ?? []) command.addCommand(build(sub, context, done))
  if (spec.run == null) return withExamples(command, spec)
  for (const arg of spec.args ?? []) command.argument(arg.name, arg.description)
  for (const option of [...(spec.options ?? []), ...globalOptions()]) command.addOption(toOption(option))
  command.action(async () => done(await runCommand(spec, command, context)))
  return withExamples(command, spec)
}

async function runCommand(spec: CommandSpec, command: Command, context: CommandContext): Promise<ExitCode> {
  // A group that is a command itself takes the options that both have, wherever they stand.
  const given = command.optsWithGlobals()
  const options = { ...given, home: homeOf(given['home'], context) }
  const globals = options as unknown as GlobalOptions & Record<string, unknown>
  context.signal.throwIfAborted()
  return (await spec.run?.(context, command.args, globals)) ?? exitCodes.ok
}

/** Errors are thrown, not exits, and all text goes to the context's streams. */
function settle(command: Command, context: CommandContext): void {
  command.exitOverride()
  command.showSuggestionAfterError(true)
  command.configureHelp({ optionDescription: describeOption })
  command.configureOutput({
    writeOut: (text) => context.stdout.write(text),
    writeErr: (text) => context.stderr.write(text),
    outputError: () => undefined,
    getOutHelpWidth: () => Math.min(context.stdout.columns, 110)
  })
}

/** A flag that is off unless given needs no "(default: false)". */
function describeOption(option: Option): string {
  return option.defaultValue === false ? option.description : new Help().optionDescription(option)
}

/** Paragraphs are broken where the terminal ends, not where the source does. */
function unwrapped(text: string): string {
  return text.replace(/([^\n])\n(?!\n)/g, '$1 ')
}

function withExamples(command: Command, spec: CommandSpec): Command {
  const examples = spec.examples ?? []
  if (examples.length === 0) return command
  const width = Math.max(...examples.map(([line]) => line.length))
  const lines = examples.map(([line, what]) => `  murmur ${line.padEnd(width)}  ${what}`)
  return command.addHelpText('after', `\nExamples:\n${lines.join('\n')}`)
}

function toOption(spec: OptionSpec): Option {
  const option = new Option(spec.flags, spec.description)
  if (spec.default !== undefined) option.default(spec.default)
  if (spec.hidden === true) option.hideHelp()
  if (spec.choices != null) option.choices(spec.choices)
  if (spec.parse == null && spec.repeatable !== true) return option
  const parse = spec.parse ?? ((text: string) => text)
  return option.argParser((text: string, previous: unknown) => {
    if (spec.repeatable !== true) return parse(text)
    return [...((previous as unknown[] | undefined) ?? []), parse(text)]
  })
}

function globalOptions(): OptionSpec[] {
  return [
    { flags: '--home <dir>', description: 'State directory (default: $MURMUR_HOME, else ~/.murmur).' },
    { flags: '--json', description: 'Print JSON, one object per line.', default: false },
    { flags: '--verbose', description: 'Show the stack of an error.', default: false },
    { flags: '--log-level <level>', description: 'Structured logs on stderr.', choices: logLevels },
    { flags: '--log-file <file>', description: 'Write structured logs to this file instead of stderr.' }
  ]
}

/** Tell the failure once, in the form asked for, and say how to exit. */
function fail(error: unknown, argv: string[], context: CommandContext): ExitCode {
  if (error instanceof CommanderError) return failParse(error, argv, context)
  const thrown = context.signal.aborted ? interruptionOr(error, context.signal) : error
  const report = reportOf(thrown)
  const verbose = argv.includes('--verbose')
  if (argv.includes('--json')) {
    const detail = verbose ? { ...report, stack: stackOf(thrown) } : { ...report }
    context.stdout.write(eventLine('failed', context.now(), detail))
  } else if (!(thrown instanceof InterruptedError)) context.stderr.write(renderError(thrown, { verbose }))
  return report.exitCode
}

/** Whatever a command throws while it is being stopped is part of stopping. */
function interruptionOr(error: unknown, signal: AbortSignal): unknown {
  return signal.reason instanceof InterruptedError ? signal.reason : error
}

function failParse(error: CommanderError, argv: string[], context: CommandContext): ExitCode {
  if (error.exitCode === 0) return exitCodes.ok
  if (error.code === 'commander.help') return exitCodes.usage
  const message = error.message.replace(/^error: /, '')
  if (argv.includes('--json')) {
    const detail = {
      name: 'UsageError',
      code: error.code,
      message,
      exitCode: exitCodes.usage,
      expected: true
    }
    context.stdout.write(eventLine('failed', context.now(), detail))
  } else context.stderr.write(`murmur: ${message}\nSee ${helpFor(argv)}.\n`)
  return exitCodes.usage
}

/** The --help of the innermost command that was named. */
function helpFor(argv: string[]): string {
  const path: string[] = []
  let known: readonly CommandSpec[] = commands
  for (const word of argv) {
    const spec = known.find(({ name }) => name === word)
    if (spec == null) break
    path.push(word)
    known = spec.commands ?? []
  }
  return ['murmur', ...path, '--help'].join(' ')
}
