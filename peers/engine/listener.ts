/** What the work of a height tells, as the engine's events. */
import type { EngineEvents } from './events.ts'
import type { HeightListener } from './height/height.ts'
import type { Height } from '../../src/rounds/index.ts'
import type { Logger } from '@libp2p/interface'

/** What follows from it for the engine itself. */
export interface Followed extends Pick<HeightListener, 'decided' | 'failed'> {
  log: Logger
  emit<K extends keyof EngineEvents>(type: K, detail: EngineEvents[K]['detail']): void
  /** Training is over. */
  trained(): void
  /** Training was given up. */
  spared(): void
  /** A member contradicted itself at this height. */
  accuse(offender: string, height: number, votes: [Uint8Array, Uint8Array]): void
}

export function heightListener({ height, round }: Height, engine: Followed): HeightListener {
  const { emit, log, decided, failed } = engine
  return {
    training: (progress) => emit('training:progress', { ...progress, round }),
    trained: (result) => {
      engine.trained()
      emit('training:end', { ...result, round })
    },
    spared: () => engine.spared(),
    held: ({ signed: { author, value }, refused }) => {
      const { samples, sizeBytes } = value
      if (refused != null) emit('update:refused', { height, author, reason: refused })
      else emit('update:accepted', { height, author, samples, sizeBytes })
    },
    refused: (author, { message: reason }) => emit('proposal:refused', { height, author, reason }),
    view: (view) => emit('view:change', { height, view }),
    decided,
    evidence: ({ from, view, kind }, votes) => {
      log.error('%s cast two different %ss in view %d of height %d', from, kind, view, height)
      engine.accuse(from, height, votes)
    },
    failed
  }
}
