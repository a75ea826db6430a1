/** Each example runs as a process of its own, as the README says, and prints what it promises. */
import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'chai'

const folder = import.meta.dirname
/** The machine may be busy with other tests. */
const TIMEOUT_MS = 90_000

/** Run to the end. Rejects, with what it printed, unless the exit code is 0. */
async function run(name: string): Promise<string[]> {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [join(folder, name)], {
    timeout: TIMEOUT_MS
  })
  expect(stderr).to.equal('')
  return stdout.trimEnd().split('\n')
}

/** The number in the first line that `pattern` matches. */
function numberIn(lines: readonly string[], pattern: RegExp): number {
  const match = lines.map((line) => pattern.exec(line)).find((found) => found != null)
  expect(match, `${pattern} in\n${lines.join('\n')}`).to.exist
  return Number(match?.[1])
}

const promises: Record<string, (lines: string[]) => void> = {
  'federation.ts': (lines) => {
    const commits = lines.slice(0, 3)
    expect(new Set(commits), 'one commit').to.have.length(1)
    expect(commits[0]).to.match(/^round 3: bafy\w{55}$/)
    expect(numberIn(lines.slice(3), /^accuracy before the last round: ([\d.]+) %$/)).to.be.greaterThan(50)
  },
  'custom-data.ts': (lines) => {
    expect(lines[0]).to.match(/^peer 1 trains on 320 examples .*labels: no \d+, yes \d+$/)
    expect(lines[1]).to.match(/^peer 2 trains on 320 examples/)
    expect(numberIn(lines, /^before round 5: accuracy ([\d.]+)$/)).to.be.greaterThan(0.9)
  },
  'custom-trainer.ts': (lines) => {
    const [, slope, offset] = /^after 8 rounds: y = ([\d.-]+) x \+ ([\d.-]+)$/.exec(lines[0]) ?? []
    expect(Number(slope)).to.be.closeTo(3, 0.2)
    expect(Number(offset)).to.be.closeTo(-1, 0.1)
  },
  'events.ts': (lines) => {
    const told = lines.join('\n')
    expect(told).to.match(/waits for 1 more member: 1 of 2 are here/)
    expect(told).to.match(/^….{6} is here$/m)
    expect(lines.filter((line) => /^round \d with 2 members$/.test(line))).to.have.length(2)
    expect(lines.filter((line) => /update of ….{6}: 1200 examples, \d+ bytes$/.test(line))).to.have.length(4)
    expect(lines.filter((line) => /commit bafy\w{55} with 2 votes$/.test(line))).to.have.length(2)
    expect(numberIn(lines, /^finished after 2 rounds: ([\d.]+) %$/)).to.be.greaterThan(50)
  },
  'export-model.ts': (lines) => {
    expect(numberIn(lines, /^accuracy on an orchard it never saw: ([\d.]+)$/)).to.be.greaterThan(0.9)
    expect(lines[1]).to.match(/^fruit 1: ripe\? yes \(\d+ % sure\)$/)
    expect(lines[2]).to.match(/^fruit 2: ripe\? no \(\d+ % sure\)$/)
    expect(numberIn(lines, /^keras: model.json, (\d+) bytes$/)).to.be.greaterThan(1000)
    // (5 × 8 + 8 + 8 × 1 + 1) fp32 values
    expect(numberIn(lines, /^keras: weights.bin, (\d+) bytes$/)).to.equal(57 * 4)
    expect(numberIn(lines, /^safetensors: model.safetensors, (\d+) bytes$/)).to.be.greaterThan(57 * 4)
  }
}

describe('examples', function () {
  this.timeout(TIMEOUT_MS)

  for (const [name, check] of Object.entries(promises)) {
    it(`${name} prints what it promises`, async () => check(await run(name)))
  }

  it('are all run here and listed in the README', () => {
    const shared = ['federate.ts', 'examples.test.ts']
    const files = readdirSync(folder).filter((name) => name.endsWith('.ts') && !shared.includes(name))
    expect(Object.keys(promises)).to.have.members(files)
    const readme = readFileSync(join(folder, 'README.md'), 'utf8')
    for (const name of files) expect(readme).to.include(`\`${name}\``)
  })
})
