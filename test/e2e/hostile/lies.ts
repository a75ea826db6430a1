/** How a real peer's parts are bent to a strategy: what it publishes, what it trains, what blocks it gives. */
import { randomBytes } from 'node:crypto'
import { BLOCKS_PROTOCOL } from '../../../protocols/blocks/constants.ts'
import { encodeFrame } from '../../../protocols/blocks/framing.ts'
import { LEDGER_PROTOCOL } from '../../../protocols/ledger/index.ts'
import { encodeMessage } from '../../../protocols/rounds/message.ts'
import { EngineLiar } from '../../../peers/simulated/engine/liar.ts'
import { proposalType } from '../../../src/federation/records.ts'
import { reopen, seal } from '../../../src/federation/signed.ts'
import { seededRandom } from '../../../src/random.ts'
import { rawCidOf } from '../../../src/federation/cbor.ts'
import type { Parts } from '../../../peers/node/peer/parts.ts'
import type { Strategy } from '../../../peers/simulated/index.ts'
import type { WireRecord } from '../../../peers/engine/components.ts'
import type { Connection, Stream, StreamHandler, StreamHandlerOptions } from '@libp2p/interface'

/** Beside what the simulation knows: `break-off` resets its streams in the middle of each answer. */
export type Lie = Strategy | 'break-off'

export interface BendOptions {
  strategy: Lie
  isLying: () => boolean
}

/** Bytes of a block until a stalling holder falls silent. */
const STALL_AFTER_BYTES = 2048
const JUNK_BYTES = 300

/** Make these parts, not started yet, those of a liar. */
export async function bend(parts: Parts, options: BendOptions): Promise<void> {
  bendTalk(parts, options)
  if (options.strategy === 'huge-claims') bendTraining(parts, options)
  if (['withhold', 'stall', 'break-off'].includes(options.strategy)) {
    parts.node.addEventListener('start', () => void bendBlocks(parts, options))
  }
}

/** Its records leave changed, differently for each receiver; what it has to say against itself it keeps to itself. */
function bendTalk(parts: Parts, { strategy, isLying }: BendOptions): void {
  const { talk, key, engine } = parts
  const publish = talk.publish.bind(talk)
  const liar = new EngineLiar(key, strategy === 'break-off' ? [] : [strategy], seededRandom(1))
  talk.publish = async (record) => {
    if (record.kind === 'evidence') return
    if (!isLying()) return await publish(record)
    const wire = record as WireRecord
    if (strategy === 'garbage') return await garbage(parts, wire, publish)
    for (const [i, peer] of members(parts).entries()) {
      const told = await liar.tell(wire, i, engine.records())
      for (const one of told) send(parts, peer, encodeMessage(one))
    }
  }
}

function members({ node }: Parts): string[] {
  return node.services.admission
    .members()
    .map(({ peerId }) => peerId.toString())
    .sort()
}

/** To one peer alone: gossipsub tells nobody else of it, but that peer will. */
function send({ node, talk: { topic } }: Parts, peer: string, data: Uint8Array): void {
  const { pubsub } = node.services
  const sendRpc = Reflect.get(pubsub, 'sendRpc') as (peer: string, rpc: object) => boolean
  sendRpc.call(pubsub, peer, { subscriptions: [], messages: [{ topic, data }], control: undefined })
}

/** What nobody can read, proposals that make no sense, and streams that speak no protocol. */
async function garbage(
  parts: Parts,
  record: WireRecord,
  publish: (record: WireRecord) => Promise<void>
): Promise<void> {
  for (const peer of members(parts)) send(parts, peer, new Uint8Array(randomBytes(JUNK_BYTES)))
  await publish(record.kind === 'proposal' ? await senseless(record, parts) : record)
  for (const { peerId } of parts.node.services.admission.members()) {
    for (const protocol of [LEDGER_PROTOCOL, BLOCKS_PROTOCOL]) {
      try {
        const stream = await parts.node.dialProtocol(peerId, protocol, { signal: AbortSignal.timeout(1000) })
        stream.send(new Uint8Array(randomBytes(JUNK_BYTES)))
        await stream.close({ signal: AbortSignal.timeout(1000) })
      } catch {
        // They part with it, or it is reset for what it sent: that is what is wanted of them.
      }
    }
  }
}

async function senseless({ bytes }: WireRecord, { key }: Parts): Promise<WireRecord> {
  const proposal = reopen(proposalType, bytes)
  const body = { ...proposal.body, roster: [], model: await rawCidOf(new Uint8Array(randomBytes(8))) }
  return { kind: 'proposal', ...(await seal(proposalType, { ...proposal, body }, key)) }
}

/** Claims all the samples in the world; every second delta is absurd. */
function bendTraining({ trainer }: Parts, { isLying }: BendOptions): void {
  const train = trainer.train.bind(trainer)
  trainer.train = async (input, options) => {
    const result = await train(input, options)
    if (!isLying()) return result
    const factor = input.round % 2 === 0 ? 1e30 : 1
    return { ...result, samples: 1e12, delta: result.delta.map((value) => Math.fround(value * factor)) }
  }
}

interface Registered {
  handler: StreamHandler
  options: StreamHandlerOptions
}

/** Gives every second peer nothing, or everybody the beginning of a block. */
async function bendBlocks({ node }: Parts, { strategy, isLying }: BendOptions): Promise<void> {
  const components = Reflect.get(node, 'components') as {
    registrar: { getHandler(protocol: string): Registered }
  }
  const { handler, options } = components.registrar.getHandler(BLOCKS_PROTOCOL)
  const bent = async (stream: Stream, connection: Connection): Promise<void> => {
    const isPoor = connection.remotePeer.toString() > middleOf(node.peerId.toString())
    if (strategy === 'stall') stallAfter(stream, isLying)
    else if (strategy === 'break-off') breakOff(stream, isLying)
    else if (isPoor) deny(stream, isLying)
    await handler(stream, connection)
  }
  await node.handle(BLOCKS_PROTOCOL, bent, { ...options, force: true })
}

/** About as many peer ids are below as above it. */
function middleOf(peerId: string): string {
  return `${peerId.slice(0, 8)}S`
}

/** Streams are kept open: they may be older than the lies. */
function stallAfter(stream: Stream, isLying: () => boolean): void {
  const send = stream.send.bind(stream)
  let left = STALL_AFTER_BYTES
  stream.send = (data) => {
    if (!isLying()) return send(data)
    const part = data.subarray(0, Math.min(data.byteLength, Math.max(0, left)))
    left -= data.byteLength
    return part.byteLength === 0 || send(part)
  }
}

/** Resets the stream in the middle of each answer. */
function breakOff(stream: Stream, isLying: () => boolean): void {
  const send = stream.send.bind(stream)
  stream.send = (data) => {
    if (!isLying()) return send(data)
    send(data.subarray(0, Math.min(data.byteLength, STALL_AFTER_BYTES)))
    stream.abort(new Error('That was enough'))
    return false
  }
}

/** Says that it has nothing. */
function deny(stream: Stream, isLying: () => boolean): void {
  const send = stream.send.bind(stream)
  stream.send = (data) => send(isLying() ? encodeFrame({ missing: true }) : data)
}
