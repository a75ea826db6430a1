/** Structured logs: libp2p's logger interface, one JSON object per line. */
import { inspect } from 'node:util'
import type { ComponentLogger, Logger } from '@libp2p/interface'

/** From quiet to chatty. libp2p's loggers know three kinds: error, (plain) debug and trace. */
export const logLevels = ['silent', 'error', 'debug', 'trace'] as const

/** How much is logged. */
export type LogLevel = (typeof logLevels)[number]

/** Where lines go, and the clock. */
export interface JsonLoggerInit {
  level: LogLevel
  now(): number
  write(line: string): void
}

/** A logger for `createPeer({ logger })` that writes `{time, level, component, message}` lines. */
export function jsonLogger(init: JsonLoggerInit): ComponentLogger {
  return { forComponent: (component) => scoped(init, component) }
}

function scoped(init: JsonLoggerInit, component: string): Logger {
  const rank = logLevels.indexOf(init.level)
  const at = (level: LogLevel) => {
    const wanted = logLevels.indexOf(level) <= rank
    return (formatter: unknown, ...args: unknown[]): void => {
      if (!wanted) return
      const message = formatMessage(formatter, args)
      init.write(`${JSON.stringify({ time: init.now(), level, component, message })}\n`)
    }
  }
  return Object.assign(at('debug'), {
    error: at('error'),
    trace: at('trace'),
    enabled: rank >= logLevels.indexOf('debug'),
    newScope: (name: string) => scoped(init, `${component}:${name}`)
  })
}

/** printf-style as libp2p uses it (%s %d %o %p %a %e …): every placeholder takes the next argument. */
function formatMessage(formatter: unknown, args: unknown[]): string {
  const rest = [...args]
  const text = typeof formatter === 'string' ? formatter : show('', formatter)
  const filled = text.replace(/%([a-zA-Z%])/g, (whole, letter: string) => {
    if (letter === '%') return '%'
    return rest.length > 0 ? show(letter, rest.shift()) : whole
  })
  return [filled, ...rest.map((value) => show('', value))].join(' ')
}

function show(letter: string, value: unknown): string {
  if (value instanceof Error) return letter === 'e' ? (value.stack ?? value.message) : value.message
  if (value === null || typeof value !== 'object') return String(value)
  const own = (value as { toString?: unknown }).toString
  return typeof own !== 'function' || own === Object.prototype.toString
    ? inspect(value, { depth: 3, breakLength: Infinity })
    : String(value)
}
