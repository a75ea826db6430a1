import { expect } from 'chai'
import { jsonLogger } from '../../../../peers/cli/output/log.ts'
import type { LogLevel } from '../../../../peers/cli/output/log.ts'

function logAt(level: LogLevel): { lines: Record<string, unknown>[]; logger: ReturnType<typeof jsonLogger> } {
  const lines: Record<string, unknown>[] = []
  const write = (line: string): void => {
    expect(line.endsWith('\n')).to.equal(true)
    lines.push(JSON.parse(line) as Record<string, unknown>)
  }
  return { lines, logger: jsonLogger({ level, now: () => 5, write }) }
}

function messageOf(formatter: unknown, ...args: unknown[]): unknown {
  const { lines, logger } = logAt('trace')
  logger.forComponent('murmur')(formatter, ...args)
  return lines[0]?.['message']
}

describe('jsonLogger', () => {
  for (const [level, written] of [
    ['silent', []],
    ['error', ['error']],
    ['debug', ['error', 'debug']],
    ['trace', ['error', 'debug', 'trace']]
  ] as const) {
    it(`writes ${written.join(', ') || 'nothing'} at level ${level}`, () => {
      const { lines, logger } = logAt(level)
      const log = logger.forComponent('murmur:rounds')
      log.error('e')
      log('d')
      log.trace('t')
      expect(lines.map((line) => line['level'])).to.deep.equal(written)
      expect(log.enabled).to.equal(level === 'debug' || level === 'trace')
    })
  }

  it('names the component and its scopes', () => {
    const { lines, logger } = logAt('debug')
    logger.forComponent('murmur').newScope('blocks')('got %d of %d', 3, 4)
    expect(lines).to.deep.equal([
      { time: 5, level: 'debug', component: 'murmur:blocks', message: 'got 3 of 4' }
    ])
  })

  it('fills placeholders in order, and appends what is left', () => {
    expect(messageOf('%s is %o, 100%%', 'a', { b: [1] })).to.equal('a is { b: [ 1 ] }, 100%')
    expect(messageOf('left', 1, 'two')).to.equal('left 1 two')
    expect(messageOf('none for %s')).to.equal('none for %s')
    expect(messageOf({ a: 1 })).to.equal('{ a: 1 }')
  })

  it('shows errors by message, and with the stack where %e asks for it', () => {
    const error = new Error('broken')
    expect(messageOf('failed: %s', error)).to.equal('failed: broken')
    expect(messageOf('failed: %e', error)).to.equal(`failed: ${error.stack}`)
  })

  it('shows any value at all', () => {
    const bare = Object.assign(Object.create(null) as object, { a: 1 })
    expect(messageOf('%o', bare)).to.contain('a: 1')
    expect(messageOf('%s %s %s', null, undefined, Symbol('s'))).to.equal('null undefined Symbol(s)')
    expect(messageOf('%a', [1, 2])).to.equal('1,2')
  })
})
