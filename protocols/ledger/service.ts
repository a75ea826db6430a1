import { LedgerClient } from './client.ts'
import { ANSWER_TIMEOUT_MS, LEDGER_PROTOCOL, MAX_STREAMS_PER_PEER, REQUEST_TIMEOUT_MS } from './constants.ts'
import { LedgerProtocolError } from './errors.ts'
import { LedgerServer } from './server.ts'
import type {
  AskOptions,
  Head,
  LedgerComponents,
  LedgerFrame,
  LedgerInit,
  LedgerProtocol,
  LedgerQuestion
} from './index.ts'
import type { PeerId } from '@libp2p/interface'

/** See the interface in index.ts. */
export class LedgerService implements LedgerProtocol {
  readonly #components: LedgerComponents
  readonly #runOnLimitedConnection: boolean
  readonly #server: LedgerServer
  readonly #client: LedgerClient
  #started = false

  constructor(components: LedgerComponents, init: LedgerInit) {
    const { source, answerTimeoutMs = ANSWER_TIMEOUT_MS, requestTimeoutMs = REQUEST_TIMEOUT_MS } = init
    const { nowMs = () => performance.now(), runOnLimitedConnection = true } = init
    this.#components = components
    this.#runOnLimitedConnection = runOnLimitedConnection
    const log = components.logger.forComponent('murmur:ledger')
    this.#server = new LedgerServer({
      source,
      nowMs,
      requestTimeoutMs,
      answerTimeoutMs,
      judge: init.judge,
      log
    })
    this.#client = new LedgerClient({
      opener: components.connectionManager,
      federation: source.federation,
      judge: init.judge,
      answerTimeoutMs,
      runOnLimitedConnection
    })
  }

  readonly [Symbol.toStringTag] = '@murmuration/ledger'

  async start(): Promise<void> {
    if (this.#started) return
    this.#started = true
    await this.#components.registrar.handle(
      LEDGER_PROTOCOL,
      (stream, connection) => this.#server.handle(stream, connection),
      // One more than are served at once: libp2p resets what is beyond, and a refusal says why.
      { maxInboundStreams: MAX_STREAMS_PER_PEER + 1, runOnLimitedConnection: this.#runOnLimitedConnection }
    )
  }

  async stop(): Promise<void> {
    if (!this.#started) return
    this.#started = false
    this.#server.stop(new Error('This peer stops'))
    await this.#components.registrar.unhandle(LEDGER_PROTOCOL)
  }

  ask(peer: PeerId, question: LedgerQuestion, options: AskOptions = {}): AsyncGenerator<LedgerFrame> {
    return this.#client.ask(peer, question, options)
  }

  async head(peer: PeerId, options: AskOptions = {}): Promise<Head> {
    let head: Head | undefined
    for await (const frame of this.ask(peer, { height: 0, maxBytes: 0 }, options)) {
      if (frame.type === 'head') head = { height: frame.height, cid: frame.cid }
    }
    if (head == null) throw new LedgerProtocolError(peer.toString(), 'no head')
    return head
  }
}
