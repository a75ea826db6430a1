/** The command itself: on an old Node.js, and the demo. */
import { execFileSync } from 'node:child_process'
import { delimiter, join } from 'node:path'
import { existsSync } from 'node:fs'
import { expect } from 'chai'
import { inWorlds } from './in-world.ts'

/** A Node.js that murmur cannot run on, if this machine has one. */
function oldNode(): string | undefined {
  const folders = ['/usr/bin', '/usr/local/bin', ...(process.env['PATH'] ?? '').split(delimiter)]
  const found = [...new Set(folders.map((folder) => join(folder, 'node')))].filter((file) => existsSync(file))
  return found.find((file) => {
    const [major, minor] = execFileSync(file, ['-p', 'process.versions.node'], { encoding: 'utf8' })
      .split('.')
      .map(Number)
    return major < 22 || (major === 22 && minor < 18)
  })
}

describe('murmur', function () {
  const current = inWorlds(this)

  it('says what it needs when started on an old Node.js', async function () {
    const node = oldNode()
    if (node == null) {
      process.stdout.write('    skipped: every Node.js here is 22.18 or newer\n')
      this.skip()
    }
    for (const args of [['start'], ['--version'], []]) {
      const { code, stdout, stderr } = await current.world.murmur(args, { node })
      expect([code, stdout]).to.deep.equal([1, ''])
      expect(stderr).to.match(/^murmur: needs Node.js 22.18 or newer; this is \d+\.\d+\.\d+ \(.*node.*\)\.$/m)
      expect(stderr)
        .to.match(/nvm install 22/)
        .and.not.to.match(/^ +at /m)
    }
  })

  it('demo ends with each peer alone against the federation, and one commit', async () => {
    const { code, stdout, stderr } = await current.world.murmur(['demo', '--rounds', '3', '--peers', '3'])
    expect([code, stderr]).to.deep.equal([0, ''])
    const lines = stdout.trimEnd().split('\n')
    expect(lines.filter((line) => /^round \d\/3: accuracy before it [\d.]+ %/.test(line))).to.have.length(3)
    const rows = lines.filter((line) =>
      /^peer \d +its own writers \(demo:\d\) +[\d.]+ % +[\d.]+ %/.test(line)
    )
    expect(rows).to.have.length(3)
    expect(lines.at(-2)).to.match(/^All 3 peers hold the same commit: bafy\w{55}$/)
    expect(lines.at(-1)).to.match(/^Sent by all: .* a round, .* s in all. No data left its peer.$/)
  })

  it('demo --json prints nothing but JSON, the result last', async () => {
    const { code, stdout, stderr, json } = await current.world.murmur([
      'demo',
      '--rounds',
      '2',
      '--peers',
      '2',
      '--json'
    ])
    expect([code, stderr]).to.deep.equal([0, ''])
    expect(json).to.have.length(stdout.trimEnd().split('\n').length)
    const result = json.at(-1) as { event: string; peers: { commit: string; alone: { accuracy: number } }[] }
    expect(result.event).to.equal('result')
    expect(new Set(result.peers.map(({ commit }) => commit))).to.have.length(1)
    expect(json.filter(({ event }) => event === 'finished')).to.have.length(2)
  })
})
