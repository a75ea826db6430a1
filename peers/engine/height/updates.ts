/** Other members' updates: fetched, checked, held for the height they belong to. */
import { checkDelta } from '../../../src/aggregation/index.ts'
import { bytesReader, codecsFor, MalformedPayloadError } from '../../../src/codecs/index.ts'
import { roundSeed } from '../../../src/rounds/index.ts'
import type { ByteReader, Codec, VectorReader } from '../../../src/codecs/index.ts'
import type { BlockExchange, FetchOptions, HeldUpdate, Position } from '../components.ts'
import type { Update, RefusalReason } from '../../../src/federation/records.ts'
import type { VectorPart } from '../../../src/vectors.ts'
import type { Signed } from '../../../src/federation/signed.ts'

/** A payload that is not what its announcement says, whoever gives it. */
export class PayloadMismatchError extends Error {
  static override name = 'PayloadMismatchError'

  constructor(reason: string, options?: ErrorOptions) {
    super(`The payload is not what was announced: ${reason}`, options)
    this.name = 'PayloadMismatchError'
  }
}

/** Values that one block of a model has. */
export function stretchOf({ tip }: Pick<Position, 'tip'>): number {
  return Math.floor(tip.manifest.exchange.blockSizeBytes / Float32Array.BYTES_PER_ELEMENT)
}

export interface UpdatePoolInit {
  position: Position
  height: number
  blocks: BlockExchange
  /** What is fetched and judged of every update: the parts that this peer reduces. */
  parts: readonly VectorPart[]
  fetch: (author: string) => FetchOptions
}

/** The updates of one height. Every announced update is fetched and judged once. */
export class UpdatePool {
  readonly #init: UpdatePoolInit
  readonly #codecs: readonly Codec[]
  readonly #held = new Map<string, Promise<HeldUpdate>>()

  constructor(init: UpdatePoolInit) {
    const { tip } = init.position
    this.#init = init
    this.#codecs = codecsFor(tip.manifest, roundSeed(tip))
  }

  /**
   * The update with its verdict; all peers that can read the payload come to the same one.
   *
   * @throws {Error} the payload cannot be had: no verdict, may be asked again
   */
  async hold(signed: Signed<Update>): Promise<HeldUpdate> {
    const key = signed.cid.toString()
    const known = this.#held.get(key)
    if (known != null) return await known
    const held = this.#judge(signed)
    this.#held.set(key, held)
    held.catch(() => this.#held.delete(key))
    return await held
  }

  async #judge(signed: Signed<Update>): Promise<HeldUpdate> {
    const codec = this.#codecOf(signed.value)
    const refused = this.judgeClaims(signed.value)
    if (codec == null || refused != null) return { signed, refused: refused ?? 'malformed' }
    try {
      return await this.#judgePayload(signed, codec)
    } catch (error) {
      const isMalformed = error instanceof PayloadMismatchError || error instanceof MalformedPayloadError
      if (isMalformed) return { signed, refused: 'malformed' }
      throw error
    }
  }

  async #judgePayload(signed: Signed<Update>, codec: Codec): Promise<HeldUpdate> {
    const { position, parts } = this.#init
    const { length } = position.weights
    const payload = await this.#payload(signed, parts, codec)
    const sizeBytes = await codec.varies?.measure(payload, length)
    if (sizeBytes != null && sizeBytes !== signed.value.sizeBytes) return { signed, refused: 'size' }
    const reader = (): VectorReader => codec.decode(payload, length)
    const read = reader()
    const { maxNorm } = position.tip.manifest.aggregation
    for (const part of parts) {
      const unfit = await checkDelta(read, { part, maxNorm, stretch: this.stretch })
      if (unfit != null) return { signed, refused: unfit }
    }
    return { signed, reader }
  }

  /**
   * Make a part that was not among those available too, at once rather than block by block as it is read.
   *
   * @throws {Error} it cannot be had
   */
  async bring(signed: Signed<Update>, part: VectorPart): Promise<void> {
    await this.#payload(signed, [part], this.#codecOf(signed.value))
  }

  async #payload(
    { value, author }: Signed<Update>,
    parts: readonly VectorPart[],
    codec: Codec | undefined
  ): Promise<ByteReader> {
    const { payload, sizeBytes } = value
    if (!(payload instanceof Uint8Array)) {
      const { length } = this.#init.position.weights
      const spans = parts.flatMap((part) => codec?.span?.(part, length) ?? { offset: 0, length: sizeBytes })
      return await this.#init.blocks.getPayload(payload, sizeBytes, { ...this.#init.fetch(author), spans })
    }
    if (payload.byteLength === sizeBytes) return bytesReader(payload)
    throw new PayloadMismatchError(`${payload.byteLength} bytes instead of ${sizeBytes}`)
  }

  /** What the record alone shows, before anything is fetched. */
  judgeClaims(update: Update): RefusalReason | null {
    const codec = this.#codecOf(update)
    const { tip, weights } = this.#init.position
    if (!update.base.equals(tip.cid) || update.height !== this.#init.height) return 'base'
    if (codec == null) return 'malformed'
    const most = codec.sizeBytes(weights.length)
    const least = codec.varies?.leastBytes(weights.length) ?? most
    return update.sizeBytes >= least && update.sizeBytes <= most ? null : 'size'
  }

  /** The one that it was encoded by, if it is one that the manifest allows. */
  #codecOf({ codec }: Update): Codec | undefined {
    return this.#codecs.find(({ name }) => name === codec)
  }

  /** Coordinates to work on at a time: what one block of a model has. */
  get stretch(): number {
    return stretchOf(this.#init.position)
  }
}
