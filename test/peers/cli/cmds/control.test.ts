/** The commands that only a running peer can carry out: revoke and stop. */
import { expect } from 'chai'
import { besidePeer, Murmur } from '../helpers/murmur.ts'
import { BOB, cid } from '../helpers/samples.ts'

describe('commands to a running peer', () => {
  for (const line of ['stop', `revoke ${BOB}`]) {
    it(`${line}: exits with 3 when none runs, and says how to start it`, async () => {
      const murmur = await Murmur.at()
      expect(await murmur.run(...line.split(' '), '--home', '/tmp/a')).to.equal(3)
      expect(murmur.stderr.text).to.equal(
        'murmur: No peer runs in /tmp/a. Start it (murmur start --home /tmp/a), then run this again in another terminal.\n'
      )
    })

    it(`${line}: needs a federation`, async () => {
      const murmur = await Murmur.at()
      murmur.library.home = null
      expect(await murmur.run(...line.split(' '))).to.equal(1)
      expect(murmur.stderr.text).to.contain('There is no federation in')
    })

    it(`${line}: lets go of the peer, also when it says no`, async () => {
      const { murmur, peer } = await besidePeer()
      await murmur.run(...line.split(' '))
      const no = (): Promise<never> =>
        Promise.reject(Object.assign(new Error('Admins only'), { code: 'not-allowed' }))
      Object.assign(peer, { stop: no, revoke: no })
      expect(await murmur.run(...line.split(' '))).to.equal(4)
      expect(murmur.stderr.text).to.equal('murmur: Admins only\n')
      expect(peer.closed).to.equal(2)
    })
  }
})

describe('murmur stop', () => {
  it('tells the peer to leave', async () => {
    const { murmur, peer } = await besidePeer()
    expect(await murmur.run('stop')).to.equal(0)
    expect(peer.asked).to.deep.equal(['stop'])
    expect(murmur.stdout.text).to.equal('The peer leaves.\n')
  })

  it('tells scripts so', async () => {
    const { murmur } = await besidePeer()
    await murmur.run('stop', '--json')
    expect(murmur.stdout.json).to.deep.equal([{ stopped: true }])
  })
})

describe('murmur revoke', () => {
  const id = `bafyrei${'q'.repeat(52)}`
  const targets: [string, unknown, string][] = [
    [BOB, { peerId: BOB }, `${BOB} is no longer a member from the next commit on.\n`],
    ['murmur:o2Zpbn', { invite: 'murmur:o2Zpbn' }, 'The invite is worthless from the next commit on.\n'],
    [` ${id}\n`, { invite: id }, 'The invite is worthless from the next commit on.\n']
  ]
  for (const [word, target, told] of targets) {
    it(`takes ${JSON.stringify(word.slice(0, 15))}…`, async () => {
      const { murmur, peer } = await besidePeer()
      expect(await murmur.run('revoke', word)).to.equal(0)
      expect(peer.asked).to.deep.equal([{ revoke: target }])
      expect(murmur.stdout.text).to.equal(told)
      murmur.stdout.text = ''
      await murmur.run('revoke', word, '--json')
      expect(murmur.stdout.json).to.deep.equal([{ revoked: target }])
    })
  }

  for (const word of ['', 'bob', BOB.slice(0, -1), `${BOB}x`, 'bafy', cid(1).toUpperCase()]) {
    it(`refuses ${JSON.stringify(word.slice(0, 20))}: neither an invite nor a peer`, async () => {
      const { murmur, peer } = await besidePeer()
      expect(await murmur.run('revoke', word)).to.equal(2)
      expect(murmur.stderr.text)
        .to.contain('neither an invite')
        .and.to.contain('murmur peers lists the members')
      expect(peer.asked).to.deep.equal([])
    })
  }
})
