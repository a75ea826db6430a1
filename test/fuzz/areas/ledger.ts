/** protocols/ledger: whoever asks, and whoever answers. */
import { streamPair } from '@libp2p/utils'
import { expect } from 'chai'
import all from 'it-all'
import { RefusedError } from '../../../protocols/common/errors.ts'
import { LedgerProtocolError, LedgerTimeoutError } from '../../../protocols/ledger/index.ts'
import { encode } from '../../../src/federation/cbor.ts'
import { askerOf, FakeSource, federation, newPeerId, service } from '../../protocols/ledger/helpers.ts'
import { fuzzed, refusedOrUnderstood } from '../property.ts'
import { act, scripts } from '../streams.ts'
import type { Connection } from '@libp2p/interface'
import type { Script } from '../streams.ts'
import type { FuzzArea } from '../property.ts'

/** The protocol counts in the host's time; what waits for silence to end waits for as long as this. */
const TIMEOUT_MS = 40
const timeouts = { requestTimeoutMs: TIMEOUT_MS, answerTimeoutMs: TIMEOUT_MS }
const clock = { advance: () => {} }
const peer = await newPeerId()

const source = new FakeSource(3)
source.held = [{ kind: 'vote', bytes: new Uint8Array(100) }]
const requests = [
  encode({ federation, height: 0, have: [new Uint8Array(16)], maxBytes: 4096 }),
  encode({ federation, height: 2, have: [], maxBytes: 0 })
]

/** However it is asked, it is done with that soon, and answers the next. */
const answering = fuzzed('whoever asks', scripts(requests), {
  shares: 1,
  judge: async (script) => {
    // One for each: an honest server refuses who asks as often as this.
    const { protocol, handler } = service({ source, ...timeouts }, () => () => undefined)
    await protocol.start()
    const [near, far] = await streamPair({ delay: 0 })
    let isOver = false
    const connection = { remotePeer: peer } as Connection
    const handled = Promise.resolve(handler()(far, connection)).finally(() => (isOver = true))
    await act(near, script, { clock, isOver: () => isOver, maxSeconds: 200 })
    await handled
    const { asker } = await askerOf((stream) => handler()(stream, connection))
    expect(await all(asker.ask(peer, { height: 3 }))).to.have.length(3)
    near.abort(new Error('over'))
    await protocol.stop()
  }
})

const answers = [
  encode({ type: 'head', height: 4, cid: federation }),
  encode({ type: 'commit', bytes: new Uint8Array(500) }),
  encode({ type: 'record', kind: 'vote', bytes: new Uint8Array(100) }),
  encode({ type: 'end', more: false }),
  encode({ refused: { code: 'busy', message: 'No' } })
]

const asking = fuzzed('whoever answers', scripts(answers), {
  shares: 1,
  judge: async (script: Script) => {
    let isOver = false
    let acted: Promise<void> | undefined
    const { asker } = await askerOf(
      (stream) => (acted = act(stream, script, { clock, isOver: () => isOver, maxSeconds: 200 })),
      timeouts
    )
    let bytes = 0
    await refusedOrUnderstood({
      errors: [LedgerProtocolError, LedgerTimeoutError, RefusedError],
      run: async () => {
        try {
          for await (const frame of asker.ask(peer, { height: 3, maxBytes: 600 })) {
            if (frame.type === 'commit') bytes += frame.bytes.byteLength
          }
        } finally {
          isOver = true
        }
      }
    })
    expect(bytes).to.be.at.most(600 + 10_000)
    await acted
  }
})

export const ledger: FuzzArea = { name: 'ledger', properties: [answering, asking] }
