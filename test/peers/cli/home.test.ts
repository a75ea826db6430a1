import { expect } from 'chai'
import fc from 'fast-check'
import { execFileSync } from 'node:child_process'
import { homeFlag, homeOf, shellWord } from '../../../peers/cli/home.ts'

const at = (env: Record<string, string> = {}): { cwd: string; env: Record<string, string> } => ({
  cwd: '/work',
  env: { HOME: '/home/alice', ...env }
})

describe('homeFlag', () => {
  it('is left out exactly where the command finds the directory without it', () => {
    expect(homeFlag(at(), '/home/alice/.murmur')).to.equal('')
    expect(homeFlag(at(), '/tmp/.murmur')).to.equal(' --home /tmp/.murmur')
    expect(homeFlag(at({ MURMUR_HOME: 'state' }), '/work/state')).to.equal('')
    expect(homeFlag(at({ MURMUR_HOME: 'state' }), '/home/alice/.murmur')).to.equal(
      ' --home /home/alice/.murmur'
    )
  })

  it('leads back to the same directory', () => {
    const path = fc.stringMatching(/^\/[a-z]{1,9}$/)
    fc.assert(
      fc.property(path, fc.option(path, { nil: '' }), (home, chosen) => {
        const context = at({ MURMUR_HOME: chosen })
        const given = / --home (.*)/.exec(homeFlag(context, home))?.[1]
        expect(homeOf(given, context)).to.equal(home)
      })
    )
  })
})

describe('shellWord', () => {
  it('leaves plain paths as they are', () => {
    expect(shellWord('/home/alice/.murmur')).to.equal('/home/alice/.murmur')
    expect(shellWord('')).to.equal("''")
  })

  it('is read back by a shell as it was', () => {
    const words = ['two words', "it's", '$HOME', '`id`', 'a"b', 'a\\b', '*', 'Köln', ';ls', "''"]
    const echoed = execFileSync('/bin/sh', ['-c', `printf '%s\\n' ${words.map(shellWord).join(' ')}`])
    expect(echoed.toString('utf8').trimEnd().split('\n')).to.deep.equal(words)
  })
})
