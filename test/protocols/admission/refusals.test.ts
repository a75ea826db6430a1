import { expect } from 'chai'
import { LAST_BACKOFF_MS, MAX_REFUSALS } from '../../../protocols/admission/constants.ts'
import { admissionGater } from '../../../protocols/admission/gater.ts'
import { Refusals } from '../../../protocols/admission/refusals.ts'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { person } from '../../federation/world.ts'
import { VirtualClock } from '../../helpers/virtual-clock.ts'
import type { MultiaddrConnection } from '@libp2p/interface'

const refusal = { code: 'expired', message: 'ask for a new one' }

describe('remembered refusals', () => {
  it('double the back-off up to its cap, and time ends it', () => {
    const clock = new VirtualClock()
    const refusals = new Refusals(() => clock.nowMs())
    for (let i = 0; i < 20; i++) refusals.add('a', refusal, true)
    expect(refusals.backoffMs('a')).to.equal(LAST_BACKOFF_MS)
    clock.advance(LAST_BACKOFF_MS - 1)
    expect(refusals.backoffMs('a')).to.equal(1)
    clock.advance(2)
    expect(refusals.backoffMs('a')).to.equal(0)
    expect(refusals.get('a')).to.deep.equal({ ...refusal, local: true })
    expect(refusals.backoffMs('b')).to.equal(0)
  })

  it('are bounded: the oldest is forgotten', () => {
    const refusals = new Refusals(() => 0)
    for (let i = 0; i <= MAX_REFUSALS; i++) refusals.add(`peer ${i}`, refusal, false)
    expect(refusals.get('peer 0')).to.equal(undefined)
    expect(refusals.get('peer 1')).to.deep.equal({ ...refusal, local: false })
    refusals.forget('peer 1')
    expect(refusals.get('peer 1')).to.equal(undefined)
  })
})

describe('the gater of admission', () => {
  const connection = {} as MultiaddrConnection
  const cases = [
    { revoked: false, backoffMs: 0, dials: true, lets: true },
    { revoked: false, backoffMs: 5, dials: false, lets: true },
    { revoked: true, backoffMs: 0, dials: false, lets: true },
    { revoked: true, backoffMs: 5, dials: false, lets: false }
  ]
  for (const { revoked, backoffMs, dials, lets } of cases) {
    it(`revoked ${revoked}, back-off ${backoffMs} ms: ${dials ? 'dials' : 'does not dial'}, ${lets ? 'lets in' : 'keeps out'}`, async () => {
      const peer = peerIdFromPrivateKey((await person(2)).key)
      const gater = admissionGater({ isUnwelcome: () => revoked, backoffMs: () => backoffMs })
      expect(await gater.denyDialPeer(peer)).to.equal(!dials)
      expect(await gater.denyOutboundEncryptedConnection(peer, connection)).to.equal(!dials)
      expect(await gater.denyInboundEncryptedConnection(peer, connection)).to.equal(!lets)
    })
  }
})
