/**
 * Initial weights, equal bit by bit on every platform: our own generator and only + − × ÷ √, never TensorFlow.js'
 * initializers (which ask the host's Math.random, log and cos).
 *
 * Glorot & Bengio 2010; He et al. 2015; variance scaling as Keras defines it.
 */
import { normal, seededRandom, uniform } from '../random.ts'
import { orthogonal } from './orthogonal.ts'
import { partOf } from './layout.ts'
import type { LayerWeight, Shape } from './layers/common.ts'
import type { Layout } from './layout.ts'
import type { Random } from '../random.ts'

type Fill = (values: Float32Array, options: { shape: Shape; random: Random; config: Config }) => void
type Config = Record<string, unknown>

/** Standard deviation of a normal distribution cut at ±2σ, as a share of σ: Keras divides by it. */
const TRUNCATED_DEVIATION = 0.87962566103423978

/**
 * The weights that training starts from.
 *
 * @param seed - 32 bits; each weight draws from its own stream
 */
export function initialWeights(layout: Layout, seed: number): Float32Array {
  const flat = new Float32Array(layout.size)
  for (const [i, entry] of layout.entries.entries()) {
    fill(partOf(flat, entry), entry.weight, seededRandom(seed, i))
  }
  return flat
}

function fill(values: Float32Array, { shape, initializer, onesBlock }: LayerWeight, random: Random): void {
  const { name, config } = initializer
  initializers[name as keyof typeof initializers](values, { shape, random, config })
  if (onesBlock != null) {
    const width = values.length / onesBlock.count
    values.fill(1, onesBlock.index * width, (onesBlock.index + 1) * width)
  }
}

const constant =
  (otherwise: number): Fill =>
  (values, { config }) =>
    void values.fill(numberOf(config, 'value', otherwise))

const uniformBetween = (values: Float32Array, random: Random, low: number, high: number): void => {
  for (let i = 0; i < values.length; i++) values[i] = low + (high - low) * uniform(random)
}

const randomUniform: Fill = (values, { random, config }) =>
  uniformBetween(values, random, numberOf(config, 'minval', -0.05), numberOf(config, 'maxval', 0.05))

const normalOf =
  (draw: Random2): Fill =>
  (values, { random, config }) =>
    normals(values, {
      draw: () => draw(random),
      mean: numberOf(config, 'mean', 0),
      deviation: numberOf(config, 'stddev', 0.05)
    })

type Random2 = (random: Random) => number

function normals(values: Float32Array, of: { draw(): number; mean: number; deviation: number }): void {
  for (let i = 0; i < values.length; i++) values[i] = of.mean + of.deviation * of.draw()
}

function truncatedNormal(random: Random): number {
  let value = normal(random)
  while (value < -2 || value > 2) value = normal(random)
  return value
}

type Mode = 'fan_in' | 'fan_out' | 'fan_avg'
interface Scaling {
  scale: number
  mode: Mode
  distribution: 'uniform' | 'normal'
}

/** Variance `scale / fan`. */
const scaled =
  ({ scale, mode, distribution }: Scaling): Fill =>
  (values, { shape, random }) => {
    const variance = scale / Math.max(1, fan(shape, mode))
    const limit = Math.sqrt(3 * variance)
    if (distribution === 'uniform') uniformBetween(values, random, -limit, limit)
    else {
      const deviation = Math.sqrt(variance) / TRUNCATED_DEVIATION
      normals(values, { draw: () => truncatedNormal(random), mean: 0, deviation })
    }
  }

/** Values that one unit takes in, or gives to; a convolution's window counts. */
function fan(shape: Shape, mode: Mode): number {
  const window = shape.slice(0, -2).reduce((size, n) => size * n, 1)
  const fanIn = window * (shape.at(-2) ?? shape[0])
  const fanOut = window * (shape.at(-1) ?? shape[0])
  if (mode === 'fan_in') return fanIn
  return mode === 'fan_out' ? fanOut : (fanIn + fanOut) / 2
}

const varianceScaling: Fill = (values, options) => {
  const { config } = options
  const text = (key: string, otherwise: string): string => String(config[key] ?? otherwise)
  const mode = text('mode', 'fan_in')
    .replace(/([A-Z])/, '_$1')
    .toLowerCase() as Mode
  const distribution = text('distribution', 'normal').includes('uniform') ? 'uniform' : 'normal'
  scaled({ scale: numberOf(config, 'scale', 1), mode, distribution })(values, options)
}

const numberOf = (config: Config, key: string, otherwise: number): number =>
  typeof config[key] === 'number' ? config[key] : otherwise

const initializers = {
  zeros: constant(0),
  ones: constant(1),
  constant: constant(0),
  randomUniform,
  randomNormal: normalOf(normal),
  truncatedNormal: normalOf(truncatedNormal),
  glorotUniform: scaled({ scale: 1, mode: 'fan_avg', distribution: 'uniform' }),
  glorotNormal: scaled({ scale: 1, mode: 'fan_avg', distribution: 'normal' }),
  heUniform: scaled({ scale: 2, mode: 'fan_in', distribution: 'uniform' }),
  heNormal: scaled({ scale: 2, mode: 'fan_in', distribution: 'normal' }),
  lecunUniform: scaled({ scale: 1, mode: 'fan_in', distribution: 'uniform' }),
  lecunNormal: scaled({ scale: 1, mode: 'fan_in', distribution: 'normal' }),
  varianceScaling,
  orthogonal: ((values, { shape, random, config }) => {
    orthogonal(values, { shape, random, gain: numberOf(config, 'gain', 1) })
  }) as Fill
} satisfies Record<string, Fill>
