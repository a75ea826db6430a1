import { expect } from 'chai'
import { besidePeer, Murmur } from '../helpers/murmur.ts'

const TERMINAL = { isTTY: true, columns: 80 }

describe('murmur invite', () => {
  it('is the invite alone in a pipe, so that it can be sent on', async () => {
    const { murmur, peer } = await besidePeer()
    expect(await murmur.run('invite')).to.equal(0)
    expect(murmur.stdout.text).to.equal('murmur:fromThePeer\n')
    expect(murmur.stderr.text).to.equal('')
    expect(peer.closed).to.equal(1)
  })

  it('is for one member and a week, unless said otherwise', async () => {
    const { murmur, peer } = await besidePeer()
    await murmur.run('invite')
    await murmur.run(
      ...'invite --role admin --uses 10 --expires 12h --address /ip4/1.2.3.4/tcp/1 --address /ip4/1.2.3.4/tcp/2'.split(
        ' '
      )
    )
    expect(peer.asked).to.deep.equal([
      { invite: { role: 'member', expiresInMs: 604_800_000, maxUses: 1 } },
      {
        invite: {
          role: 'admin',
          expiresInMs: 43_200_000,
          maxUses: 10,
          addresses: ['/ip4/1.2.3.4/tcp/1', '/ip4/1.2.3.4/tcp/2']
        }
      }
    ])
  })

  it('shows a person a QR code, what the invite is good for, and what to do with it', async () => {
    const { murmur } = await besidePeer({ stdout: TERMINAL })
    await murmur.run('invite')
    expect(murmur.stdout.lines[0]).to.equal('murmur:fromThePeer')
    expect(murmur.stdout.text).to.contain('█')
    expect(murmur.stderr.text)
      .to.contain('An invite to "Drawn digits" as member: good for 7d 0h, 1 use.')
      .and.to.contain('It leads to /ip4/192.168.1.5/tcp/4001.')
      .and.to.contain('murmur join <invite>')
  })

  it('shows no QR code where none is wanted, or none fits', async () => {
    const { murmur } = await besidePeer({ stdout: TERMINAL })
    await murmur.run('invite', '--no-qr')
    expect(murmur.stdout.text).to.equal('murmur:fromThePeer\n')
    const narrow = await besidePeer({ stdout: { isTTY: true, columns: 20 } })
    await narrow.murmur.run('invite')
    expect(narrow.murmur.stdout.text).to.equal(
      'murmur:fromThePeer\n\n(No QR code: widen the terminal for one.)\n'
    )
  })

  it('tells scripts everything about it', async () => {
    const { murmur } = await besidePeer()
    await murmur.run('invite', '--json')
    const { invite } = murmur.library
    expect(murmur.stdout.json).to.deep.equal([
      {
        invite: 'murmur:fromThePeer',
        origin: 'peer',
        federation: invite.federation,
        name: 'Drawn digits',
        role: 'member',
        expiresAt: invite.expiresAt,
        maxUses: 1,
        addresses: invite.addresses
      }
    ])
  })

  it('is made from the files when no peer runs, and says that one must', async () => {
    const murmur = await Murmur.at({ env: { MURMUR_PASSPHRASE: 'open' } })
    expect(await murmur.run('invite', '--address', '/ip4/1.2.3.4/tcp/1', '--home', '/tmp/a')).to.equal(0)
    expect(murmur.stdout.text).to.equal('murmur:fromTheFiles\n')
    expect(murmur.library.called('inviteOffline')[0]).to.deep.include({ home: '/tmp/a', passphrase: 'open' })
    expect(murmur.stderr.text)
      .to.contain('No peer runs in /tmp/a')
      .and.to.contain('(murmur start --home /tmp/a)')
  })

  it('is closed to the peer whatever happens', async () => {
    const { murmur, peer } = await besidePeer()
    peer.invite = () => Promise.reject(Object.assign(new Error('no'), { code: 'not-allowed' }))
    expect(await murmur.run('invite')).to.equal(4)
    expect(peer.closed).to.equal(1)
  })

  it('needs a federation', async () => {
    const murmur = await Murmur.at()
    murmur.library.home = null
    expect(await murmur.run('invite')).to.equal(1)
    expect(murmur.stderr.text).to.contain('There is no federation in')
  })

  for (const [words, why] of [
    ['--uses 0', '--uses: "0"'],
    ['--expires soon', '"soon" is no duration'],
    ['--address 1.2.3.4', '"1.2.3.4" is no address']
  ] as const) {
    it(`refuses ${words}`, async () => {
      const { murmur } = await besidePeer()
      expect(await murmur.run('invite', ...words.split(' '))).to.equal(2)
      expect(murmur.stderr.text).to.contain(why)
    })
  }
})
