import { expect } from 'chai'
import { relaxed, simd } from '../../src/compute/wasm/pack/binary.ts'
import { normal, seededRandom } from '../../src/random.ts'
import type { PackFunctions } from '../../src/compute/wasm/pack/index.ts'

const PAGES = 512
const CANARY = 1234.5
const AROUND = 64

type Image = readonly [height: number, width: number]

interface Shapes {
  images: number
  channels: readonly [input: number, output: number]
  input: Image
  output: Image
  taps: Image
  stride: number
  padding: Image
}

/** On any of the ways that a convolution can go: patches, fewer products, lines. */
function drawnShapes(seed: number): Shapes {
  const random = seededRandom(seed)
  const among = (options: number[]): number => options[random() % options.length]
  const side = among([1, 3, 5])
  const taps = [side, seed % 4 === 0 ? among([2, 3]) : side] as const
  const stride = among([1, 1, 1, 2])
  const padding = [random() % taps[0], random() % taps[1]] as const
  const output = [1 + (random() % 20), 1 + (random() % 30)] as const
  const input = [0, 1].map((i) => Math.max(1, (output[i] - 1) * stride + taps[i] - 2 * padding[i]))
  const channels = [among([1, 1, 6, 8, 15, 16, 24]), among([1, 6, 8, 13, 16, 24])] as const
  return {
    images: among([1, 2, 3, 24]),
    channels,
    input: input as unknown as Image,
    output,
    taps,
    stride,
    padding
  }
}

/** Places for arrays one after the other, each with canaries behind it. */
function places(sizes: number[]): number[] {
  let next = AROUND
  return sizes.map((size) => {
    const at = next
    next += Math.ceil((size + AROUND) / 16) * 16
    return at
  })
}

async function functionsOn(memory: WebAssembly.Memory, base64: string): Promise<PackFunctions> {
  const bytes = Uint8Array.from(Buffer.from(base64, 'base64'))
  const { instance } = await WebAssembly.instantiate(bytes, { env: { memory } })
  return instance.exports as unknown as PackFunctions
}

/** Where the arrays of a convolution are, in values: x, filter, bias, dy, then results and scratch. */
interface Arrays {
  at: number[]
  sizes: number[]
}

/** All three kernels on drawn values, with canaries around everything. */
function convolved(pack: PackFunctions, floats: Float32Array, seed: number): Arrays {
  const { images, channels, input, output, taps, stride, padding } = drawnShapes(seed)
  const [c, oc] = channels
  pack.convolution(images, ...input, c, ...output, oc, ...taps, stride, stride, ...padding)
  const [pixels, positions] = [input, output].map(([h, w]) => images * h * w)
  const filter = taps[0] * taps[1] * c * oc
  const operands = [pixels * c, filter, oc, positions * oc]
  const sizes = [...operands, positions * oc, pixels * c, filter, Math.ceil(pack.convScratchBytes() / 4)]
  const at = places(sizes)
  const random = seededRandom(seed)
  floats.fill(CANARY)
  for (const [i, size] of operands.entries()) floats.set(drawn(random, size), at[i])
  const [x, by, bias, dy, y, dx, dFilter, scratch] = at.map((place) => place * 4)
  pack.convForward(x, by, bias, y, 2, scratch)
  pack.convInputGradient(dy, by, dx, scratch)
  pack.convFilterGradient(x, dy, dFilter, scratch)
  return { at, sizes }
}

const drawn = (random: () => number, size: number): Float32Array =>
  Float32Array.from({ length: size }, () => normal(random))

describe('memory that convolutions write', () => {
  for (const [name, base64] of Object.entries({ relaxed, simd })) {
    it(`is all of their results, and what they ask for as scratch: ${name}`, async () => {
      const memory = new WebAssembly.Memory({ initial: PAGES })
      const pack = await functionsOn(memory, base64)
      const floats = new Float32Array(memory.buffer)
      for (let seed = 1; seed <= 150; seed++) {
        const { at, sizes } = convolved(pack, floats, seed)
        for (const [i, size] of sizes.entries()) {
          const [before, end] = [at[i] - 16, at[i] + size]
          const around = [...floats.subarray(before, at[i]), ...floats.subarray(end, end + 16)]
          expect(
            around.every((value) => value === CANARY),
            `seed ${seed}, array ${i}`
          ).to.equal(true)
        }
        const results = [4, 5, 6].flatMap((i) => [...floats.subarray(at[i], at[i] + sizes[i])])
        expect(results.includes(CANARY), `seed ${seed}`).to.equal(false)
      }
    }).timeout(60_000)
  }
})
