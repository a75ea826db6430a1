import { expect } from 'chai'
import { renderError, reportOf } from '../../../../peers/cli/output/errors.ts'
import { exitCodes, InterruptedError, UsageError, UserError } from '../../../../peers/cli/output/exit.ts'
import { ExpiredInviteError, TamperedError, UsedUpInviteError } from '../../../../src/federation/errors.ts'

/** An error as Node makes them. */
function system(code: string, other: Record<string, unknown> = {}): Error {
  return Object.assign(new Error(`${code}: something, open`), { code, syscall: 'open', ...other })
}

describe('reportOf', () => {
  it('gives each kind of failure its exit code', () => {
    const cases: [unknown, number][] = [
      [new UserError('no'), exitCodes.failure],
      [new UserError('no', { exitCode: exitCodes.unreachable }), exitCodes.unreachable],
      [new UsageError('no'), exitCodes.usage],
      [new InterruptedError('SIGINT'), exitCodes.interrupted],
      [new InterruptedError('SIGTERM'), exitCodes.terminated],
      [new ExpiredInviteError(0), exitCodes.refused],
      [new UsedUpInviteError(1), exitCodes.refused],
      [new TamperedError('invite', 'cut off'), exitCodes.refused],
      [system('ECONNREFUSED'), exitCodes.unreachable],
      [Object.assign(new Error('no'), { name: 'LedgerUnreachableError' }), exitCodes.unreachable],
      [system('ENOENT'), exitCodes.failure],
      [new TypeError('x is undefined'), exitCodes.failure],
      ['thrown text', exitCodes.failure]
    ]
    for (const [thrown, code] of cases) expect(reportOf(thrown).exitCode, String(thrown)).to.equal(code)
  })

  it('takes what JavaScript throws by itself for a bug, and nothing else', () => {
    for (const bug of [new Error('x'), new TypeError('x'), new AggregateError([]), 'x', undefined]) {
      expect(reportOf(bug).expected, String(bug)).to.equal(false)
    }
    const named = Object.assign(new Error('x'), { name: 'DataError' })
    for (const known of [new UserError('x'), new ExpiredInviteError(0), system('ENOSPC'), named]) {
      expect(reportOf(known).expected, String(known)).to.equal(true)
    }
  })

  it('does not call it a bug that nobody answers', () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:4001'), { code: 'ECONNREFUSED' })
    expect(reportOf(refused)).to.deep.include({ expected: true, exitCode: exitCodes.unreachable })
    const both = Object.assign(new AggregateError([refused, refused]), { code: 'ECONNREFUSED' })
    expect(reportOf(both)).to.deep.include({ expected: true, message: 'connect ECONNREFUSED 127.0.0.1:4001' })
  })

  it('puts file and network errors in words that say what to do', () => {
    const codes: [string, Record<string, unknown>, string][] = [
      ['ENOENT', { path: '/data/x.csv' }, '/data/x.csv does not exist. Check the path.'],
      ['EACCES', { path: '/root' }, 'No permission for /root.'],
      ['EEXIST', { path: '/out' }, '/out is there already.'],
      ['EISDIR', { path: '/out' }, '/out is a directory; a file was expected.'],
      ['ENOSPC', {}, 'No space is left on the disk (open).'],
      ['EADDRINUSE', { port: 9464 }, 'Another program already listens on port 9464.']
    ]
    for (const [code, other, message] of codes) {
      expect(reportOf(system(code, other)).message).to.contain(message)
    }
  })

  it('never has an empty message', () => {
    expect(reportOf(Object.assign(new Error(''), { code: 'EPROTO' })).message).to.equal('EPROTO')
    expect(reportOf(new RangeError()).message).to.equal('RangeError')
  })
})

describe('renderError', () => {
  it('is one line for what a person can mend', () => {
    expect(renderError(new UserError('No data. Say --data.'))).to.equal('murmur: No data. Say --data.\n')
  })

  it('asks for a report of a bug, and shows no stack unless asked to', () => {
    const bug = new TypeError('x is undefined')
    expect(renderError(bug)).to.contain('murmur: x is undefined\n').and.to.contain('looks like a bug')
    expect(renderError(bug)).not.to.contain('errors.test.ts')
    expect(renderError(bug, { verbose: true })).to.contain('errors.test.ts')
  })

  it('shows the stacks of causes too', () => {
    const cause = new RangeError('deep down')
    const text = renderError(new UserError('on top', { cause }), { verbose: true })
    expect(text).to.contain('UserError: on top').and.to.contain('caused by: RangeError: deep down')
    expect(renderError(new UserError('on top', { cause: 'a text' }), { verbose: true })).to.contain(
      'caused by: thrown: a text'
    )
  })

  it('keeps line feeds of the message, and nothing else that could steer the terminal', () => {
    const hostile = new UserError('Refused: \u001b[2J\u001b]0;title\u0007gone\n  line two')
    expect(renderError(hostile)).to.equal('murmur: Refused:  [2J ]0;title gone\n  line two\n')
  })
})
