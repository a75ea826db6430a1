import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { besidePeer, Murmur } from '../helpers/murmur.ts'
import { ALICE, BOB, CAROL, cid, NOW, status } from '../helpers/samples.ts'
import type { HeardRecoveryStatus } from '../../../../peers/node/types.ts'

const HEARD: HeardRecoveryStatus = {
  commit: cid(77),
  height: 4,
  admin: BOB,
  reason: 'fire',
  members: [BOB],
  time: NOW,
  refused: false
}

describe('murmur recover', () => {
  it('says what it means, who is left out, and does nothing without a yes', async () => {
    const { murmur, peer } = await besidePeer({ confirm: false })
    expect(await murmur.run('recover', '--reason', 'fire in the lab')).to.equal(1)
    expect(murmur.stderr.text).to.contain('two histories of this federation')
    expect(murmur.stderr.text).to.contain(`Who counts from now on: ${ALICE}, ${BOB}\n`)
    expect(murmur.stderr.text).to.contain(`until it is let in again: ${CAROL}\n`)
    expect(murmur.stdout.text).to.equal('Nothing was changed.\n')
    expect(peer.asked).to.deep.equal([])
  })

  it('opens a branch with those that are connected, or with those named', async () => {
    const { murmur, peer } = await besidePeer({ confirm: true })
    expect(await murmur.run('recover', '--reason', 'fire')).to.equal(0)
    expect(await murmur.run('recover', '--reason', 'fire', '--member', CAROL, '--yes')).to.equal(0)
    expect(peer.asked).to.deep.equal([
      { recover: { reason: 'fire' } },
      { recover: { reason: 'fire', members: [ALICE, CAROL] } }
    ])
    expect(murmur.stdout.text).to.contain('The ledger is a branch from height 4 on.')
  })

  it('needs a reason, and somebody to ask', async () => {
    const { murmur, peer } = await besidePeer()
    expect(await murmur.run('recover', '--yes')).to.equal(2)
    expect(murmur.stderr.text).to.contain('--reason')
    expect(await murmur.run('recover', '--reason', 'fire')).to.equal(2)
    expect(await murmur.run('recover', '--reason', 'fire', '--json')).to.equal(2)
    expect(await murmur.run('recover', '--follow', '--refuse')).to.equal(2)
    expect(await murmur.run('recover', '--reason', 'fire', '--file', 'x')).to.equal(2)
    expect(peer.asked).to.deep.equal([])
  })

  it('needs a running peer', async () => {
    const murmur = await Murmur.at()
    expect(await murmur.run('recover', '--reason', 'fire', '--yes')).to.equal(3)
  })

  it('shows what was heard of before it follows', async () => {
    const { murmur, peer } = await besidePeer({ confirm: true })
    peer.state = status({ recoveries: [HEARD] })
    expect(await murmur.run('recover', '--follow')).to.equal(0)
    expect(murmur.stderr.text).to.contain(`${BOB} went on without a quorum after height 3`)
    expect(murmur.stderr.text).to.contain('because: fire')
    expect(await murmur.run('recover', '--follow', '--commit', HEARD.commit, '--yes')).to.equal(0)
    expect(await murmur.run('recover', '--refuse')).to.equal(0)
    expect(peer.asked).to.deep.equal([
      { follow: { commit: undefined } },
      { follow: { commit: HEARD.commit } },
      { refuse: undefined }
    ])
  })

  it('passes the record on by a file', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'murmur-recover-'))
    const { murmur, peer } = await besidePeer()
    const file = join(dir, 'record')
    await murmur.run('recover', '--reason', 'fire', '--yes', '--out', file)
    expect(new Uint8Array(await readFile(file))).to.deep.equal(Uint8Array.of(1, 2))
    await writeFile(file, Uint8Array.of(3, 4))
    expect(await murmur.run('recover', '--follow', '--file', file, '--yes')).to.equal(0)
    expect(peer.asked.at(-1)).to.deep.equal({ follow: { record: Uint8Array.of(3, 4) } })
    await rm(dir, { recursive: true })
  })
})

describe('a branch', () => {
  const branch = { number: 1, height: 3, admin: BOB, reason: 'fire', members: [BOB], time: NOW }

  it('cannot be overlooked in status', async () => {
    const { murmur, peer } = await besidePeer()
    const forks = [{ peerId: CAROL, height: 3, what: 'it goes on' }]
    peer.state = status({ branch, recoveries: [HEARD, { ...HEARD, refused: true }], forks })
    await murmur.run('status')
    expect(murmur.stdout.text).to.match(new RegExp(`BRANCH +opened without a quorum by ${BOB} at height 3`))
    expect(murmur.stdout.text).to.match(/RECOVERY +by .*: decide with murmur recover\nRECOVERY .*: refused\n/)
    expect(murmur.stdout.text).to.match(
      new RegExp(`FORK +${CAROL} has another history since height 3: it goes on`)
    )
  })

  it('nor in the ledger, also when its commit is not among those shown', async () => {
    const { murmur, peer } = await besidePeer()
    peer.state = status({ branch })
    peer.commits[2].recovery = { admin: BOB, reason: 'fire' }
    await murmur.run('ledger')
    expect(murmur.stdout.text).to.match(/BRANCH by …\w{6}/)
    const line = `BRANCH: from height 3 on, opened without a quorum by ${BOB}: fire\n`
    expect(murmur.stdout.text).to.contain(line)
    await murmur.run('ledger', '--limit', '1', '--from', '1')
    expect(murmur.stdout.text.endsWith(line)).to.equal(true)
  })
})
