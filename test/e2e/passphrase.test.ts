/** An identity that is encrypted at rest. */
import { expect } from 'chai'
import { inWorlds } from './in-world.ts'
import { LOCAL, tinyManifest, tinyTable } from './world.ts'
import type { Result } from './world.ts'

const PASSPHRASE = 'correct horse battery staple'

describe('MURMUR_PASSPHRASE', function () {
  const current = inWorlds(this)

  it('encrypts the new key; nothing that needs the key goes without it, what only reads does', async () => {
    const { world } = current
    const yaml = await world.write('tiny.yaml', JSON.stringify(tinyManifest({ members: 1 })))
    const data = await world.write('data.csv', tinyTable(1))
    const env = { MURMUR_PASSPHRASE: PASSPHRASE }
    expect((await world.murmur(['init', 'tiny', '--from', yaml], { env })).code).to.equal(0)

    const start = async (given: Record<string, string>): Promise<Result> =>
      await world.murmur(['start', '--data', data, '--until-round', '1', ...LOCAL], { env: given })
    const none = await start({})
    expect([none.code, none.stderr]).to.deep.equal([
      1,
      `murmur: The identity in ${world.path('.murmur')} is encrypted. ` +
        'Set MURMUR_PASSPHRASE, or run this in a terminal to be asked for it.\n'
    ])
    const wrong = await start({ MURMUR_PASSPHRASE: 'wrong' })
    expect(wrong.code).to.equal(1)
    expect(wrong.stderr)
      .to.match(/^murmur: .*passphrase/i)
      .and.not.to.match(/ at /)
    expect((await world.murmur(['status'])).code).to.equal(0)

    const offline = ['invite', '--address', '/ip4/127.0.0.1/tcp/4001']
    expect((await world.murmur(offline)).stderr).to.match(/is encrypted. Set MURMUR_PASSPHRASE/)
    expect((await world.murmur(offline, { env })).stdout).to.match(/^murmur:/)
    expect((await start(env)).code).to.equal(0)
  })

  it('protects the key of one who joins as well', async () => {
    const { world } = current
    const data = await world.found('founder')
    const founder = world.start('founder', ['start', '--data', data, ...LOCAL])
    await founder.event('listen')
    const invite = await world.invite('founder')
    const joined = world.start('ben', ['join', invite, '--yes', '--data', data, ...LOCAL], {
      MURMUR_PASSPHRASE: PASSPHRASE
    })
    await joined.commit(1)
    await world.ask('ben', ['stop'])
    await joined.ended
    const { code, stderr } = await world.murmur(['start', '--home', world.path('ben')])
    expect(code).to.equal(1)
    expect(stderr).to.match(/The identity in .*ben is encrypted/)
  })
})
