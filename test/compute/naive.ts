/** Layers as they are written down, in float64, value by value; and gradients by differences, which know no derivative. */

/** Values and their shape. */
export interface Naive {
  shape: number[]
  values: Float64Array
}

/** A layer: its inputs and weights → all outputs. */
export type NaiveLayer = (...operands: Naive[]) => Float64Array

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x))

/** before + Σ by[i] · matrix[i, column] */
function added(before: number, by: Float64Array, { shape, values }: Naive, column: number): number {
  return by.reduce((sum, value, i) => sum + value * values[i * shape[1] + column], before)
}

/** One example's moments by LSTM or GRU: x [batch, steps, features], … → [batch, steps, units]. */
export function naiveRecurrent(step: typeof lstmStep): NaiveLayer {
  return (x, kernel, recurrent, bias) => {
    const [batch, steps, features] = x.shape
    const units = recurrent.shape[0]
    const outputs = new Float64Array(batch * steps * units)
    for (let b = 0; b < batch; b++) {
      let state: State = { h: new Float64Array(units), c: new Float64Array(units) }
      for (let t = 0; t < steps; t++) {
        const at = (b * steps + t) * features
        const now = x.values.subarray(at, at + features)
        const before = (column: number): number => added(bias.values[column], now, kernel, column)
        state = step(state, before, recurrent)
        outputs.set(state.h, (b * steps + t) * units)
      }
    }
    return outputs
  }
}

interface State {
  h: Float64Array
  c: Float64Array
}

/** Hochreiter & Schmidhuber 1997, with forget gates; columns: input, forget, cell, output. */
export function lstmStep({ h, c }: State, before: (column: number) => number, recurrent: Naive): State {
  const units = h.length
  const z = (gate: number, j: number): number =>
    added(before(gate * units + j), h, recurrent, gate * units + j)
  const cells = c.map((cell, j) => sigmoid(z(1, j)) * cell + sigmoid(z(0, j)) * Math.tanh(z(2, j)))
  return { h: cells.map((cell, j) => sigmoid(z(3, j)) * Math.tanh(cell)), c: cells }
}

/** Cho et al. 2014; columns: update, reset, candidate. */
export function gruStep({ h, c }: State, before: (column: number) => number, recurrent: Naive): State {
  const units = h.length
  const gate = (which: number): Float64Array =>
    h.map((_, j) => sigmoid(added(before(which * units + j), h, recurrent, which * units + j)))
  const [update, reset] = [gate(0), gate(1)]
  const through = h.map((value, j) => reset[j] * value)
  const candidate = h.map((_, j) =>
    Math.tanh(added(before(2 * units + j), through, recurrent, 2 * units + j))
  )
  return { h: h.map((value, j) => update[j] * value + (1 - update[j]) * candidate[j]), c }
}

/** Each row x of [..., n] to (x − mean) / √(variance + epsilon) · gamma + beta. */
export function naiveLayerNorm(epsilon: number): NaiveLayer {
  return (x, gamma, beta) =>
    eachRow(x, (row) => {
      const mean = row.reduce((sum, value) => sum + value, 0) / row.length
      const variance = row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / row.length
      return row.map(
        (value, j) => ((value - mean) / Math.sqrt(variance + epsilon)) * gamma.values[j] + beta.values[j]
      )
    })
}

/** Each row x of [..., n] to e^x / Σ e^x. */
export const naiveSoftmax: NaiveLayer = (x) => eachRow(x, softmaxRow)

function softmaxRow(row: Float64Array): Float64Array {
  const most = Math.max(...row)
  const exponentials = row.map((value) => Math.exp(value - most))
  const total = exponentials.reduce((sum, value) => sum + value, 0)
  return exponentials.map((value) => value / total)
}

function eachRow({ shape, values }: Naive, change: (row: Float64Array) => Float64Array): Float64Array {
  const n = shape[shape.length - 1]
  const out = new Float64Array(values.length)
  for (let at = 0; at < values.length; at += n) out.set(change(values.subarray(at, at + n)), at)
  return out
}

/** The mean over rows of −log softmax(x)[target]: one value. */
export function naiveCrossEntropy(targets: Float32Array): NaiveLayer {
  return (x) => {
    const n = x.shape[1]
    const losses = Array.from(targets, (target, i) => {
      const row = x.values.subarray(i * n, (i + 1) * n)
      const most = Math.max(...row)
      return Math.log(row.reduce((sum, value) => sum + Math.exp(value - most), 0)) + most - row[target]
    })
    return Float64Array.of(losses.reduce((sum, loss) => sum + loss, 0) / targets.length)
  }
}

const STEP = 1e-4

/** The gradients of Σ weights · layer(…) by each operand: central differences. */
export function differences(layer: NaiveLayer, operands: Naive[], weights: Float32Array): Float32Array[] {
  const total = (): number => layer(...operands).reduce((sum, value, i) => sum + value * weights[i], 0)
  return operands.map(({ values }) =>
    Float32Array.from(values, (value, i) => {
      const [above, below] = [1, -1].map((side) => {
        values[i] = value + side * STEP
        return total()
      })
      values[i] = value
      return (above - below) / (2 * STEP)
    })
  )
}

type Shape4 = readonly [number, number, number, number]

/** A convolution of stride 1: x [batch, h, w, in], filter [kh, kw, in, out], zeros before the first row and column. */
export interface NaiveConvolution {
  x: Shape4
  filter: Shape4
  /** [batch, oh, ow, out] */
  y: Shape4
  padding: [top: number, left: number]
}

/** Call `visit` with the places of each product's operands and of the output that it is a part of. */
function eachProduct(conv: NaiveConvolution, visit: (x: number, filter: number, y: number) => void): void {
  const { x, filter, padding } = conv
  const [batch, oh, ow, out] = conv.y
  for (let at = 0; at < batch * oh * ow; at++) {
    const [image, oy, ox] = [Math.floor(at / (oh * ow)), Math.floor(at / ow) % oh, at % ow]
    for (let tap = 0; tap < filter[0] * filter[1]; tap++) {
      const [iy, ix] = [oy + Math.floor(tap / filter[1]) - padding[0], ox + (tap % filter[1]) - padding[1]]
      if (iy < 0 || iy >= x[1] || ix < 0 || ix >= x[2]) continue
      const pixel = ((image * x[1] + iy) * x[2] + ix) * x[3]
      for (let c = 0; c < x[3]; c++) {
        for (let o = 0; o < out; o++) visit(pixel + c, (tap * x[3] + c) * out + o, at * out + o)
      }
    }
  }
}

/** What goes through a convolution: inputs, filter, and the slopes dy of its outputs. */
export interface ConvolutionValues {
  x: ArrayLike<number>
  filter: ArrayLike<number>
  dy: ArrayLike<number>
}

/** The outputs, and the gradients by input and filter of their sum weighted by dy. */
export function naiveConvolution(
  conv: NaiveConvolution,
  { x, filter, dy }: ConvolutionValues
): Float64Array[] {
  const sums = [conv.y, conv.x, conv.filter].map((shape) => new Float64Array(shape.reduce((a, b) => a * b)))
  const [y, dx, dFilter] = sums
  eachProduct(conv, (i, j, k) => {
    y[k] += x[i] * filter[j]
    dx[i] += dy[k] * filter[j]
    dFilter[j] += x[i] * dy[k]
  })
  return sums
}
