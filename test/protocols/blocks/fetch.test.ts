import { MemoryBlockstore } from 'blockstore-core'
import { expect } from 'chai'
import { CID } from 'multiformats/cid'
import { sha512 } from 'multiformats/hashes/sha2'
import { BlocksStoppedError, BlocksUnavailableError, NotHeldError } from '../../../protocols/blocks/index.ts'
import { DagSizeError, readDag, readRoot, writeDag } from '../../../src/blocks/index.ts'
import { InvalidRecordError, rawCidOf, toBlock } from '../../../src/federation/cbor.ts'
import { advanceUntil, failure, newPeerId, onWants, someBytes, TestNetwork, until } from './harness.ts'
import type { TestPeer } from './harness.ts'

const blockSizeBytes = 16 * 1024
const payload = someBytes(40 * blockSizeBytes + 5)

let network: TestNetwork
let puller: TestPeer

async function holder(bytes = payload): Promise<TestPeer & { root: CID; count: number }> {
  const peer = await network.join()
  const { root, blocks: count } = await writeDag(peer.store, bytes, { blockSizeBytes })
  return { ...peer, root, count }
}

describe('fetching blocks', () => {
  beforeEach(async () => {
    network = new TestNetwork()
    puller = await network.join()
  })
  afterEach(async () => {
    await network.stop()
    expect(network.openStreams, 'streams left open').to.equal(0)
    await until(() => network.clock.timers === 0)
  })

  it('brings a whole DAG, verified, over one stream', async () => {
    const { id, root } = await holder()
    const dag = await puller.blocks.fetchDag(root, { holders: [id] })
    expect(dag.size).to.equal(payload.byteLength)
    expect(await readDag(puller.store, root)).to.deep.equal(payload)
    expect(network.opened).to.have.length(1)
  })

  it('brings only the blocks of the bytes that are asked for', async () => {
    const { id, root } = await holder()
    const brought: string[] = []
    const { blockSize, blocks, size } = await puller.blocks.fetchDag(root, {
      holders: [id],
      spans: [
        { offset: blockSizeBytes * 2 - 1, length: 2 },
        { offset: payload.byteLength - 1, length: 1 },
        { offset: 7, length: 0 }
      ],
      onBlock: (cid) => brought.push(cid.toString())
    })
    expect(size).to.equal(payload.byteLength)
    expect(blockSize).to.equal(blockSizeBytes)
    const wanted = [root, blocks[1], blocks[2], blocks[blocks.length - 1]]
    expect(brought.sort()).to.deep.equal(wanted.map(String).sort())
  })

  it('counts bytes and blocks on both sides, and tells of each block', async () => {
    const from = await holder()
    let events = 0
    puller.blocks.addEventListener('block:received', ({ detail }) => {
      expect(detail.peer.equals(from.id)).to.equal(true)
      events++
    })
    await puller.blocks.fetchDag(from.root, { holders: [from.id] })
    const received = puller.blocks.counters
    const sent = from.blocks.counters
    expect([received.blocksReceived, sent.blocksSent]).to.deep.equal([42, 42])
    expect([sent.bytesSent, sent.bytesReceived]).to.deep.equal([received.bytesReceived, received.bytesSent])
    expect(events).to.equal(42)
    expect(received.bytesReceived).to.be.within(payload.byteLength, payload.byteLength * 1.01)
    expect(received.bytesSent).to.be.within(42 * 41, 42 * 60)
  })

  it('takes from all holders at once', async () => {
    const holders = [await holder(), await holder(), await holder()]
    const served = new Map<string, number>()
    puller.blocks.addEventListener('block:received', ({ detail }) => {
      const id = detail.peer.toString()
      served.set(id, (served.get(id) ?? 0) + 1)
    })
    await puller.blocks.fetchDag(holders[0]?.root as CID, { holders: holders.map((peer) => peer.id) })
    expect(await readDag(puller.store, holders[0]?.root as CID)).to.deep.equal(payload)
    expect(served.size).to.equal(3)
    for (const count of served.values()) expect(count).to.be.greaterThan(5)
  })

  it('puts together what no single holder has', async () => {
    const [odd, even] = [await holder(), await holder()]
    const { blocks } = await readRoot(odd.store, odd.root)
    for (const [i, cid] of blocks.entries()) await (i % 2 === 0 ? odd : even).store.delete(cid)
    await puller.blocks.fetchDag(odd.root, { holders: [odd.id, even.id] })
    expect(await readDag(puller.store, odd.root)).to.deep.equal(payload)
  })

  it('goes on where an interrupted fetch ended', async () => {
    const { id, root, store } = await holder()
    const { blocks } = await readRoot(store, root)
    const controller = new AbortController()
    const onBlock = (): void => {
      if (puller.blocks.counters.blocksReceived > 10) controller.abort(new Error('enough for now'))
    }
    const err = await failure(
      puller.blocks.fetchDag(root, { holders: [id], signal: controller.signal, onBlock })
    )
    expect(err.message).to.equal('enough for now')
    const before = puller.blocks.counters.blocksReceived
    expect(before).to.be.lessThan(blocks.length)

    let reported = 0
    await puller.blocks.fetchDag(root, { holders: [id], onBlock: () => reported++ })
    expect(await readDag(puller.store, root)).to.deep.equal(payload)
    expect(puller.blocks.counters.blocksReceived).to.equal(blocks.length + 1)
    expect(reported).to.equal(blocks.length + 1)
  })

  it('does not even open a stream for what is there already', async () => {
    const { root } = await writeDag(puller.store, payload, { blockSizeBytes })
    await puller.blocks.fetchDag(root, { holders: [await newPeerId()] })
    expect(network.opened).to.be.empty
  })

  it('transfers a block once when several fetches want it at once', async () => {
    const { id, root, count } = await holder()
    const fetches = Array.from({ length: 5 }, async () => puller.blocks.fetchDag(root, { holders: [id] }))
    await Promise.all(fetches)
    expect(puller.blocks.counters.blocksReceived).to.equal(count + 1)
  })

  it('asks for itself when the fetch it waited for was cancelled', async () => {
    const { id, root } = await holder()
    const silent = await network.hostile((stream) => onWants(stream, () => {}))
    const controller = new AbortController()
    const first = failure(puller.blocks.fetch([root], { holders: [silent], signal: controller.signal }))
    const second = puller.blocks.fetch([root], { holders: [id] })
    await until(() => network.opened.length === 1)
    controller.abort(new Error('never mind'))
    expect((await first).message).to.equal('never mind')
    await second
    expect(await puller.store.has(root)).to.equal(true)
  })

  it('leaves no stream with answers due when cancelled, and frees the caller at once', async () => {
    let asked = 0
    const silent = await network.hostile((stream) => onWants(stream, () => asked++))
    const controller = new AbortController()
    const cid = await rawCidOf(payload)
    const fetching = failure(puller.blocks.fetch([cid], { holders: [silent], signal: controller.signal }))
    await until(() => asked === 1)
    controller.abort(new Error('cancelled'))
    expect((await fetching).message).to.equal('cancelled')
    expect(network.openStreams).to.equal(0)
    await until(() => network.accepted.every((stream) => stream.status !== 'open'))
  })

  it('is cancelled while a stream is being opened', async () => {
    const controller = new AbortController()
    const { id, root } = await holder()
    const fetching = failure(puller.blocks.fetch([root], { holders: [id], signal: controller.signal }))
    controller.abort(new Error('too late'))
    expect((await fetching).message).to.equal('too late')
    await until(() => network.openStreams === 0 || network.clock.timers === 1)
  })

  it('uses one stream for many small fetches, and closes it when it was idle for long', async () => {
    const peer = await network.join()
    for (let i = 0; i < 50; i++) {
      const { root } = await writeDag(peer.store, someBytes(100, i))
      await puller.blocks.fetchDag(root, { holders: [peer.id] })
    }
    expect(network.opened).to.have.length(1)
    expect(network.openStreams).to.equal(1)
    network.clock.advance(60_000)
    await until(() => network.openStreams === 0 && network.accepted.every((s) => s.status === 'closed'))
  })

  it('opens no more than four streams to one peer, whatever is fetched at once', async () => {
    const peer = await network.join()
    const roots = await Promise.all(
      Array.from({ length: 40 }, async (_, i) => (await writeDag(peer.store, someBytes(100, i))).root)
    )
    await Promise.all(roots.map(async (root) => puller.blocks.fetchDag(root, { holders: [peer.id] })))
    expect(network.opened.length).to.be.at.most(4)
  })

  it('finds holders that appear while fetching', async () => {
    const peer = await holder()
    const silent = await network.hostile((stream) => onWants(stream, () => {}))
    const holders = [silent]
    let done = false
    const fetching = puller.blocks.fetchDag(peer.root, { holders: () => holders }).then(() => (done = true))
    await until(() => network.accepted.length === 1)
    holders.push(peer.id)
    await advanceUntil(network.clock, () => done)
    await fetching
    expect(await readDag(puller.store, peer.root)).to.deep.equal(payload)
  })

  it('says of every holder why it could not help', async () => {
    const without = await network.join()
    const unreachable = await newPeerId()
    const cid = await rawCidOf(someBytes(100))
    const err = await failure(puller.blocks.fetch([cid], { holders: [without.id, unreachable] }))
    expect(err).to.be.instanceOf(BlocksUnavailableError)
    expect(err.message).to.include(`${without.id}: does not have ${cid}`)
    expect(err.message).to.include(`${unreachable}: no route to this peer`)
    const { failures, missing } = err as BlocksUnavailableError
    expect(failures.find(({ peerId }) => peerId === without.id.toString())?.error).to.be.instanceOf(
      NotHeldError
    )
    expect(missing.map(String)).to.deep.equal([String(cid)])
  })

  it('says what to do when no holder is known', async () => {
    const err = await failure(puller.blocks.fetch([await rawCidOf(payload)], { holders: [] }))
    expect(err.message).to.include('No peer is known to hold them')
  })

  it('refuses a payload above the cap after the root, before any block', async () => {
    const { id, root } = await holder()
    const err = await failure(
      puller.blocks.fetchDag(root, { holders: [id], maxBytes: payload.byteLength - 1 })
    )
    expect(err).to.be.instanceOf(DagSizeError)
    expect(puller.blocks.counters.blocksReceived).to.equal(1)
  })

  it('refuses a root that is no root', async () => {
    const peer = await network.join()
    const record = await toBlock({ size: 5, blockSize: 1, blocks: [] })
    await peer.store.put(record.cid, record.bytes)
    const err = await failure(puller.blocks.fetchDag(record.cid, { holders: [peer.id] }))
    expect(err).to.be.instanceOf(InvalidRecordError)
  })

  it('refuses addresses that no peer answers for', async () => {
    const cid = CID.createV1(0x55, await sha512.digest(payload))
    const err = await failure(puller.blocks.fetch([cid], { holders: [] }))
    expect(err).to.be.instanceOf(InvalidRecordError)
  })

  it('ends with the store’s own error when the store fails', async () => {
    const { id, root } = await holder()
    const store = new MemoryBlockstore()
    store.put = () => {
      throw new Error('disk full')
    }
    const err = await failure(puller.blocks.fetch([root], { holders: [id], store }))
    expect(err.message).to.equal('disk full')
  })

  it('asks a holder again whose pooled stream was closed under it', async () => {
    const { id, root } = await holder()
    await puller.blocks.fetch([root], { holders: [id] })
    network.accepted[0]?.abort(new Error('connection lost'))
    await puller.blocks.fetchDag(root, { holders: [id] })
    expect(await readDag(puller.store, root)).to.deep.equal(payload)
  })

  it('fails at once when stopped, and cannot be used before it is started again', async () => {
    const silent = await network.hostile((stream) => onWants(stream, () => {}))
    const cid = await rawCidOf(payload)
    const fetching = failure(puller.blocks.fetch([cid], { holders: [silent] }))
    await until(() => network.accepted.length === 1)
    await puller.blocks.stop()
    await puller.blocks.stop()
    expect(await fetching).to.be.instanceOf(BlocksStoppedError)
    const err = await failure(puller.blocks.fetch([cid], { holders: [silent] }))
    expect(err).to.be.instanceOf(BlocksStoppedError)
    await puller.blocks.start()
    const { id, root } = await holder()
    await puller.blocks.fetchDag(root, { holders: [id] })
  })
})
