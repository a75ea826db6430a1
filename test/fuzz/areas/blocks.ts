/** protocols/blocks, in virtual time: whoever wants blocks, and whoever says that it has them. */
import { pEvent } from 'p-event'
import { expect } from 'chai'
import { BlocksUnavailableError } from '../../../protocols/blocks/index.ts'
import { encode, rawCidOf } from '../../../src/federation/cbor.ts'
import { readDag, writeDag } from '../../../src/blocks/index.ts'
import { newPeerId, someBytes, TestNetwork } from '../../protocols/blocks/harness.ts'
import { fuzzed } from '../property.ts'
import { act, scripts, turn } from '../streams.ts'
import type { Stream } from '@libp2p/interface'
import type { FuzzArea } from '../property.ts'

const blockSizeBytes = 16 * 1024
const payload = someBytes(2 * blockSizeBytes + 100)
const lone = await rawCidOf(someBytes(200))
const attacker = await newPeerId()

async function ended(stream: Stream): Promise<void> {
  if (stream.status === 'open') await pEvent(stream, 'close')
}

/** Let time pass until it is done. */
async function settled<T>(network: TestNetwork, work: Promise<T>): Promise<T> {
  let isDone = false
  const watched = work.finally(() => (isDone = true))
  watched.catch(() => {})
  for (let i = 0; i < 400 && !isDone; i++) {
    for (let t = 0; t < 3 && !isDone; t++) await turn()
    if (!isDone) network.clock.advance(250)
  }
  if (!isDone) throw new Error('Not done after 100 s')
  return await watched
}

const holderFor = async (
  network: TestNetwork
): Promise<{ id: Awaited<ReturnType<typeof newPeerId>>; root: typeof lone }> => {
  const holder = await network.join()
  const { root } = await writeDag(holder.store, payload, { blockSizeBytes })
  return { id: holder.id, root }
}

/** Whatever it asks for and however, its stream ends, and the next is served. */
const wanting = fuzzed(
  'whoever wants blocks',
  scripts([encode({ want: [lone] }), encode({ want: [lone, lone] })]),
  {
    shares: 0.5,
    judge: async (script) => {
      const network = new TestNetwork()
      const { id, root } = await holderFor(network)
      const stream = await network.open(attacker, id)
      // A stream that nothing is wanted on any more is closed after two minutes.
      const isOver = (): boolean => stream.status !== 'open' || stream.remoteWriteStatus !== 'writable'
      await act(stream, script, { clock: network.clock, isOver, maxSeconds: 150 })
      const friend = await network.join()
      await settled(network, friend.blocks.fetchDag(root, { holders: [id] }))
      expect(await readDag(friend.store, root)).to.deep.equal(payload)
      await settled(network, network.stop())
    }
  }
)

const rootAnswer = encode({ size: 200 })
const answers = scripts([
  rootAnswer,
  encode({ missing: true }),
  encode({ size: 1024 * 1024 }),
  encode({ refused: { code: 'busy', message: 'No' } })
])

/** What one holder does keeps nobody from getting the blocks of another, and nothing wrong is ever stored. */
const holding = fuzzed('whoever has blocks', answers, {
  shares: 0.5,
  judge: async (script) => {
    const network = new TestNetwork()
    const { id, root } = await holderFor(network)
    const liar = await network.hostile(async (stream) => {
      await act(stream, script, {
        clock: { advance: () => {} },
        isOver: () => stream.status !== 'open',
        maxSeconds: 10
      }).catch(() => {})
    })
    const alone = await network.join()
    const failed = await settled(
      network,
      alone.blocks.fetch([root], { holders: [liar] }).catch((error: unknown) => error)
    )
    expect(failed).to.be.instanceOf(BlocksUnavailableError)
    const puller = await network.join()
    await settled(network, puller.blocks.fetchDag(root, { holders: [liar, id] }))
    expect(await readDag(puller.store, root)).to.deep.equal(payload)
    await settled(network, network.stop())
    for (const stream of network.opened) stream.abort(new Error('over'))
    await Promise.all(network.opened.map(ended))
  }
})

export const blocks: FuzzArea = { name: 'block exchange', properties: [wanting, holding] }
