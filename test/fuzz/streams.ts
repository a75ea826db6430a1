/** The other side of a stream, misbehaving: wrong frames, lying lengths, and every way of not ending. */
import fc from 'fast-check'
import { concat } from 'uint8arrays/concat'
import { hostileCbor } from './arbitraries.ts'
import type { Stream } from '@libp2p/interface'

/** What is sent, and what comes after it: silence, bytes without end, one byte a second. */
export interface Script {
  chunks: Uint8Array[]
  ending: 'close' | 'reset' | 'silence' | 'endless' | 'drip'
}

/** How the length before a frame relates to the frame. */
const prefixes = {
  true: (length: number) => varint(length),
  longer: (length: number) => varint(length + 5),
  shorter: (length: number) => varint(Math.max(0, length - 5)),
  none: () => new Uint8Array(0),
  zero: () => Uint8Array.of(0),
  padded: (length: number) => concat([varint(length).map((byte) => byte | 0x80), Uint8Array.of(0x80, 0)]),
  mega: () => varint(4 * 1024 * 1024),
  giga: () => varint(2 ** 30),
  absurd: () => varint(2 ** 52),
  endless: () => new Uint8Array(40).fill(0xff)
}

type Prefix = keyof typeof prefixes

/** Conversations that start out like a real one: its frames in order, some changed, and then one of the endings. */
export function scripts(frames: readonly Uint8Array[]): fc.Arbitrary<Script> {
  const prefix = fc.oneof(
    { weight: 5, arbitrary: fc.constant<Prefix>('true') },
    { weight: 1, arbitrary: fc.constantFrom(...(Object.keys(prefixes) as Prefix[])) }
  )
  const frame = (payload: Uint8Array): fc.Arbitrary<Uint8Array> =>
    fc.oneof({ weight: 3, arbitrary: fc.constant(payload) }, { weight: 2, arbitrary: hostileCbor(frames) })
  const sent = fc
    .tuple(...frames.map((payload) => fc.tuple(frame(payload), prefix)))
    .map((parts) => parts.map(([payload, kind]) => concat([prefixes[kind](payload.length), payload])))
  return fc
    .record({
      sent,
      /** How many frames are sent: fewer than it takes, or some twice. */
      count: fc.nat(frames.length + 2),
      pieceBytes: fc.constantFrom(1, 3, 1000, 1 << 20),
      cutBytes: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(20) }),
      ending: fc.constantFrom<Script['ending'][]>('close', 'close', 'reset', 'silence', 'endless', 'drip')
    })
    .map(({ sent: all, count, pieceBytes, cutBytes, ending }) => {
      const bytes = concat([...all, ...all].slice(0, count))
      return { chunks: inPieces(bytes.subarray(0, Math.max(0, bytes.length - cutBytes)), pieceBytes), ending }
    })
}

export interface Stage {
  /** Moves on while the script waits. */
  clock: { advance(ms: number): void }
  /** The other side is done with this one, in whatever way. */
  isOver(): boolean
  /** Default 60: longer than any time-out of the protocols, that of an unused stream apart. */
  maxSeconds?: number
}

const ENDLESS_CHUNK = new Uint8Array(64 * 1024).fill(0x81)
const MAX_ENDLESS_CHUNKS = 128

/**
 * Act the script out, then let time pass until the other side has had enough.
 *
 * @throws {Error} it has not after a minute
 */
export async function act(stream: Stream, script: Script, stage: Stage): Promise<void> {
  const { isOver, clock, maxSeconds = 60 } = stage
  await speak(stream, script, isOver)
  for (let second = 0; second < maxSeconds && !isOver(); second++) {
    if (script.ending === 'drip') sendIfOpen(stream, Uint8Array.of(0x81))
    for (let i = 0; i < 4 && !isOver(); i++) await turn()
    if (!isOver()) clock.advance(1000)
  }
  for (let i = 0; i < 50 && !isOver(); i++) await turn()
  if (!isOver()) throw new Error(`Still being listened to after ${maxSeconds} s`)
}

async function speak(stream: Stream, { chunks, ending }: Script, isOver: () => boolean): Promise<void> {
  for (const chunk of chunks) sendIfOpen(stream, chunk)
  await turn()
  if (ending === 'close') void stream.close().catch((error: Error) => stream.abort(error))
  else if (ending === 'reset') stream.abort(new Error('hostile'))
  for (let i = 0; ending === 'endless' && i < MAX_ENDLESS_CHUNKS && !isOver(); i++) {
    sendIfOpen(stream, ENDLESS_CHUNK)
    if (i % 8 === 0) await turn()
  }
}

/** Let everything run that is ready to run, the streams' own short timers included. */
export async function turn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
  await new Promise((resolve) => setTimeout(resolve))
}

function sendIfOpen(stream: Stream, bytes: Uint8Array): void {
  if (stream.status === 'open' && stream.writeStatus === 'writable') stream.send(bytes)
}

function inPieces(bytes: Uint8Array, pieceBytes: number): Uint8Array[] {
  // At most a few hundred pieces, whatever the size.
  const size = Math.max(pieceBytes, Math.ceil(bytes.length / 300))
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
    bytes.subarray(i * size, (i + 1) * size)
  )
}

function varint(value: number): Uint8Array {
  const bytes: number[] = []
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Uint8Array.from([...bytes, rest])
    bytes.push((rest % 128) | 0x80)
  }
}
