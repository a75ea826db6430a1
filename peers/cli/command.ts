/** A command as data: name, arguments, options, examples, handler. `program.ts` turns the table into a parser. */
import type { CommandContext, GlobalOptions } from './context.ts'
import type { ExitCode } from './output/exit.ts'

/** One `--flag` as commander writes it, e.g. `--uses <n>`. */
export interface OptionSpec {
  flags: string
  description: string
  /** Shown in --help and used when the option is absent. */
  default?: unknown
  choices?: readonly string[]
  /** Text → value. Throws a UsageError. With `repeatable`, values are collected into an array. */
  parse?: (text: string) => unknown
  repeatable?: boolean
  hidden?: boolean
}

/** One positional argument, e.g. `<invite>` (required) or `[name]`. */
export interface ArgumentSpec {
  name: string
  description: string
}

/** A command or, with `commands`, a group of them. */
export interface CommandSpec {
  name: string
  /** One line for the list of commands. */
  summary: string
  /** Paragraphs for its own --help. */
  description?: string
  args?: ArgumentSpec[]
  options?: OptionSpec[]
  /** Command line (without `murmur`) and what it does. */
  examples?: [string, string][]
  commands?: CommandSpec[]
  run?: CommandRunner
}

/** Arguments and options as parsed; the exit code when nothing was thrown. */
export type CommandRunner = (
  context: CommandContext,
  args: string[],
  options: GlobalOptions & Record<string, unknown>
) => Promise<ExitCode | undefined>

/**
 * Fit a handler with typed options to the table. The options' parsers in the same folder make the types true;
 * the handler itself is loaded only when the command runs, which keeps `murmur --help` fast.
 */
export function lazy<Options extends object>(
  load: () => Promise<{ handler: Handler<Options> }>
): CommandRunner {
  return async (context, args, options) => {
    const { handler } = await load()
    return await handler({ context, args, options: options as unknown as Options & GlobalOptions })
  }
}

/** What `cmds/<name>/handler.ts` exports. Resolves with the exit code; nothing means 0. */
export type Handler<Options> = (invocation: {
  context: CommandContext
  args: string[]
  options: Options & GlobalOptions
}) => Promise<ExitCode | undefined>
