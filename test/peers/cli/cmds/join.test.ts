import { expect } from 'chai'
import { Murmur } from '../helpers/murmur.ts'
import { cid } from '../helpers/samples.ts'
import type { MurmurInit } from '../helpers/murmur.ts'

/** A machine that belongs to no federation yet. */
async function stranger(init: MurmurInit = {}): Promise<Murmur> {
  const murmur = await Murmur.at(init)
  murmur.library.home = null
  return murmur
}

/** Join, and Ctrl-C once the peer runs. */
async function joinAndLeave(murmur: Murmur, ...argv: string[]): Promise<number> {
  const ended = murmur.run('join', ...argv)
  await Promise.race([murmur.library.peer.called('start'), ended])
  murmur.interrupt()
  return await ended
}

const INVITE = 'murmur:o2Zpbn'
const DATA = ['--data', 'demo:2']

describe('murmur join', () => {
  it('shows the manifest and the data, asks, becomes a member and runs', async () => {
    const murmur = await stranger({ confirm: true })
    expect(await joinAndLeave(murmur, INVITE, ...DATA)).to.equal(130)
    const { library, stdout, questions } = murmur
    expect(stdout.text).to.match(/tell apart 10 classes[\s\S]*What you bring:\n {2}900 examples to train on/)
    expect(questions).to.deep.equal(['Join, and train this model on your data? [y/N] '])
    expect(library.calls.map(([name]) => name)).to.deep.equal([
      'readInvite',
      'knock',
      'describeData',
      'accept',
      'createPeer',
      'remember',
      'serveControl'
    ])
    expect(library.called('accept')).to.deep.equal([{ home: '/home/alice/.murmur' }])
  })

  it('does nothing when the person says no', async () => {
    const murmur = await stranger({ confirm: false })
    expect(await murmur.run('join', INVITE, ...DATA)).to.equal(1)
    expect(murmur.stdout.text).to.contain('Not joined. Nothing was written and nothing was sent.')
    expect(murmur.library.called('accept')).to.deep.equal([])
    expect(murmur.library.called('createPeer')).to.deep.equal([])
  })

  it('does nothing when nobody is there to be asked, and says how to agree', async () => {
    const murmur = await stranger({ confirm: null })
    expect(await murmur.run('join', INVITE, ...DATA)).to.equal(2)
    expect(murmur.stderr.text).to.contain('with --yes')
    expect(murmur.library.called('accept')).to.deep.equal([])
  })

  it('does not ask with --yes, but shows what it agrees to', async () => {
    const murmur = await stranger()
    expect(await joinAndLeave(murmur, INVITE, ...DATA, '--yes')).to.equal(130)
    expect(murmur.questions).to.deep.equal([])
    expect(murmur.stdout.text).to.contain('tell apart 10 classes')
    expect(murmur.library.called('accept')).to.have.length(1)
  })

  it('takes --yes alone for consent with --json, and tells the manifest as an event', async () => {
    const asking = await stranger({ confirm: true })
    expect(await asking.run('join', INVITE, ...DATA, '--json')).to.equal(2)
    expect(asking.stdout.json.map(({ event }) => event)).to.deep.equal(['manifest', 'failed'])
    const murmur = await stranger()
    expect(await joinAndLeave(murmur, INVITE, ...DATA, '--json', '--yes')).to.equal(130)
    expect(murmur.stdout.json[0]).to.deep.include({
      event: 'manifest',
      federation: murmur.library.manifest.cid.toString(),
      name: 'Drawn digits',
      data: ['900 examples to train on for Drawn digits']
    })
  })

  it('reads the invite from the standard input for -', async () => {
    const murmur = await stranger({ input: `  ${INVITE}\n` })
    expect(await joinAndLeave(murmur, '-', ...DATA, '--yes')).to.equal(130)
    expect(murmur.library.called('readInvite')).to.deep.equal([`  ${INVITE}\n`])
    expect(murmur.library.called('knock')).to.deep.equal([INVITE])
  })

  it('encrypts the new key with the passphrase of the environment', async () => {
    const murmur = await stranger({ env: { MURMUR_PASSPHRASE: 'open' } })
    await joinAndLeave(murmur, INVITE, ...DATA, '--yes')
    expect(murmur.library.called('accept')).to.deep.equal([
      { home: '/home/alice/.murmur', passphrase: 'open' }
    ])
  })

  it('does not use up the invite of a peer that has no data', async () => {
    const murmur = await stranger()
    expect(await murmur.run('join', INVITE, '--yes')).to.equal(1)
    expect(murmur.stderr.text).to.contain('no data to train on')
    expect(murmur.library.called('knock')).to.deep.equal([])
    expect(murmur.library.called('accept')).to.deep.equal([])
  })

  it('looks at no data of a peer that will not train', async () => {
    const murmur = await stranger()
    expect(await joinAndLeave(murmur, INVITE, '--no-train', '--yes')).to.equal(130)
    expect(murmur.library.called('describeData')).to.deep.equal([])
  })

  it('becomes no member with data that does not fit', async () => {
    const murmur = await stranger({ confirm: true })
    const unfit = Object.assign(new Error('The images are 32×32, 28×28 is expected'), { name: 'DataError' })
    murmur.library.failures.describeData = unfit
    expect(await murmur.run('join', INVITE, ...DATA)).to.equal(1)
    expect(murmur.stderr.text).to.equal(`murmur: ${unfit.message}\n`)
    expect(murmur.questions).to.deep.equal([])
    expect(murmur.library.called('accept')).to.deep.equal([])
  })

  it('starts a member that joins again, without asking anybody', async () => {
    const murmur = await Murmur.at()
    expect(await joinAndLeave(murmur, INVITE, ...DATA)).to.equal(130)
    expect(murmur.stderr.text).to.equal('You are a member of "Drawn digits" already: starting.\n')
    expect(murmur.library.called('knock')).to.deep.equal([])
    expect(murmur.library.called('createPeer')).to.have.length(1)
  })

  it('uses the data of the last start when a member joins again', async () => {
    const murmur = await Murmur.at()
    murmur.library.home = { ...murmur.library.home!, remembered: { data: { path: 'demo:7' } } }
    expect(await joinAndLeave(murmur, INVITE)).to.equal(130)
    expect(murmur.library.called('createPeer')[0]).to.deep.include({ data: { path: 'demo:7' } })
  })

  it('refuses an invite to another federation, and says what to do', async () => {
    const murmur = await Murmur.at()
    murmur.library.invite = { ...murmur.library.invite, federation: cid(9), name: 'Other' }
    expect(await murmur.run('join', INVITE)).to.equal(4)
    expect(murmur.stderr.text).to.contain('belongs to the federation "Drawn digits"')
    expect(murmur.stderr.text).to.contain(
      `the invite is for "Other" (${cid(9)}). Join with another --home <dir>.`
    )
  })

  const refusals: [string, string, number][] = [
    ['readInvite', 'tampered', 4],
    ['knock', 'expired', 4],
    ['knock', 'used-up', 4],
    ['knock', 'unreachable', 3]
  ]
  for (const [method, code, exitCode] of refusals) {
    it(`exits with ${exitCode} when ${method} says ${code}`, async () => {
      const murmur = await stranger()
      murmur.library.failures[method as 'knock'] = Object.assign(new Error(`because ${code}`), { code })
      expect(await murmur.run('join', INVITE, ...DATA, '--yes')).to.equal(exitCode)
      expect(murmur.stderr.text).to.equal(`murmur: because ${code}\n`)
    })
  }

  it('leaves at once with Ctrl-C while it knocks', async () => {
    const murmur = await stranger()
    murmur.library.knock = async (_, { signal }) => {
      murmur.interrupt()
      signal.throwIfAborted()
      throw new Error('not aborted')
    }
    expect(await murmur.run('join', INVITE, ...DATA, '--yes')).to.equal(130)
    expect(murmur.stderr.text).to.equal('')
  })
})
