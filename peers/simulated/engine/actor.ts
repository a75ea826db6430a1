/** One peer of the slow stage: the real round engine with real signatures, on a virtual disk, clock and network. */
import { RoundEngine } from '../../engine/engine.ts'
import { OwnControls } from '../../engine/controls.ts'
import { OwnLocals } from '../../engine/locals.ts'
import { OwnMomentum } from '../../engine/momentum.ts'
import { ErrorFeedback } from '../../engine/feedback.ts'
import { EvidenceLog, Ledger, RecoveryLog, VoteLog } from '../../../src/state/index.ts'
import { uniform } from '../../../src/random.ts'
import { simulatedBlocks } from './blocks.ts'
import { openMembership } from './membership.ts'
import { Pieces } from './pieces.ts'
import { virtualStore } from './store.ts'
import { deltaOf, samplesOf } from './training.ts'
import type { EngineStage } from './stage.ts'
import type { VirtualDisk } from '../stage/disk.ts'
import type { Actor } from '../stage/stage.ts'
import type { ByteSpan } from '../../../src/codecs/index.ts'
import type { Clock, EngineComponents } from '../../engine/components.ts'
import type { Trainer } from '../../../src/training/types.ts'
import type { Logger, PrivateKey } from '@libp2p/interface'

/** As peers/node has it, but shorter: much must happen in little virtual time. */
const CATCH_UP_MS = 300

export interface EngineActorInit {
  index: number
  id: string
  key: PrivateKey
  disk: VirtualDisk<Uint8Array>
  stage: EngineStage
}

export class EngineActor implements Actor {
  readonly index: number
  readonly id: string
  readonly key: PrivateKey
  readonly disk: VirtualDisk<Uint8Array>
  readonly #stage: EngineStage
  up = false
  life = 0
  engine: RoundEngine | null = null
  /** Of others' payloads: in memory only. */
  pieces = new Pieces()

  constructor({ index, id, key, disk, stage }: EngineActorInit) {
    this.index = index
    this.id = id
    this.key = key
    this.disk = disk
    this.#stage = stage
  }

  get committed(): number {
    return this.engine?.tip?.body.height ?? 0
  }

  /** These bytes of what has this root, if they are here. */
  bytesOf(root: string, span: ByteSpan): Uint8Array | undefined {
    const whole = this.disk.durable.get(`block/${root}`)
    return whole?.slice(span.offset, span.offset + span.length) ?? this.pieces.get(root, span)
  }

  crash(): void {
    this.up = false
    this.life++
    this.engine?.stop()
    this.engine = null
    this.pieces = new Pieces()
    this.disk.crash()
  }

  start(connected: ReadonlySet<string>): void {
    this.up = true
    const { federation, manifest } = this.#stage
    const { proposeMs, voteMs } = this.#stage.history.federation
    const options = { train: true, proposeMs, voteMs, catchUpMs: CATCH_UP_MS, inlineBytes: 0 }
    const engine = new RoundEngine({ federation, manifest, components: this.#components(), options })
    this.engine = engine
    this.#stage.watch.follow(this, engine)
    this.#stage.background(this.#begin(engine, connected))
  }

  setConnected(peers: ReadonlySet<string>): void {
    this.engine?.setConnected([...peers])
  }

  async #begin(engine: RoundEngine, connected: ReadonlySet<string>): Promise<void> {
    await engine.load()
    if (this.engine !== engine) return
    this.#stage.watch.restarted(this)
    engine.start()
    engine.setConnected([...connected])
  }

  #components(): EngineComponents {
    const store = virtualStore(this.disk)
    const { life } = this
    const blocks = simulatedBlocks(this.#stage, this)
    return {
      key: this.key,
      self: this.id,
      certificate: new TextEncoder().encode(this.id),
      ledger: new Ledger(store),
      votes: new VoteLog(store),
      recoveries: new RecoveryLog(store),
      evidence: new EvidenceLog(store),
      feedback: new ErrorFeedback({ state: store, blocks, log: silent }),
      controls: new OwnControls({ state: store, blocks, log: silent }),
      locals: new OwnLocals({ state: store, blocks, log: silent }),
      momentum: new OwnMomentum({ state: store, blocks, log: silent }),
      blocks,
      gossip: {
        publish: async (record) => {
          if (this.life === life) await this.#stage.publish(this, record)
        }
      },
      catchUp: { ask: (peer, question, { signal }) => this.#stage.ask(this, { peer, ...question, signal }) },
      trainer: this.#trainer(),
      membership: openMembership(),
      clock: this.#clock(),
      log: silent,
      uplink: () => null,
      addresses: () => []
    }
  }

  #clock(): Clock {
    const stage = this.#stage
    return {
      now: () => Math.round(stage.now()),
      elapsedMs: () => stage.now(),
      setTimer: (ms, callback) => {
        const lateMs = stage.history.timerLateMs * uniform(stage.random)
        return stage.after(this, ms + lateMs, callback)
      }
    }
  }

  #trainer(): Trainer {
    const { history } = this.#stage
    const { parameters } = history.federation
    return {
      info: { backend: 'none', parameters, trainSamples: 10, testSamples: 5 },
      initialWeights: async () => new Float32Array(parameters),
      train: async ({ round }) => {
        const { leastMs, spreadMs } = history.training[this.index]
        const factor = this.#stage.slowness(this)
        await this.#stage.pause(this, factor * (leastMs + spreadMs * uniform(this.#stage.random)))
        return {
          delta: deltaOf(history.seed, { peer: this.index, round, length: parameters }),
          samples: samplesOf(this.index),
          before: { loss: 1, samples: 5 },
          after: { loss: 0.5, samples: 5 },
          trainingMs: 1
        }
      },
      evaluate: async () => ({ loss: 1, samples: 5 }),
      stop: async () => {}
    }
  }
}

const silent: Logger = Object.assign(() => {}, {
  enabled: false,
  trace: () => {},
  error: () => {},
  newScope: () => silent
})
