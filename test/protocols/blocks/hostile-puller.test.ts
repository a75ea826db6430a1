import { expect } from 'chai'
import { encodeFrame, FrameParser } from '../../../protocols/blocks/framing.ts'
import { answerType } from '../../../protocols/blocks/schema.ts'
import { writeDag } from '../../../src/blocks/index.ts'
import { decode, rawCidOf } from '../../../src/federation/cbor.ts'
import { advanceUntil, failure, newPeerId, someBytes, TestNetwork, turn, until } from './harness.ts'
import type { Answer } from '../../../protocols/blocks/schema.ts'
import type { TestPeer } from './harness.ts'
import type { PeerId, Stream } from '@libp2p/interface'
import type { CID } from 'multiformats/cid'

const MIB = 1024 * 1024

let network: TestNetwork
let holder: TestPeer
let attacker: PeerId
let block: CID

/** What the holder answers on a stream. */
function answersOn(stream: Stream): Answer[] {
  const answers: Answer[] = []
  const parser = new FrameParser({
    maxFrameBytes: 8192,
    onFrame(bytes) {
      const answer = decode(answerType, bytes)
      answers.push(answer)
      return 'size' in answer ? answer.size : 0
    },
    onBody: () => {}
  })
  stream.addEventListener('message', ({ data }) => parser.push(data))
  return answers
}

async function refusalCode(answers: Answer[]): Promise<string | undefined> {
  await until(() => answers.some((answer) => 'refused' in answer))
  const last = answers.at(-1)
  return last != null && 'refused' in last ? last.refused.code : undefined
}

async function connect(): Promise<Stream> {
  return network.open(attacker, holder.id)
}

/** What the holder answers to one want on a new stream. */
async function askAgain(cid: CID): Promise<Answer[]> {
  const stream = await connect()
  const answers = answersOn(stream)
  stream.send(encodeFrame({ want: [cid] }))
  return answers
}

/** Bytes that the holder keeps queued for a stream. */
function queuedBytes(): number {
  return network.accepted.reduce((sum, stream) => sum + stream.writeBufferLength, 0)
}

describe('a hostile puller', () => {
  beforeEach(async () => {
    network = new TestNetwork()
    holder = await network.join()
    attacker = await newPeerId()
    const bytes = someBytes(MIB)
    block = await rawCidOf(bytes)
    await holder.store.put(block, bytes)
  })
  afterEach(async () => {
    for (const stream of network.opened) stream.abort(new Error('test over'))
    await network.stop()
    await until(() => network.clock.timers === 0)
  })

  it('that asks for more at once than a frame may list is refused', async () => {
    const stream = await connect()
    const answers = answersOn(stream)
    stream.send(encodeFrame({ want: new Array<CID>(65).fill(block) }))
    expect(await refusalCode(answers)).to.equal('malformed')
  })

  it('that announces a huge request is refused before it is buffered', async () => {
    const stream = await connect()
    const answers = answersOn(stream)
    stream.send(Uint8Array.of(0xff, 0xff, 0x7f))
    expect(await refusalCode(answers)).to.equal('malformed')
  })

  it('that queues more wants than a stream may is refused', async () => {
    const stream = await connect()
    const answers = answersOn(stream)
    stream.pause()
    for (let i = 0; i < 4; i++) stream.send(encodeFrame({ want: new Array<CID>(64).fill(block) }))
    await until(() => network.accepted[0]?.writeStatus !== 'writable')
    stream.resume()
    expect(await refusalCode(answers)).to.equal('too-many-wants')
  })

  it('that sends garbage is refused, and nobody else notices', async () => {
    const stream = await connect()
    const answers = answersOn(stream)
    stream.send(Uint8Array.of(5, 1, 2, 3, 4, 5))
    expect(await refusalCode(answers)).to.equal('malformed')
    const friend = await network.join()
    await friend.blocks.fetch([block], { holders: [holder.id] })
  })

  it('that never reads costs at most one queued block, and is cut off', async () => {
    const stream = await connect()
    stream.pause()
    stream.send(encodeFrame({ want: new Array<CID>(60).fill(block) }))
    await until(() => queuedBytes() > 0)
    let most = 0
    await advanceUntil(network.clock, () => {
      most = Math.max(most, queuedBytes())
      return network.accepted[0]?.status !== 'open'
    })
    expect(most).to.be.at.most(MIB + 100)
    expect(network.clock.nowMs()).to.be.at.most(21_000)
  })

  it('that never reads and says goodbye is cut off as well', async () => {
    const stream = await connect()
    stream.pause()
    stream.send(encodeFrame({ want: [block] }))
    await stream.close()
    await until(() => queuedBytes() > 0)
    await advanceUntil(network.clock, () => network.accepted[0]?.status !== 'open')
    expect(network.clock.nowMs()).to.be.at.most(6_000)
  })

  it('that sends one byte a second is refused', async () => {
    const stream = await connect()
    const answers = answersOn(stream)
    const request = encodeFrame({ want: [block] }).slice()
    for (let at = 0; at < request.byteLength && answers.length === 0; at++) {
      stream.send(request.subarray(at, at + 1))
      for (let i = 0; i < 10; i++) await turn()
      network.clock.advance(1000)
      for (let i = 0; i < 10; i++) await turn()
    }
    expect(await refusalCode(answers)).to.equal('too-slow')
    expect(network.clock.nowMs()).to.be.within(10_000, 13_000)
  })

  it('that opens streams without end gets eight', async () => {
    const streams: Answer[][] = []
    for (let i = 0; i < 9; i++) streams.push(answersOn(await connect()))
    expect(await refusalCode(streams[8] as Answer[])).to.equal('busy')
    const friend = await network.join()
    await friend.blocks.fetch([block], { holders: [holder.id] })
  })

  it('gets a place back when a stream of its ends', async () => {
    const first = await connect()
    for (let i = 0; i < 7; i++) await connect()
    first.abort(new Error('gone'))
    await until(() => network.accepted[0]?.status !== 'open')
    for (let i = 0; i < 5; i++) await turn()
    const again = await connect()
    const answers = answersOn(again)
    again.send(encodeFrame({ want: [block] }))
    await until(() => answers.length > 0)
    expect(answers).to.deep.equal([{ size: MIB }])
  })

  it('that opens a stream and forgets it loses it', async () => {
    const stream = await connect()
    for (let i = 0; i < 5; i++) await turn()
    network.clock.advance(120_000)
    await until(() => network.accepted[0]?.writeStatus === 'closed')
    expect(stream.remoteWriteStatus).to.equal('closed')
  })

  it('that asks for nothing but missing blocks is slowed down', async () => {
    const absent = await rawCidOf(someBytes(5))
    const stream = await connect()
    const answers = answersOn(stream)
    const rounds = 8192 / 64
    for (let i = 0; i < rounds; i++) {
      stream.send(encodeFrame({ want: new Array<CID>(64).fill(absent) }))
      await until(() => answers.length === 64 * (i + 1))
    }
    stream.send(encodeFrame({ want: [absent] }))
    for (let i = 0; i < 50; i++) await turn()
    expect(answers).to.have.length(8192)
    await advanceUntil(network.clock, () => answers.length === 8193, 1)
  }).timeout(15_000)

  it('that closes its streams when it has asked too much is slowed down on the next one', async () => {
    const absent = await rawCidOf(someBytes(5))
    for (let left = 8192; left > 0; left -= 64) {
      const stream = await connect()
      const answers = answersOn(stream)
      stream.send(encodeFrame({ want: new Array<CID>(64).fill(absent) }))
      await until(() => answers.length === 64)
      await stream.close()
      await until(() => stream.status === 'closed')
    }
    const answers = await askAgain(absent)
    for (let i = 0; i < 50; i++) await turn()
    expect(answers).to.have.length(0)
    await advanceUntil(network.clock, () => answers.length === 1, 1)
  }).timeout(15_000)

  it('is answered in order, and told what is missing', async () => {
    const absent = await rawCidOf(someBytes(5))
    const stream = await connect()
    const answers = answersOn(stream)
    stream.send(encodeFrame({ want: [absent, block, absent] }))
    await stream.close()
    await until(() => answers.length === 3)
    expect(answers).to.deep.equal([{ missing: true }, { size: MIB }, { missing: true }])
    await until(() => stream.status === 'closed')
  })

  it('learns nothing from a store that fails but that the block is not to be had', async () => {
    const broken = await network.join({
      serve: {
        has: () => true,
        get: () => {
          throw new Error('/home/me/secret: permission denied')
        }
      }
    })
    const friend = await network.join()
    const err = await failure(friend.blocks.fetch([block], { holders: [broken.id] }))
    expect(err.message).to.include('does not have').and.not.include('secret')
  })

  it('cannot have a block that is larger than a block may be', async () => {
    const bytes = someBytes(MIB + 1)
    const large = await rawCidOf(bytes)
    await holder.store.put(large, bytes)
    const friend = await network.join()
    const err = await failure(friend.blocks.fetch([large], { holders: [holder.id] }))
    expect(err.message).to.include('does not have')
  })

  it('does not outlive the holder’s stop', async () => {
    await connect()
    await writeDag(holder.store, someBytes(100))
    await holder.blocks.stop()
    await until(() => network.accepted.every((stream) => stream.status !== 'open'))
  })
})
