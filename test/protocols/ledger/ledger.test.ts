import { streamPair } from '@libp2p/utils'
import { expect } from 'chai'
import all from 'it-all'
import { RefusedError } from '../../../protocols/common/errors.ts'
import { frames } from '../../../protocols/common/frames.ts'
import {
  LedgerProtocolError,
  LedgerTimeoutError,
  LedgerUnreachableError
} from '../../../protocols/ledger/index.ts'
import { cidOf } from '../../../src/federation/cbor.ts'
import { failure } from '../../helpers/failure.ts'
import { askerOf, FakeSource, federation, newPeerId, pair, service } from './helpers.ts'
import type { LedgerFrame, SealedRecord } from '../../../protocols/ledger/index.ts'
import type { Stream } from '@libp2p/interface'

const record = (id: number, sizeBytes = 100): SealedRecord => ({
  kind: 'vote',
  bytes: new Uint8Array(sizeBytes).fill(id)
})

/** What came, in a word each: `head 3`, `commit 1`, `vote 7`, `end`. */
function words(frames: LedgerFrame[]): string[] {
  return frames.map((frame) => {
    if (frame.type === 'head') return `head ${frame.height}`
    if (frame.type === 'commit') return `commit ${frame.bytes[0]}`
    if (frame.type === 'record') return `${frame.record.kind} ${frame.record.bytes[0]}`
    return frame.more ? 'more' : 'end'
  })
}

describe('ledger protocol: the answer', () => {
  it('brings a newcomer all commits in order, then the records of the current round', async () => {
    const source = new FakeSource(3)
    source.held = [{ kind: 'proposal', bytes: Uint8Array.of(9) }, record(7)]
    const { asker, peer } = await pair(source)
    const came = words(await all(asker.ask(peer, { height: 0 })))
    expect(came).to.deep.equal(['head 3', 'commit 1', 'commit 2', 'commit 3', 'proposal 9', 'vote 7', 'end'])
  })

  it('leaves out what the asker has', async () => {
    const source = new FakeSource(3)
    source.held = [record(1), record(2), record(3)]
    const { asker, peer } = await pair(source)
    const have = [record(1), record(3)]
    expect(words(await all(asker.ask(peer, { height: 3, have })))).to.deep.equal(['head 3', 'vote 2', 'end'])
  })

  it('has nothing for an asker that is ahead, and tells it so by its head', async () => {
    const source = new FakeSource(3)
    source.held = [record(1)]
    const { asker, peer } = await pair(source)
    expect(words(await all(asker.ask(peer, { height: 4 })))).to.deep.equal(['head 3', 'end'])
  })

  it('of a peer without commits names the manifest', async () => {
    const { asker, peer } = await pair(new FakeSource(0))
    expect(words(await all(asker.ask(peer, { height: 0 })))).to.deep.equal(['head 0', 'end'])
  })

  it('is cut at maxBytes, and asking again goes on until all is there', async () => {
    const source = new FakeSource(5, 1000)
    source.held = [record(1, 1500), record(2, 1500)]
    const { asker, peer } = await pair(source)
    const got: string[] = []
    let height = 0
    const have: SealedRecord[] = []
    for (let more = true; more;) {
      const came = await all(asker.ask(peer, { height, have, maxBytes: 2500 }))
      for (const frame of came) {
        if (frame.type === 'commit') height++
        if (frame.type === 'record') have.push(frame.record)
        if (frame.type === 'end') more = frame.more
      }
      got.push(words(came).slice(1).join(' '))
    }
    expect(got).to.deep.equal([
      'commit 1 commit 2 more',
      'commit 3 commit 4 more',
      'commit 5 vote 1 more',
      'vote 2 end'
    ])
  })

  it('carries at least one commit, however large', async () => {
    const { asker, peer } = await pair(new FakeSource(2, 2 * 1024 * 1024))
    const came = words(await all(asker.ask(peer, { height: 0, maxBytes: 10 })))
    expect(came).to.deep.equal(['head 2', 'commit 1', 'more'])
  })

  it('to a question for the head is the head', async () => {
    const source = new FakeSource(7)
    source.held = [record(1)]
    const { asker, peer } = await pair(source)
    expect(await asker.head(peer)).to.deep.equal({ height: 7, cid: await cidOf(Uint8Array.of(7)) })
  })

  it('can be left early: the stream is reset, and the responder is free again', async () => {
    const { asker, peer, streams } = await pair(new FakeSource(20, 1024))
    for (let i = 0; i < 20; i++) {
      for await (const frame of asker.ask(peer, { height: 0 })) if (frame.type === 'commit') break
    }
    expect(streams.map((stream) => stream.status)).to.not.include('open')
    expect((await asker.head(peer)).height).to.equal(20)
  })

  it('leaves no stream open', async () => {
    const { asker, peer, streams } = await pair(new FakeSource(3))
    for (let i = 0; i < 20; i++) await asker.head(peer)
    for (const stream of streams) expect(stream.writeStatus).to.not.equal('writable')
  })
})

describe('ledger protocol: refusals', () => {
  it('say that the asker belongs elsewhere', async () => {
    const source = new FakeSource(3)
    source.federation = await cidOf(Uint8Array.of(2))
    const { asker, peer } = await pair(source)
    const error = await failure(asker.head(peer), RefusedError)
    expect(error.code).to.equal('wrong-federation')
  })

  it('limit how often one peer may ask, by the clock', async () => {
    let nowMs = 0
    const { asker, peer } = await pair(new FakeSource(1), { nowMs: () => nowMs })
    for (let i = 0; i < 200; i++) await asker.head(peer)
    expect((await failure(asker.head(peer), RefusedError)).code).to.equal('too-often')
    expect((await asker.head(await newPeerId())).height).to.equal(1)
    nowMs += 1000
    expect((await asker.head(peer)).height).to.equal(1)
  })

  it('limit what one peer has under way', async () => {
    const source = new FakeSource(1)
    const waiting: (() => void)[] = []
    let reached = (): void => {}
    const allWaiting = new Promise<void>((resolve) => (reached = resolve))
    source.commits = async function* () {
      await new Promise<void>((resolve) => {
        if (waiting.push(resolve) === 6) reached()
      })
      yield Uint8Array.of(1)
    }
    const { asker, peer } = await pair(source)
    const asks = Array.from({ length: 6 }, () => asker.ask(peer, { height: 0 }))
    await Promise.all(asks.map((ask) => ask.next()))
    expect((await failure(asker.head(peer), RefusedError)).code).to.equal('busy')
    expect((await asker.head(await newPeerId())).height).to.equal(1)
    const endings = Promise.all(asks.map((ask) => all(ask)))
    await allWaiting
    for (const release of waiting) release()
    expect((await endings).map((frames) => words(frames))).to.deep.equal(
      Array.from({ length: 6 }, () => ['commit 1', 'end'])
    )
    expect((await asker.head(peer)).height).to.equal(1)
  })

  it('end what is under way when the responder stops', async () => {
    const source = new FakeSource(1)
    source.commits = async function* () {
      yield await new Promise<Uint8Array>(() => {})
    }
    const { asker, responder, peer } = await pair(source)
    const ask = asker.ask(peer, { height: 0 })
    await ask.next()
    const next = failure(ask.next(), LedgerProtocolError)
    await responder.stop()
    await responder.stop()
    await next
  })
})

describe('ledger protocol: a hostile asker', () => {
  const blamed: string[] = []
  const judge = { blame: (_peer: string, offence: string) => void blamed.push(offence), heard: () => {} }
  beforeEach(() => void blamed.splice(0))

  /** Send raw frames to a responder; resolves when it has dealt with the stream. */
  async function say(...values: unknown[]): Promise<Stream> {
    const init = { source: new FakeSource(1), requestTimeoutMs: 50, judge }
    const { protocol, handler } = service(init, () => () => {})
    await protocol.start()
    const [near, far] = await streamPair()
    const handled = handler()(far, { remotePeer: await newPeerId() } as never)
    for (const value of values) await frames(near, 1024).write(value)
    await handled
    return far
  }

  it('is told of to the judge when nobody can read what it asks, or it asks too often; not when it is slow', async () => {
    await say('hello')
    expect(blamed.splice(0)).to.deep.equal(['unreadable'])
    await say()
    expect(blamed).to.deep.equal([])
    const { protocol, handler } = service(
      { source: new FakeSource(1), judge, nowMs: () => 0 },
      () => () => {}
    )
    await protocol.start()
    const remotePeer = await newPeerId()
    for (let i = 0; i < 203; i++) {
      const [near, far] = await streamPair()
      await near.close()
      await handler()(far, { remotePeer } as never)
    }
    expect(blamed).to.deep.equal(['flood', 'flood', 'flood'])
  })

  it('that sends something else has its stream reset', async () => {
    const id = new Uint8Array(16)
    const good = { federation, height: 0, have: [] as Uint8Array[], maxBytes: 0 }
    for (const bad of [
      'hello',
      { ...good, height: -1 },
      { ...good, have: Array.from({ length: 4097 }, () => id) },
      { ...good, have: [new Uint8Array(17)] },
      { ...good, maxBytes: 4 * 1024 * 1024 },
      { ...good, more: 1 }
    ]) {
      expect((await say(bad)).status).to.equal('aborted')
    }
  })

  it('that says nothing has its stream reset after a while', async () => {
    expect((await say()).status).to.equal('aborted')
  })
})

describe('ledger protocol: a hostile responder', () => {
  /** An asker whose question is answered with these frames, after which the stream ends. */
  async function answered(values: unknown[], maxBytes?: number): Promise<Error> {
    const { asker, peer } = await askerOf(async (stream) => {
      for (const value of values) await frames(stream, 1024).write(value)
      await stream.close()
    })
    return failure(all(asker.ask(peer, { height: 0, maxBytes })), LedgerProtocolError)
  }

  const head = { type: 'head', height: 3, cid: federation }
  const commit = { type: 'commit', bytes: new Uint8Array(600) }
  const end = { type: 'end', more: false }

  it('that breaks the order is given up', async () => {
    const vote = { type: 'record', kind: 'vote', bytes: new Uint8Array(1) }
    for (const values of [[commit], [end], [head, head], [head, vote, commit, end]]) {
      expect((await answered(values)).message).to.match(/answered about the ledger with \w+ after \w+/)
    }
  })

  it('that ends early is given up', async () => {
    expect((await answered([head, commit])).message).to.contain('what cannot be read')
  })

  it('that sends what is not of the schema is given up', async () => {
    for (const bad of ['x', { type: 'other' }, { ...end, extra: 1 }, { ...commit, bytes: 'text' }]) {
      expect((await answered([head, bad])).message).to.contain('what cannot be read')
    }
  })

  it('that sends more than was asked for is given up', async () => {
    expect((await answered([head, commit, commit, end], 1000)).message).to.contain('more than was asked for')
    expect((await answered([head, commit, end], 0)).message).to.contain('more than was asked for')
  })

  it('that announces a huge frame is given up before it is read', async () => {
    const { asker, peer } = await askerOf((stream) => void stream.send(Uint8Array.of(0xff, 0xff, 0xff, 0x7f)))
    const error = await failure(all(asker.ask(peer, { height: 0 })), LedgerProtocolError)
    expect(error.message).to.contain('is announced, at most')
  })

  it('that says nothing is given up in time, and its stream reset', async () => {
    let stream: Stream | undefined
    const { asker, peer } = await askerOf((given) => void (stream = given), { answerTimeoutMs: 30 })
    const error = await failure(asker.head(peer), LedgerTimeoutError)
    expect(error.message).to.contain('30 ms')
    if (stream?.status === 'open') await new Promise((resolve) => stream?.addEventListener('close', resolve))
    expect(stream?.status).to.equal('reset')
  })
})

describe('ledger protocol: asking', () => {
  it('says who could not be reached and why', async () => {
    const { asker } = await askerOf(() => {
      throw new Error('connection refused')
    })
    const peer = await newPeerId()
    const error = await failure(asker.head(peer), LedgerUnreachableError)
    expect(error.message).to.contain(peer.toString()).and.to.contain('connection refused')
  })

  it('ends with the reason of the signal', async () => {
    const stop = new AbortController()
    const { asker, peer } = await askerOf(() => stop.abort(new RangeError('we stop')))
    expect((await failure(asker.head(peer, { signal: stop.signal }), RangeError)).message).to.equal('we stop')
    const aborted = AbortSignal.abort(new RangeError('already'))
    expect((await failure(asker.head(peer, { signal: aborted }), RangeError)).message).to.equal('already')
  })

  it('names no more than 4096 records', async () => {
    const source = new FakeSource(1)
    source.held = [record(1)]
    const { asker, peer } = await pair(source)
    const have = Array.from({ length: 5000 }, (_, i) => ({ bytes: Uint8Array.of(i & 255, i >> 8) }))
    expect(words(await all(asker.ask(peer, { height: 1, have })))).to.deep.equal(['head 1', 'vote 1', 'end'])
  })
})
