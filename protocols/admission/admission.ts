import { TypedEventEmitter } from 'main-event'
import { MembershipError } from '../../src/federation/errors.ts'
import { systemClock } from '../common/clock.ts'
import { asError, RefusedError } from '../common/errors.ts'
import { RateLimits } from '../common/rate-limits.ts'
import { refuse } from '../common/refusal.ts'
import {
  ADMISSION_PROTOCOL,
  ADMISSION_TIMEOUT_MS,
  CLOSE_TIMEOUT_MS,
  MAX_REPEATING,
  MAX_STREAMS,
  REPEATS_AT_ONCE,
  REPEATS_PER_SECOND
} from './constants.ts'
import { AdmissionTimeoutError, ConnectionRefusedError, NotAdmittedError } from './errors.ts'
import { answerHello, LocalRefusal, sayHello } from './exchange.ts'
import { Presence } from './presence.ts'
import { Provisional } from './provisional.ts'
import { Refusals } from './refusals.ts'
import type { Clock } from '../common/clock.ts'
import type { Refusal } from '../common/refusal.ts'
import type { ExchangeInit, Outcome } from './exchange.ts'
import type {
  Admission,
  AdmissionComponents,
  AdmissionEvents,
  AdmissionInit,
  AdmittedMember
} from './index.ts'
import type { KnownPeer } from './schema.ts'
import type { Connection, Logger, PeerId, Stream } from '@libp2p/interface'

/** One side of the conversation on a stream of its choice. */
type Converse = (init: Omit<ExchangeInit, 'stream'>) => Promise<Outcome | null>

const TOO_OFTEN: Refusal = {
  code: 'too-often',
  message: 'You said hello to this peer a moment ago: wait before you say it again'
}

/** See the interface in index.ts. */
export class AdmissionService extends TypedEventEmitter<AdmissionEvents> implements Admission {
  readonly #components: AdmissionComponents
  readonly #init: AdmissionInit
  readonly #timeoutMs: number
  readonly #clock: Clock
  readonly #log: Logger
  readonly #presence = new Presence()
  readonly #refusals: Refusals
  readonly #provisional: Provisional
  readonly #repeats: RateLimits
  /** Aborted when the service stops; null while it is stopped. */
  #running: AbortController | null = null

  constructor(components: AdmissionComponents, init: AdmissionInit) {
    super()
    const { timeoutMs = ADMISSION_TIMEOUT_MS, clock = systemClock } = init
    if (!(timeoutMs > 0)) throw new RangeError(`timeoutMs is ${timeoutMs}, more than 0 expected`)
    this.#components = components
    this.#init = init
    this.#timeoutMs = timeoutMs
    this.#clock = clock
    this.#log = components.logger.forComponent('murmur:admission')
    this.#refusals = new Refusals(() => clock.nowMs())
    this.#provisional = new Provisional({ source: init.source, clock, timeoutMs })
    this.#repeats = new RateLimits({
      perSecond: REPEATS_PER_SECOND,
      burst: REPEATS_AT_ONCE,
      nowMs: () => clock.nowMs(),
      maxKeys: MAX_REPEATING
    })
  }

  readonly [Symbol.toStringTag] = '@murmuration/admission'

  async start(): Promise<void> {
    if (this.#running != null) return
    this.#running = new AbortController()
    const { registrar, events, connectionManager } = this.#components
    const limits = {
      maxInboundStreams: MAX_STREAMS,
      maxOutboundStreams: MAX_STREAMS,
      runOnLimitedConnection: true
    }
    await registrar.handle(ADMISSION_PROTOCOL, this.#onStream, limits)
    events.addEventListener('connection:open', this.#onOpen)
    events.addEventListener('connection:close', this.#onClose)
    for (const connection of connectionManager.getConnections()) this.#begin(connection)
  }

  async stop(): Promise<void> {
    if (this.#running == null) return
    this.#running.abort(new Error('This peer stops'))
    this.#running = null
    const { registrar, events } = this.#components
    events.removeEventListener('connection:open', this.#onOpen)
    events.removeEventListener('connection:close', this.#onClose)
    this.#presence.clear()
    await registrar.unhandle(ADMISSION_PROTOCOL)
  }

  isAdmitted(peerId: PeerId | string): boolean {
    return this.#presence.member(peerId.toString()) != null
  }

  settled(peerId: PeerId | string): Promise<boolean> {
    return this.#presence.settled(peerId.toString())
  }

  members(): AdmittedMember[] {
    return this.#presence.members()
  }

  refusal(peerId: PeerId | string): (Refusal & { local: boolean }) | undefined {
    return this.#refusals.get(peerId.toString())
  }

  backoffMs(peerId: PeerId | string): number {
    return this.#refusals.backoffMs(peerId.toString())
  }

  async ask(peerId: PeerId | string): Promise<KnownPeer[]> {
    const connection = this.#presence.greeted(peerId.toString())
    if (connection == null) throw new NotAdmittedError(peerId.toString(), ADMISSION_PROTOCOL)
    const outcome = await this.#repeat(connection, (init) => this.#sayHello(connection, init))
    return outcome?.member.peers ?? []
  }

  async recheck(): Promise<void> {
    await Promise.all(this.members().map((member) => this.#recheckOne(member)))
  }

  async #recheckOne({ peerId, certificate }: AdmittedMember): Promise<void> {
    try {
      await this.#init.source.verify(certificate)
    } catch (error) {
      if (!(error instanceof MembershipError)) throw error
      await this.#tell(peerId, error)
      this.#part(peerId, error, true)
    }
  }

  /** Tell a peer that was admitted why it no longer is. */
  async #tell(peerId: PeerId, refusal: Refusal): Promise<void> {
    const [connection] = this.#presence.connections(peerId.toString())
    const signal = AbortSignal.timeout(CLOSE_TIMEOUT_MS)
    try {
      await refuse(
        await connection.newStream(ADMISSION_PROTOCOL, { signal, runOnLimitedConnection: true }),
        refusal,
        {
          signal
        }
      )
    } catch (err) {
      this.#log('%p could not be told that it is refused - %e', peerId, err)
    }
  }

  readonly #onOpen = ({ detail }: CustomEvent<Connection>): void => this.#begin(detail)

  readonly #onClose = ({ detail: connection }: CustomEvent<Connection>): void => {
    const { remotePeer: peerId } = connection
    if (this.#presence.close(connection)) this.#emit('member:gone', { peerId })
  }

  readonly #onStream = async (stream: Stream, connection: Connection): Promise<void> => {
    if (this.#presence.isGreeted(connection)) return await this.#answerAgain(stream, connection)
    await this.#exchange(connection, (init) => answerHello({ ...init, stream }))
  }

  /** Whoever is admitted may say hello again, within limits; a failure is the stream's, which the caller resets. */
  async #answerAgain(stream: Stream, connection: Connection): Promise<void> {
    if (this.#repeats.take(connection.remotePeer.toString())) {
      await this.#repeat(connection, (init) => answerHello({ ...init, stream }))
    } else {
      await refuse(stream, TOO_OFTEN, { signal: AbortSignal.timeout(CLOSE_TIMEOUT_MS) })
    }
  }

  /** A connection is there: watch the time, and say hello if it is ours to say. */
  #begin(connection: Connection): void {
    const { remotePeer: peerId } = connection
    const cancel = this.#clock.after(this.#timeoutMs, () => this.#expire(connection))
    if (!this.#presence.open(connection, cancel)) return cancel()
    if (connection.direction !== 'outbound' || this.#init.tolerate?.(peerId) === true) return
    this.#exchange(connection, (init) => this.#sayHello(connection, init)).catch((err: unknown) =>
      this.#log.error('saying hello to %p failed - %e', peerId, err)
    )
  }

  async #sayHello(connection: Connection, init: Omit<ExchangeInit, 'stream'>): Promise<Outcome> {
    const { signal } = init
    const options = { signal, runOnLimitedConnection: true, negotiateFully: false }
    const stream = await connection.newStream(ADMISSION_PROTOCOL, options)
    try {
      return await sayHello({ ...init, stream })
    } catch (error) {
      if (!isRefusal(error)) stream.abort(asError(error))
      throw error
    }
  }

  #expire(connection: Connection): void {
    const { remotePeer: peerId } = connection
    if (this.isAdmitted(peerId) || this.#init.tolerate?.(peerId) === true) return
    if (this.#provisional.has(connection)) return
    const error = new AdmissionTimeoutError(peerId.toString(), this.#timeoutMs)
    this.#log('%s', error.message)
    connection.abort(error)
  }

  /** Run one side of the conversation on a new connection, and draw its consequences. */
  async #exchange(connection: Connection, converse: Converse): Promise<void> {
    try {
      await this.#converse(connection, converse, (member) => this.#admit(connection, member))
    } catch (error) {
      this.#failed(connection, error)
    }
  }

  /**
   * Run it once more where both are admitted. Only a refusal has consequences for the connection.
   *
   * @throws what keeps it from its end
   */
  async #repeat(connection: Connection, converse: Converse): Promise<Outcome | null> {
    try {
      return await this.#converse(connection, converse, (member) =>
        this.#presence.refresh(connection, member)
      )
    } catch (error) {
      if (isRefusal(error)) this.#failed(connection, error)
      throw error
    }
  }

  async #converse(
    connection: Connection,
    converse: Converse,
    conclude: (member: AdmittedMember) => void
  ): Promise<Outcome | null> {
    const { remotePeer: remote } = connection
    const running = this.#running
    if (running == null) return null
    const timeout = new AbortController()
    const cancel = this.#clock.after(this.#timeoutMs, () =>
      timeout.abort(new AdmissionTimeoutError(remote.toString(), this.#timeoutMs))
    )
    const signal = AbortSignal.any([running.signal, timeout.signal])
    const done = this.#presence.begin(remote.toString())
    const attempt = this.#provisional.attempt(connection)
    try {
      const connected = (): ReturnType<Presence['known']> => this.#presence.known()
      const { source } = this.#init
      const { mayCatchUp } = attempt
      const outcome = await converse({ remote, signal, connected, mayCatchUp, source })
      cancel()
      if (outcome?.doubt != null) await this.#decideLater(outcome.member, running.signal)
      // Before the end is told to those who wait for the outcome.
      if (outcome != null) conclude(outcome.member)
      return outcome
    } finally {
      cancel()
      attempt.end()
      done()
    }
  }

  /**
   * Catch up from a peer that the ledger here would refuse, then ask the ledger again.
   *
   * @throws {LocalRefusal} it still refuses; the other side was told
   */
  async #decideLater({ peerId, certificate }: AdmittedMember, running: AbortSignal): Promise<void> {
    this.#log('catching up from %p to find out whether it is a member', peerId)
    try {
      await this.#provisional.catchUp(peerId, running)
    } catch (err) {
      // How far it came decides, not how it ended.
      this.#log('catching up from %p ended - %e', peerId, err)
    }
    running.throwIfAborted()
    try {
      await this.#init.source.verify(certificate)
    } catch (error) {
      if (!(error instanceof MembershipError)) throw error
      await this.#tell(peerId, error)
      throw new LocalRefusal(error)
    }
  }

  #admit(connection: Connection, member: AdmittedMember): void {
    if (this.#running == null) return
    this.#refusals.forget(member.peerId.toString())
    if (!this.#presence.admit(connection, member)) return
    this.#log('%p is admitted', member.peerId)
    this.#emit('member', member)
  }

  #failed(connection: Connection, thrown: unknown): void {
    const { remotePeer: peerId } = connection
    if (thrown instanceof LocalRefusal) return this.#part(peerId, thrown.refusal, true)
    if (thrown instanceof RefusedError) return this.#part(peerId, thrown, false)
    this.#log('admission of %p failed - %e', peerId, thrown)
    // Another connection to the same member may be well.
    connection.abort(asError(thrown))
  }

  /** Remember and announce a refusal, and close what connects the two. */
  #part(peerId: PeerId, { code, message }: Refusal, local: boolean): void {
    this.#refusals.add(peerId.toString(), { code, message }, local)
    this.#log('%s %p: %s', local ? 'refused' : 'refused by', peerId, message)
    const connections = this.#presence.connections(peerId.toString())
    if (this.#presence.dismiss(peerId.toString())) this.#emit('member:gone', { peerId })
    this.#emit('refused', { peerId, code, message, local })
    const error = new ConnectionRefusedError(peerId.toString(), message)
    for (const connection of connections) {
      if (local) this.#closeLater(connection, error)
      else this.#close(connection, error)
    }
  }

  /**
   * The one that is refused closes, once it has read why. Were it closed here at once, what the other side is just
   * sending would meet a closed socket, and the reset that answers it destroys what was not read yet.
   */
  #closeLater(connection: Connection, error: ConnectionRefusedError): void {
    const close = (): void => {
      if (!this.isAdmitted(connection.remotePeer)) this.#close(connection, error)
    }
    this.#presence.watch(connection, this.#clock.after(CLOSE_TIMEOUT_MS, close))
  }

  #close(connection: Connection, error: ConnectionRefusedError): void {
    connection.close({ signal: AbortSignal.timeout(CLOSE_TIMEOUT_MS) }).catch((err: unknown) => {
      this.#log('closing the connection to %p took too long - %e', connection.remotePeer, err)
      connection.abort(error)
    })
  }

  #emit<K extends keyof AdmissionEvents>(type: K, detail: AdmissionEvents[K]['detail']): void {
    this.safeDispatchEvent(type, { detail })
  }
}

/** One side will not have the other; being asked to wait is no refusal. */
function isRefusal(error: unknown): boolean {
  if (error instanceof RefusedError) return error.code !== TOO_OFTEN.code
  return error instanceof LocalRefusal
}
