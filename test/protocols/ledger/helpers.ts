/** A ledger service on each side of a pair of streams, without libp2p. */
import { generateKeyPair } from '@libp2p/crypto/keys'
import { defaultLogger } from '@libp2p/logger'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { streamPair } from '@libp2p/utils'
import { ledger } from '../../../protocols/ledger/index.ts'
import { cidOf } from '../../../src/federation/cbor.ts'
import type {
  Head,
  LedgerInit,
  LedgerProtocol,
  LedgerSource,
  SealedRecord
} from '../../../protocols/ledger/index.ts'
import type { Connection, PeerId, Stream, StreamHandler } from '@libp2p/interface'

export const federation = await cidOf(Uint8Array.of(1))

export async function newPeerId(): Promise<PeerId> {
  return peerIdFromPrivateKey(await generateKeyPair('Ed25519'))
}

/** `count` commits of `sizeBytes`, each starting with its height, and records as given. */
export class FakeSource implements LedgerSource {
  federation = federation
  held: SealedRecord[] = []
  height: number
  sizeBytes: number
  /** Called when the last commit of an answer was taken by the transport. */
  onSent = (): void => {}

  constructor(height: number, sizeBytes = 8) {
    this.height = height
    this.sizeBytes = sizeBytes
  }

  async head(): Promise<Head> {
    return { height: this.height, cid: await cidOf(Uint8Array.of(this.height)) }
  }

  async *commits(from: number, limit: number): AsyncIterable<Uint8Array> {
    try {
      for (let height = from; height < from + limit && height <= this.height; height++) {
        yield new Uint8Array(this.sizeBytes).fill(height)
      }
    } finally {
      this.onSent()
    }
  }

  records(): SealedRecord[] {
    return this.held
  }
}

type Handle = (stream: Stream, connection: Connection) => unknown

/** A service whose registrar hands its handler out, and whose streams go where `dial` says. */
export function service(
  init: LedgerInit,
  dial: () => Handle
): { protocol: LedgerProtocol; handler: () => StreamHandler; streams: Stream[] } {
  let handler: StreamHandler | undefined
  const streams: Stream[] = []
  const components = {
    logger: defaultLogger(),
    registrar: {
      handle: async (_name: string, given: StreamHandler) => void (handler = given),
      unhandle: async () => void (handler = undefined),
      register: async () => '',
      unregister: () => {}
    },
    connectionManager: {
      openStream: async (remotePeer: PeerId) => {
        const [near, far] = await streamPair()
        streams.push(near)
        void dial()(far, { remotePeer } as Connection)
        return near
      }
    }
  }
  const get = (): StreamHandler => {
    if (handler == null) throw new Error('not started')
    return handler
  }
  return { protocol: ledger(init)(components), handler: get, streams }
}

/** An asker connected to a responder that serves `source`. */
export async function pair(
  source: LedgerSource,
  init: Partial<LedgerInit> = {}
): Promise<{ asker: LedgerProtocol; responder: LedgerProtocol; peer: PeerId; streams: Stream[] }> {
  const responder = service({ source, ...init }, () => () => undefined)
  await responder.protocol.start()
  const asker = service({ source: new FakeSource(0), ...init }, () => responder.handler())
  return {
    asker: asker.protocol,
    responder: responder.protocol,
    peer: await newPeerId(),
    streams: asker.streams
  }
}

/** An asker connected to whatever `handle` says. */
export async function askerOf(
  handle: Handle,
  init: Partial<LedgerInit> = {}
): Promise<{ asker: LedgerProtocol; peer: PeerId }> {
  const { protocol } = service({ source: new FakeSource(0), ...init }, () => handle)
  return { asker: protocol, peer: await newPeerId() }
}
