/**
 * How fast codecs are, beside a copy in memory: GB of fp32 values a second, encoded and decoded, the best of some runs.
 *
 * node test/bench/codecs.ts [values]
 */
import { bytesReader, codecOf } from '../../src/codecs/index.ts'
import { codecNames, codecSchema, entropyCodecNames } from '../../src/federation/manifest/exchange.ts'
import { normal, seededRandom } from '../../src/random.ts'
import type { Codec } from '../../src/codecs/index.ts'

/** The McMahan CNN's parameters. */
const DEFAULT_VALUES = 1_663_370
/** And its kernels. */
const MATRICES = [
  { offset: 0, rows: 25, columns: 32 },
  { offset: 832, rows: 800, columns: 64 },
  { offset: 52_096, rows: 3136, columns: 512 },
  { offset: 1_658_240, rows: 512, columns: 10 }
]
const RUNS = 9
/** What an update of the default block size is read in. */
const STRETCH = 262_144

async function bestMs(work: () => unknown): Promise<number> {
  let best = Infinity
  for (let run = 0; run < RUNS; run++) {
    const start = performance.now()
    await work()
    best = Math.min(best, performance.now() - start)
  }
  return best
}

async function decodeAll(codec: Codec, payload: Uint8Array, length: number): Promise<void> {
  const read = codec.decode(bytesReader(payload), length)
  for (let start = 0; start < length; start += STRETCH) await read(start, Math.min(STRETCH, length - start))
}

const length = Number(process.argv[2] ?? DEFAULT_VALUES)
const random = seededRandom(1)
const delta = Float32Array.from({ length }, () => 1e-3 * normal(random))
const target = new Float32Array(length)
const perSecond = (ms: number): string => `${(delta.byteLength / 1e6 / ms).toFixed(2)} GB/s`

console.log(`${length} values, ${(delta.byteLength / 1e6).toFixed(2)} MB in fp32`)
console.log(`copy in memory  ${perSecond(await bestMs(() => target.set(delta)))}`)
for (const name of [...codecNames, ...entropyCodecNames]) {
  const codec = codecOf(codecSchema.parse(name), new Uint8Array(32), MATRICES)
  const payload = codec.encode(delta).slice()
  const encode = perSecond(await bestMs(() => codec.encode(delta)))
  const decode = perSecond(await bestMs(async () => await decodeAll(codec, payload, length)))
  const size = `${(payload.byteLength / 1e6).toFixed(3)} MB`
  console.log(
    `${name.padEnd(16)} ${size.padStart(10)}  encode ${encode.padStart(10)}  decode ${decode.padStart(10)}`
  )
}
