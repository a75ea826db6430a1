/** Peers that speak over yamux streams in memory, and a clock that only moves when told. */
import { generateKeyPair } from '@libp2p/crypto/keys'
import { defaultLogger } from '@libp2p/logger'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { multiaddrConnectionPair } from '@libp2p/utils'
import { yamux } from '@libp2p/yamux'
import { MemoryBlockstore } from 'blockstore-core'
import { pEvent } from 'p-event'
import { blocks } from '../../../protocols/blocks/index.ts'
import { encodeFrame, FrameParser } from '../../../protocols/blocks/framing.ts'
import { requestType } from '../../../protocols/blocks/schema.ts'
import { decode } from '../../../src/federation/cbor.ts'
import { seededRandom } from '../../../src/random.ts'
import type { Blocks, BlocksInit, Clock } from '../../../protocols/blocks/index.ts'
import type { Connection, PeerId, Stream, StreamHandler } from '@libp2p/interface'
import type { YamuxStream } from '@libp2p/yamux/stream'
import type { CID } from 'multiformats/cid'

export class FakeClock implements Clock {
  #nowMs = 0
  readonly #timers = new Set<{ atMs: number; callback: () => void }>()

  get timers(): number {
    return this.#timers.size
  }

  nowMs(): number {
    return this.#nowMs
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = { atMs: this.#nowMs + delayMs, callback }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  advance(ms: number): void {
    const untilMs = this.#nowMs + ms
    for (;;) {
      const due = [...this.#timers].filter((t) => t.atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0]
      if (due == null) break
      this.#timers.delete(due)
      this.#nowMs = due.atMs
      due.callback()
    }
    this.#nowMs = untilMs
  }
}

/** Let everything run that is ready to run. */
export async function turn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
}

/** Until something holds; the test's own timeout is the limit. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await turn()
}

/** Move the clock in small steps, with the streams running in between, until something holds. */
export async function advanceUntil(clock: FakeClock, holds: () => boolean, stepMs = 250): Promise<void> {
  while (!holds()) {
    clock.advance(stepMs)
    for (let i = 0; i < 20 && !holds(); i++) await turn()
  }
}

export async function newPeerId(): Promise<PeerId> {
  return peerIdFromPrivateKey(await generateKeyPair('Ed25519'))
}

export interface TestPeer {
  id: PeerId
  blocks: Blocks
  store: MemoryBlockstore
}

export class TestNetwork {
  readonly clock = new FakeClock()
  /** Every stream opened, as the opener sees it. */
  readonly opened: Stream[] = []
  /** Every stream opened, as the other side sees it. */
  readonly accepted: Stream[] = []
  readonly #handlers = new Map<string, StreamHandler>()
  readonly #peers: TestPeer[] = []

  get openStreams(): number {
    return this.opened.filter((stream) => stream.status === 'open').length
  }

  /** A started peer with an empty store, which it also serves. */
  async join(init: Partial<BlocksInit> = {}): Promise<TestPeer> {
    const id = await newPeerId()
    const store = new MemoryBlockstore()
    const service = blocks({ serve: store, store, clock: this.clock, ...init })({
      registrar: {
        handle: async (_protocol, handler) => this.serve(id, handler),
        unhandle: async () => void this.#handlers.delete(id.toString()),
        register: async () => 'unused',
        unregister: () => {}
      },
      connectionManager: { openStream: async (to, _protocol, options) => this.open(id, to, options?.signal) },
      logger: defaultLogger()
    })
    await service.start()
    const peer = { id, blocks: service, store }
    this.#peers.push(peer)
    return peer
  }

  /** A peer that answers block streams in its own way. */
  serve(id: PeerId, handler: StreamHandler): void {
    this.#handlers.set(id.toString(), handler)
  }

  /** A peer with a handler of its own. */
  async hostile(handler: (stream: Stream) => void | Promise<void>): Promise<PeerId> {
    const id = await newPeerId()
    this.serve(id, handler)
    return id
  }

  async open(from: PeerId, to: PeerId, signal?: AbortSignal): Promise<Stream> {
    signal?.throwIfAborted()
    const handler = this.#handlers.get(to.toString())
    if (handler == null) throw new Error('no route to this peer')
    const [near, far] = await yamuxPair()
    this.opened.push(near)
    this.accepted.push(far)
    const connection = { remotePeer: from } as Connection
    Promise.resolve(handler(far, connection)).catch((err: Error) => far.abort(err))
    return near
  }

  async stop(): Promise<void> {
    await Promise.all(this.#peers.map(async (peer) => peer.blocks.stop()))
  }
}

async function yamuxPair(): Promise<[Stream, Stream]> {
  const streamOptions = { maxStreamWindowSize: 2 * 1024 * 1024 }
  const [outbound, inbound] = multiaddrConnectionPair({ delay: 0 })
  const muxer = yamux({ enableKeepAlive: false, streamOptions })()
  const near = muxer.createStreamMuxer(outbound)
  const far = muxer.createStreamMuxer(inbound)
  const incoming = pEvent<'stream', CustomEvent<YamuxStream>>(far, 'stream')
  return Promise.all([near.createStream(), incoming.then((event) => event.detail)])
}

/** Call back with each CID that is asked for on a stream. */
export function onWants(stream: Stream, onWant: (cid: CID) => void): void {
  const parser = new FrameParser({
    maxFrameBytes: 4096,
    onFrame(bytes) {
      for (const cid of decode(requestType, bytes).want) onWant(cid)
      return 0
    },
    onBody: () => {}
  })
  stream.addEventListener('message', ({ data }) => parser.push(data))
}

/** Answer with a header that announces `sizeBytes`, and any bytes after it. */
export function sendBlock(stream: Stream, bytes: Uint8Array, sizeBytes = bytes.byteLength): void {
  stream.send(encodeFrame({ size: sizeBytes }))
  if (bytes.byteLength > 0) stream.send(bytes)
}

export function someBytes(length: number, seed = 1): Uint8Array {
  const random = seededRandom(seed)
  return Uint8Array.from({ length }, () => random() & 0xff)
}

/** The error a promise rejects with. */
export async function failure(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    () => {
      throw new Error('expected a rejection')
    },
    (err: Error) => err
  )
}
