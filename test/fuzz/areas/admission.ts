/** protocols/admission, as the listener and as the dialler: nobody gets in without a certificate, and nobody stays. */
import { TypedEventEmitter } from 'main-event'
import { peerIdFromString } from '@libp2p/peer-id'
import { defaultLogger } from '@libp2p/logger'
import { streamPair } from '@libp2p/utils'
import { expect } from 'chai'
import fc from 'fast-check'
import { admission } from '../../../protocols/admission/index.ts'
import { encode } from '../../../src/federation/cbor.ts'
import { VirtualClock } from '../../helpers/virtual-clock.ts'
import { View } from '../../protocols/admission/net.ts'
import { fuzzed } from '../property.ts'
import { certificates, federation, founder, manifests, member, small, stranger } from '../samples.ts'
import { act, scripts, turn } from '../streams.ts'
import type { Hello, Welcome } from '../../../protocols/admission/schema.ts'
import type { Admission } from '../../../protocols/admission/index.ts'
import type { Connection, Libp2pEvents, Stream, StreamHandler } from '@libp2p/interface'
import type { Script } from '../streams.ts'
import type { FuzzArea } from '../property.ts'

const hello: Hello = {
  federation,
  certificate: certificates[1],
  addresses: ['/ip4/1.2.3.4/tcp/1'],
  look: false,
  head: null
}
const welcome: Welcome = {
  certificate: certificates[1],
  addresses: ['/ip4/1.2.3.4/tcp/1'],
  manifest: null,
  peers: [{ peerId: stranger.id, addresses: ['/ip4/1.2.3.4/tcp/2'] }],
  head: { height: 3, cid: federation }
}
const dialler = [encode(hello), encode({ accepted: true })]
const listener = [encode(welcome)]
const odd = [
  encode({ refused: { code: 'busy', message: 'No' } }),
  encode({ ...welcome, manifest: manifests[0].bytes })
]

/** One peer with one connection. */
interface Scene {
  service: Admission
  clock: VirtualClock
  connection: Connection
  /** Somebody opened a stream. */
  handle(stream: Stream): Promise<void>
  isOver: () => boolean
  close: () => Promise<void>
}

/** @param open - the far end of a stream that this peer opens */
async function scene(who: string, open?: (far: Stream) => void): Promise<Scene> {
  const clock = new VirtualClock()
  const events = new TypedEventEmitter<Libp2pEvents>()
  const view = new View(small, founder)
  await view.admit(certificates[1])
  const streams: Stream[] = []
  let handler: StreamHandler | undefined
  let status: Connection['status'] = 'open'
  const end = (): void => {
    if (status !== 'open') return
    status = 'closed'
    for (const stream of streams) stream.abort(new Error('The connection is closed'))
    events.safeDispatchEvent('connection:close', { detail: connection })
  }
  const connection = {
    id: 'one',
    remotePeer: peerIdFromString(who),
    direction: open == null ? 'inbound' : 'outbound',
    get status() {
      return status
    },
    log: defaultLogger().forComponent('fuzz'),
    close: async () => end(),
    abort: end,
    newStream: async () => {
      const [near, far] = await streamPair({ delay: 0 })
      streams.push(near)
      open?.(far)
      return near
    }
  } as unknown as Connection
  const service = admission({ source: view, clock })({
    registrar: {
      handle: async (_, given) => void (handler = given),
      unhandle: async () => {},
      register: async () => '',
      unregister: () => {}
    },
    connectionManager: { getConnections: () => [] },
    events,
    logger: defaultLogger()
  })
  await service.start()
  events.safeDispatchEvent('connection:open', { detail: connection })
  return {
    service,
    clock,
    connection,
    handle: async (stream) => {
      streams.push(stream)
      await handler?.(stream, connection)
    },
    isOver: () => connection.status !== 'open' || service.isAdmitted(who),
    close: async () => {
      end()
      await service.stop()
    }
  }
}

/** Admitted is who has a certificate of this very federation for itself; anybody else is parted with. */
async function expectOutcome({ service, connection, clock }: Scene, who: string): Promise<void> {
  if (who === stranger.id) expect(service.isAdmitted(who), 'a stranger is admitted').to.equal(false)
  if (!service.isAdmitted(who)) expect(connection.status).to.equal('closed')
  clock.advance(20_000)
  await turn()
}

const people = fc.constantFrom(member.id, member.id, stranger.id)

const listening = fuzzed('whoever dials', fc.tuple(people, scripts([...dialler, ...odd])), {
  shares: 1.5,
  judge: async ([who, script]) => {
    const scened = await scene(who)
    const [near, far] = await streamPair({ delay: 0 })
    const handled = scened.handle(far)
    await act(near, script, scened)
    await handled
    await expectOutcome(scened, who)
    await scened.close()
  }
})

const dialling = fuzzed('whoever is dialled', fc.tuple(people, scripts([...listener, ...odd])), {
  shares: 1.5,
  judge: async ([who, script]) => {
    const opened = Promise.withResolvers<Stream>()
    const scened = await scene(who, opened.resolve)
    await act(await opened.promise, script satisfies Script, scened)
    await expectOutcome(scened, who)
    await scened.close()
  }
})

export const admissions: FuzzArea = { name: 'admission', properties: [listening, dialling] }
