/** Somebody who knows every address, and speaks every protocol, but is no member. */
import { identify } from '@libp2p/identify'
import { gossipsub } from '@libp2p/gossipsub'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { multiaddr } from '@multiformats/multiaddr'
import { byteStream } from '@libp2p/utils'
import { createLibp2p } from 'libp2p'
import { RefusedError } from '../../../protocols/common/errors.ts'
import { frames } from '../../../protocols/common/frames.ts'
import { gossipOptions } from '../../../protocols/rounds/index.ts'
import type { GossipSub } from '@libp2p/gossipsub'
import type { Identify } from '@libp2p/identify'
import type { Libp2p, PrivateKey, Stream } from '@libp2p/interface'
import type { RecordSchema } from '../../../src/federation/cbor.ts'

export type StrangerNode = Libp2p<{ identify: Identify; pubsub: GossipSub }>

const TIMEOUT_MS = 10_000

/** A question, and what an answer to it would be. */
export interface Exchange<T> {
  question: unknown
  answer: RecordSchema<T>
}

export class Stranger {
  readonly node: StrangerNode
  /** Messages of the topic that reached it. */
  readonly heard: Uint8Array[] = []

  private constructor(node: StrangerNode) {
    this.node = node
    node.services.pubsub.addEventListener('message', ({ detail }) => this.heard.push(detail.data))
  }

  static async start(topic: string, key?: PrivateKey): Promise<Stranger> {
    const node = await createLibp2p({
      privateKey: key ?? (await generateKeyPair('Ed25519')),
      addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
      transports: [tcp()],
      connectionEncrypters: [noise()],
      streamMuxers: [yamux()],
      services: { identify: identify(), pubsub: gossipsub(gossipOptions(topic)) }
    })
    const stranger = new Stranger(node)
    node.services.pubsub.subscribe(topic)
    return stranger
  }

  /** Open a stream, connecting first if need be: members part with strangers again and again. */
  async open(address: string, protocol: string): Promise<Stream> {
    const signal = AbortSignal.timeout(TIMEOUT_MS)
    return await this.node.dialProtocol(multiaddr(address), protocol, { signal })
  }

  /** What a question is refused with, at the first attempt. An answer is a failure. */
  async refusal<T>(
    address: string,
    protocol: string,
    { question, answer }: Exchange<T>
  ): Promise<RefusedError> {
    try {
      const value = await this.#ask(address, protocol, { question, answer })
      throw new Error(`${protocol} answered: ${JSON.stringify(value)}`)
    } catch (error) {
      if (error instanceof RefusedError) return error
      throw error
    }
  }

  async #ask<T>(address: string, protocol: string, { question, answer }: Exchange<T>): Promise<T> {
    const stream = await this.open(address, protocol)
    const wire = frames(stream, 4 * 1024 * 1024)
    const signal = AbortSignal.timeout(TIMEOUT_MS)
    await wire.write(question, { signal })
    return await wire.read(answer, { signal })
  }

  /** Bytes that come on a stream until the other side ends or resets it. */
  async drain(stream: Stream): Promise<number> {
    const bytes = byteStream(stream)
    const signal = AbortSignal.timeout(TIMEOUT_MS)
    let received = 0
    try {
      for (let data = await bytes.read({ signal }); data != null; data = await bytes.read({ signal })) {
        received += data.byteLength
      }
    } catch (error) {
      signal.throwIfAborted()
      if (!(error instanceof Error && error.name.startsWith('Stream'))) throw error
    }
    return received
  }

  async stop(): Promise<void> {
    await this.node.stop()
  }
}
