import { expect } from 'chai'
import {
  BlocksProtocolError,
  BlocksUnavailableError,
  DistrustedHolderError,
  StalledError,
  StreamEndedError,
  WrongBytesError
} from '../../../protocols/blocks/index.ts'
import { RefusedError } from '../../../protocols/common/errors.ts'
import { refuse } from '../../../protocols/common/refusal.ts'
import { readDag, writeDag } from '../../../src/blocks/index.ts'
import { encodeFrame } from '../../../protocols/blocks/framing.ts'
import { rawCidOf } from '../../../src/federation/cbor.ts'
import { advanceUntil, failure, onWants, sendBlock, someBytes, TestNetwork, turn, until } from './harness.ts'
import type { TestPeer } from './harness.ts'
import type { PeerId, Stream } from '@libp2p/interface'
import type { CID } from 'multiformats/cid'

const blockSizeBytes = 16 * 1024
const payload = someBytes(12 * blockSizeBytes)

let network: TestNetwork
let puller: TestPeer
let honest: TestPeer
let root: CID

/** The one holder's failure, when it alone is asked for one block. */
async function failureOf(peer: PeerId, whileWaiting = async (): Promise<void> => {}): Promise<Error> {
  let settled = false
  const fetching = failure(puller.blocks.fetch([root], { holders: [peer] })).finally(() => (settled = true))
  await whileWaiting()
  await advanceUntil(network.clock, () => settled)
  const err = (await fetching) as BlocksUnavailableError
  expect(err).to.be.instanceOf(BlocksUnavailableError)
  expect(err.failures.map(({ peerId }) => peerId)).to.deep.equal([peer.toString()])
  return err.failures[0]?.error as Error
}

/** The payload arrives whole although `peer` is the first holder asked. */
async function expectHonestHelps(peer: PeerId): Promise<void> {
  let settled = false
  const fetching = puller.blocks
    .fetchDag(root, { holders: [peer, honest.id] })
    .finally(() => (settled = true))
  await advanceUntil(network.clock, () => settled)
  await fetching
  expect(await readDag(puller.store, root)).to.deep.equal(payload)
}

async function forNothing(stream: Stream): Promise<void> {
  onWants(stream, () => {})
}

describe('a hostile holder', () => {
  beforeEach(async () => {
    network = new TestNetwork()
    puller = await network.join()
    honest = await network.join()
    root = (await writeDag(honest.store, payload, { blockSizeBytes })).root
  })
  afterEach(async () => {
    await network.stop()
    await until(() => network.clock.timers === 0)
    expect(network.openStreams, 'streams left open').to.equal(0)
  })

  /** A puller anew; what it holds against others. */
  async function judged(): Promise<string[]> {
    const blamed: string[] = []
    const judge = { blame: (_peer: string, offence: string) => void blamed.push(offence), heard: () => {} }
    puller = await network.join({ judge })
    return blamed
  }

  /** One byte now and then, as long as the stream is open. */
  function drip(stream: Stream, everyMs: number): void {
    if (stream.status !== 'open') return
    stream.send(Uint8Array.of(1))
    network.clock.after(everyMs, () => drip(stream, everyMs))
  }

  it('that sends wrong bytes is reported, and never asked again', async () => {
    const liar = await network.hostile((stream) => onWants(stream, () => sendBlock(stream, someBytes(99, 3))))
    const lies: string[] = []
    puller.blocks.addEventListener('holder:lied', ({ detail }) => lies.push(`${detail.peer} ${detail.cid}`))
    expect(await failureOf(liar)).to.be.instanceOf(WrongBytesError)
    expect(lies).to.deep.equal([`${liar} ${root}`])
    const opened = network.opened.length
    expect(await failureOf(liar)).to.be.instanceOf(DistrustedHolderError)
    expect(network.opened).to.have.length(opened)
    expect(await puller.store.has(root)).to.equal(false)
  })

  it('is told of to the judge: false blocks, silence in the middle of an answer, answers that are none or broken off', async () => {
    const blamed = await judged()
    const liar = await network.hostile((stream) => onWants(stream, () => sendBlock(stream, someBytes(99, 3))))
    await failureOf(liar)
    const silent = await network.hostile((stream) =>
      onWants(stream, () => sendBlock(stream, someBytes(9), 5000))
    )
    expect(await failureOf(silent)).to.be.instanceOf(StalledError)
    const babbler = await network.hostile((stream) =>
      onWants(stream, () => void stream.send(encodeFrame({ nonsense: true })))
    )
    await failureOf(babbler)
    const breaker = await network.hostile((stream) =>
      onWants(stream, () => stream.abort(new Error('that was enough')))
    )
    expect(await failureOf(breaker)).to.be.instanceOf(StreamEndedError)
    const leaver = await network.hostile((stream) => onWants(stream, () => void stream.close()))
    expect(await failureOf(leaver)).to.be.instanceOf(StreamEndedError)
    expect([...new Set(blamed)]).to.deep.equal(['false-block', 'stall', 'unreadable', 'break-off'])
    // Each of them was tried twice.
    expect(blamed.filter((offence) => offence === 'break-off')).to.have.length(4)
  })

  it('that is silent in answer after answer stalls, though nobody waited for long; what it gives mends it', async () => {
    const blamed = await judged()
    let isHonest = false
    const bytes = someBytes(8 * 1024)
    const cid = await rawCidOf(bytes)
    const moody = await network.hostile((stream) =>
      onWants(stream, () => (isHonest ? sendBlock(stream, bytes) : sendBlock(stream, someBytes(5), 5000)))
    )
    const giveUpAfter2s = async (): Promise<void> => {
      const signal = new AbortController()
      const fetching = failure(puller.blocks.fetch([root], { holders: [moody], signal: signal.signal }))
      await until(() => network.openStreams > 0)
      for (let i = 0; i < 40; i++) await turn()
      network.clock.advance(2000)
      signal.abort(new Error('too late'))
      await fetching
    }
    await giveUpAfter2s()
    await giveUpAfter2s()
    isHonest = true
    await puller.blocks.fetch([cid], { holders: [moody] })
    isHonest = false
    await giveUpAfter2s()
    await giveUpAfter2s()
    expect(blamed).to.deep.equal([])
    await giveUpAfter2s()
    expect(blamed).to.deep.equal(['stall'])
  })

  it('that gives slowly, or refuses, or whose connection ends, is blamed for nothing', async () => {
    const blamed = await judged()
    const slow = await network.hostile((stream) =>
      onWants(stream, () => {
        sendBlock(stream, new Uint8Array(0), 5000)
        drip(stream, 500)
      })
    )
    expect(await failureOf(slow)).to.be.instanceOf(StalledError)
    const refuser = await network.hostile((stream) =>
      refuse(stream, { code: 'busy', message: 'ask another' })
    )
    expect(await failureOf(refuser)).to.be.instanceOf(RefusedError)
    const dead = await network.hostile((stream) =>
      onWants(stream, () => {
        const near = network.opened.at(-1) as unknown as { onTransportClosed(error: Error): void }
        near.onTransportClosed(new Error('the connection is gone'))
      })
    )
    expect(await failureOf(dead)).to.be.instanceOf(StreamEndedError)
    expect(blamed).to.deep.equal([])
  })

  it('that sends wrong bytes does not keep the payload from arriving', async () => {
    await expectHonestHelps(
      await network.hostile((stream) => onWants(stream, () => sendBlock(stream, someBytes(99, 3))))
    )
  })

  it('that refuses is quoted', async () => {
    const member = await network.hostile((stream) =>
      refuse(stream, { code: 'not-a-member', message: 'Join first' })
    )
    const err = await failureOf(member)
    expect(err).to.be.instanceOf(RefusedError)
    expect((err as RefusedError).code).to.equal('not-a-member')
    expect(err.message).to.equal('Join first')
    expect(network.opened).to.have.length(1)
  })

  it('that refuses is passed over', async () => {
    await expectHonestHelps(
      await network.hostile((stream) => refuse(stream, { code: 'busy', message: 'Busy' }))
    )
  })

  it('that never answers is given up after the stall time', async () => {
    const startMs = network.clock.nowMs()
    expect(await failureOf(await network.hostile(forNothing))).to.be.instanceOf(StalledError)
    expect(network.clock.nowMs() - startMs).to.be.within(10_000, 10_500)
  })

  it('that never answers delays a fetch by about a second', async () => {
    const startMs = network.clock.nowMs()
    await expectHonestHelps(await network.hostile(forNothing))
    expect(network.clock.nowMs() - startMs).to.be.lessThan(5_000)
  })

  it('that sends one byte a second is given up', async () => {
    const slow = await network.hostile((stream) =>
      onWants(stream, () => {
        sendBlock(stream, new Uint8Array(0), 100_000)
        drip(stream, 1000)
      })
    )
    expect(await failureOf(slow)).to.be.instanceOf(StalledError)
    await advanceUntil(network.clock, () => network.clock.timers === 0)
  })

  it('that sends without end and without being asked is cut off', async () => {
    const flood = await network.hostile((stream) => {
      const chunk = new Uint8Array(64 * 1024).fill(0xff)
      const pour = (): void => {
        while (stream.status === 'open' && stream.send(chunk));
      }
      stream.addEventListener('drain', pour)
      pour()
    })
    expect(await failureOf(flood)).to.be.instanceOf(BlocksProtocolError)
    expect(puller.blocks.counters.bytesReceived).to.be.lessThan(4 * 1024 * 1024)
  })

  it('that announces an oversize frame is cut off before it is buffered', async () => {
    const huge = await network.hostile((stream) =>
      onWants(stream, () => stream.send(Uint8Array.of(0xff, 0xff, 0x7f)))
    )
    const err = await failureOf(huge)
    expect(err).to.be.instanceOf(BlocksProtocolError)
    expect(err.message).to.match(/a frame of 2097151 bytes, 1 to 5120 expected/)
  })

  it('that announces a larger block than asked for is cut off', async () => {
    const large = await network.hostile((stream) =>
      onWants(stream, () => sendBlock(stream, new Uint8Array(0), 20_000))
    )
    const cid = await rawCidOf(someBytes(10))
    const fetching = puller.blocks.fetch([cid], { holders: [large], maxBlockBytes: 16_384 })
    const err = (await failure(fetching)) as BlocksUnavailableError
    expect(err.failures[0]?.error.message).to.include('20000 bytes')
    expect(err.failures[0]?.error.message).to.include('at most 16384 expected')
  })

  it('that answers more than it was asked is cut off', async () => {
    const eager = await network.hostile((stream) => sendBlock(stream, someBytes(10)))
    const cid = await rawCidOf(someBytes(10_000, 5))
    const err = (await failure(puller.blocks.fetch([cid], { holders: [eager] }))) as BlocksUnavailableError
    expect(err.failures[0]?.error).to.be.instanceOf(BlocksProtocolError)
  })

  it('that sends garbage is cut off', async () => {
    const garbage = await network.hostile((stream) =>
      onWants(stream, () => stream.send(Uint8Array.of(3, 0xff, 0xff, 0xff)))
    )
    expect((await failureOf(garbage)).message).to.include('block answer')
  })

  it('that dies half-way through a block is tried once more, then given up', async () => {
    const dying = await network.hostile((stream) =>
      onWants(stream, () => {
        sendBlock(stream, someBytes(1000), 30_000)
        stream.abort(new Error('power cut'))
      })
    )
    expect(await failureOf(dying)).to.be.instanceOf(StreamEndedError)
    expect(network.opened).to.have.length(2)
  })

  it('that dies half-way leaves what it had to the others', async () => {
    let answered = 0
    const dying = await network.hostile((stream) =>
      onWants(stream, (cid) => {
        if (answered++ > 3) return stream.abort(new Error('power cut'))
        void honestBytes(cid).then((bytes) => {
          if (stream.status === 'open') sendBlock(stream, bytes)
        })
      })
    )
    await expectHonestHelps(dying)
    expect(answered).to.be.greaterThan(1)
  })

  it('that closes politely without answering is given up', async () => {
    const leaving = await network.hostile(async (stream) => stream.close())
    expect(await failureOf(leaving)).to.be.instanceOf(StreamEndedError)
  })
})

async function honestBytes(cid: CID): Promise<Uint8Array> {
  for await (const bytes of honest.store.get(cid)) return bytes
  throw new Error('not here')
}
