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
