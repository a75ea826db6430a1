import { expect } from 'chai'
import { ADMISSION_PROTOCOL } from '../../../protocols/admission/index.ts'
import { welcomeType } from '../../../protocols/admission/schema.ts'
import { BLOCKS_PROTOCOL } from '../../../protocols/blocks/index.ts'
import { answerType } from '../../../protocols/blocks/schema.ts'
import { LEDGER_PROTOCOL } from '../../../protocols/ledger/constants.ts'
import { frameType } from '../../../protocols/ledger/schema.ts'
import { roundsTopic } from '../../../protocols/rounds/index.ts'
import { CID } from 'multiformats/cid'
import { RefusedError } from '../../../protocols/common/errors.ts'
import { next, only, record } from './events.ts'
import { Federation } from './federation.ts'
import { Stranger } from './stranger.ts'
import type { Told } from './events.ts'
import type { Member } from './federation.ts'
import type { Exchange } from './stranger.ts'
import type { PrivateKey } from '@libp2p/interface'

const GOSSIP_PROTOCOLS = ['/meshsub/1.2.0', '/meshsub/1.1.0', '/meshsub/1.0.0']

interface Intruder {
  what: string
  /** What its hello is refused with. */
  code: string
  message: RegExp
  show(): Promise<{ key?: PrivateKey; certificate: Uint8Array }>
}

describe('a stranger who knows every address', function () {
  this.timeout(60_000)
  let federation: Federation
  let other: Federation
  let revoked: Member
  let told: Told[][]

  before(async () => {
    ;[federation, other] = await Promise.all([
      Federation.of(4, { rounds: { stop: { rounds: 1_000_000 } } }),
      Federation.of(2)
    ])
    revoked = federation.members[3]
    await federation.founder.peer.waitForRound(1)
    await revoked.peer.stop()
    federation.members.pop()
    const committed = Promise.all(
      federation.peers.map((peer) => next(peer, 'commit', (commit) => commit.revoked.includes(revoked.id)))
    )
    await federation.founder.peer.revoke({ peerId: revoked.id })
    await committed
    told = federation.peers.map(record)
  })

  after(async () => {
    await Promise.all([federation.close(), other.close()])
  })

  const intruders: Intruder[] = [
    {
      what: 'without a certificate',
      code: 'tampered',
      message: /^This certificate is damaged/,
      show: async () => ({ certificate: new Uint8Array(100) })
    },
    {
      what: "with a member's certificate, under another identity",
      code: 'tampered',
      message: /it is for 12D3\w+, but 12D3\w+ shows it/,
      show: async () => ({ certificate: await federation.members[1].home.certificate() })
    },
    {
      what: 'with a certificate of another federation',
      code: 'wrong-federation',
      message: /^This certificate belongs to federation/,
      show: async () => ({
        key: await other.members[1].home.identity(),
        certificate: await other.members[1].home.certificate()
      })
    },
    {
      what: 'whose membership was revoked',
      code: 'revoked',
      message: /^This membership was revoked by an admin/,
      show: async () => ({
        key: await revoked.home.identity(),
        certificate: await revoked.home.certificate()
      })
    }
  ]

  for (const intruder of intruders) {
    describe(intruder.what, () => {
      let stranger: Stranger
      let certificate: Uint8Array
      const address = (): string => federation.peers[1].addresses()[0]
      const hello = (look: boolean): Exchange<unknown> => ({
        question: { federation: federation.manifest.cid, certificate, addresses: [], look, head: null },
        answer: welcomeType
      })

      before(async () => {
        const shown = await intruder.show()
        certificate = shown.certificate
        stranger = await Stranger.start(roundsTopic(federation.manifest.cid), shown.key)
      })

      after(() => stranger.stop())

      it('gets no commit and no record', async () => {
        const question = { federation: federation.manifest.cid, height: 0, have: [], maxBytes: 1024 * 1024 }
        const error = await stranger.refusal(address(), LEDGER_PROTOCOL, { question, answer: frameType })
        expect(error).to.include({ code: 'not-a-member' })
        expect(error.message).to.include('join with an invite first')
      })

      it('gets no block, neither of the model nor of an update', async () => {
        const { model, contributions } = await federation.peers[1].waitForRound(1)
        const want = [CID.parse(model), contributions[0].update]
        const error = await stranger.refusal(address(), BLOCKS_PROTOCOL, {
          question: { want },
          answer: answerType
        })
        expect(error).to.include({ code: 'not-a-member' })
      })

      it('gets no gossip over a stream of its own making', async () => {
        for (const protocol of GOSSIP_PROTOCOLS) {
          const stream = await stranger.open(address(), protocol)
          expect(await stranger.drain(stream), protocol).to.equal(0)
        }
      })

      it('is told by each member why it is not admitted, and so is the member', async () => {
        for (const [index, peer] of federation.peers.entries()) {
          const refused = next(
            peer,
            'member:refused',
            ({ peerId }) => peerId === stranger.node.peerId.toString()
          )
          const error = await stranger.refusal(peer.addresses()[0], ADMISSION_PROTOCOL, hello(false))
          expect(error, `by peer ${index}`).to.include({ code: intruder.code })
          expect(error.message).to.match(intruder.message)
          expect(await refused).to.include({ code: intruder.code, message: error.message, local: true })
        }
      })

      it('is not shown the manifest either', async () => {
        const asked = stranger.refusal(address(), ADMISSION_PROTOCOL, hello(true))
        const told: unknown = await asked.catch((error: unknown) => error)
        // A revoked peer that was told so before may not get that far any more: it cannot even connect.
        const cut = intruder.code === 'revoked' && !(told instanceof RefusedError)
        if (cut) expect((told as Error).name).to.match(/^(Stream|Connection|Muxer|Encryption|UnexpectedEOF)/)
        else expect(told).to.include({ code: intruder.code })
      })

      it('hears nothing of what the members say in several rounds, and nobody hears it', async () => {
        const topic = roundsTopic(federation.manifest.cid)
        const { round } = federation.peers[0].status()
        await stranger.open(address(), GOSSIP_PROTOCOLS[0]).catch(() => {})
        await federation.peers[0].waitForRound(round + 5)
        expect(stranger.heard).to.deep.equal([])
        expect(stranger.node.services.pubsub.getSubscribers(topic)).to.deep.equal([])
        const { recipients } = await stranger.node.services.pubsub.publish(topic, new Uint8Array(10))
        expect(recipients).to.deep.equal([])
      })

      it('never counts as connected, and stops nobody', () => {
        const id = stranger.node.peerId.toString()
        for (const events of told) {
          expect(only(events, 'member:connect').map(({ peerId }) => peerId)).to.not.include(id)
          expect(only(events, 'error')).to.deep.equal([])
        }
        for (const peer of federation.peers) {
          expect(peer.status().members.map(({ peerId }) => peerId)).to.not.include(id)
        }
      })
    })
  }
})
