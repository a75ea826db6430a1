/** Every way in which an invite can be no good, each with its own words and exit code. */
import { createServer } from 'node:net'
import { expect } from 'chai'
import { inOneWorld } from './in-world.ts'
import { LOCAL, tinyTable } from './world.ts'
import type { AddressInfo } from 'node:net'
import type { MurmurProcess } from './process.ts'
import type { Result } from './world.ts'

const REFUSED = 4
const UNREACHABLE = 3

describe('an invite through murmur', function () {
  const current = inOneWorld(this)
  let founder: MurmurProcess
  let data: string

  before(async () => {
    const { world } = current
    // Training never starts: there are commits only when somebody joins or is revoked.
    await world.found('founder', { members: 3 })
    data = await world.write('data.csv', tinyTable(1))
    founder = world.start('founder', ['start', '--data', data, ...LOCAL])
    await founder.event('listen')
  })

  /** Join in a home of its own. */
  async function join(invite: string, home: string): Promise<Result> {
    const { world } = current
    return await world.murmur(['join', invite, '--yes', '--data', data, '--home', world.path(home), ...LOCAL])
  }

  /** One message, without a stack, and this exit code; also as JSON, with the reason for programs. */
  async function expectRefusal(
    invite: string,
    { message, exitCode, code }: { message: RegExp; exitCode: number; code: string | null }
  ): Promise<void> {
    const { world } = current
    const args = ['join', invite, '--yes', '--data', data, '--home', world.path('nobody'), ...LOCAL]
    const [told, json] = await Promise.all([world.murmur(args), world.murmur([...args, '--json'])])
    expect(told.stderr).to.match(message)
    expect(told.stderr)
      .to.match(/^murmur: /)
      .and.not.to.match(/^ +at /m)
    expect([told.code, json.code]).to.deep.equal([exitCode, exitCode])
    expect(json.json.at(-1)).to.include({ event: 'failed', code, exitCode, expected: true })
  }

  it('expired: says when, and to ask for a new one', async () => {
    const invite = await current.world.invite('founder', ['--expires', '1ms'])
    await expectRefusal(invite, {
      message: /This invite expired on \d{4}-\d\d-\d\dT\S+: ask for a new one/,
      exitCode: REFUSED,
      code: 'expired'
    })
  })

  it('tampered: one changed letter, a cut, or something else altogether', async () => {
    const invite = await current.world.invite('founder')
    const at = invite.length - 20
    const changed = invite.slice(0, at) + (invite[at] === 'A' ? 'B' : 'A') + invite.slice(at + 1)
    const message = /This invite is damaged or was changed \(.*\): copy the whole invite again/
    for (const text of [changed, invite.slice(0, -30), 'https://example.org/invite']) {
      await expectRefusal(text, { message, exitCode: REFUSED, code: 'tampered' })
    }
  })

  it('survives what a mail program does to it', async () => {
    const { world } = current
    const invite = await world.invite('founder')
    const mailed = `  ${invite.replace(/(.{60})/g, '$1\r\n')}\n`
    const args = ['join', '-', '--data', data, '--home', world.path('mail'), ...LOCAL]
    const { code, stdout } = await world.murmur(args, { input: mailed })
    expect(stdout).to.match(/^ {2}tiny$/m)
    expect(code).to.equal(2)
  })

  it('used up: the second who comes is told so', async () => {
    const { world } = current
    const invite = await world.invite('founder', ['--uses', '1'])
    const first = world.start('first', ['join', invite, '--yes', '--data', data, ...LOCAL])
    await first.event('commit')
    await expectRefusal(invite, {
      message: /This invite may be used once, and somebody has: ask for a new one/,
      exitCode: REFUSED,
      code: 'used-up'
    })
  })

  it('wrong federation: the home belongs to another', async () => {
    const { world } = current
    await world.ask('elsewhere', ['init', 'digits'])
    const told = await join(await world.invite('founder'), 'elsewhere')
    expect(told.code).to.equal(REFUSED)
    expect(told.stderr).to.match(
      /elsewhere belongs to the federation "digits" \(bafy\w+\), the invite is for "tiny" \(bafy\w+\). Join with another --home/
    )
  })

  it('revoked: takes effect with a commit', async () => {
    const { world } = current
    const invite = await world.invite('founder')
    await world.ask('founder', ['revoke', invite])
    await founder.event('commit', ({ revoked }) => (revoked as string[]).length === 1)
    await expectRefusal(invite, {
      message: /This invite was revoked by an admin of the federation.*: ask one of them for a new invite/,
      exitCode: REFUSED,
      code: 'revoked'
    })
  })

  it('nobody there: lists each address and why', async () => {
    const free = await freePort()
    const silent = createServer((socket) => void socket.destroy())
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    const { port } = silent.address() as AddressInfo
    try {
      const addresses = [`/ip4/127.0.0.1/tcp/${free}`, `/ip4/127.0.0.1/tcp/${port}`]
      const invite = await current.world.invite(
        'founder',
        addresses.flatMap((address) => ['--address', address])
      )
      await expectRefusal(invite, {
        message: new RegExp(
          "Nobody answers at the invite's addresses:\\n" +
            `  ${addresses[0]}/p2p/12D3KooW\\w+: the connection was refused \\(nothing listens there\\)\\n` +
            `  ${addresses[1]}/p2p/12D3KooW\\w+: .+\\n` +
            "Is a member's peer running, and reachable from here\\?"
        ),
        exitCode: UNREACHABLE,
        code: null
      })
    } finally {
      silent.close()
    }
  })

  it('no address: an invite made while no peer runs needs one', async () => {
    const { code, stderr } = await current.world.murmur(['invite', '--home', current.world.path('elsewhere')])
    expect(code).to.equal(1)
    expect(stderr).to.match(
      /needs an address at which a member can be reached: start the peer first, or name one/
    )
  })

  it('a member may not invite where only admins do', async () => {
    const { code, stderr } = await current.world.murmur(['invite', '--home', current.world.path('first')])
    expect(code).to.equal(REFUSED)
    expect(stderr).to.match(/^murmur: .*admin/)
  })
})

/** A port at which nothing listens. */
async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise<void>((resolve) => void server.close(() => resolve()))
  return port
}
