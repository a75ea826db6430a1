/** The sum of squares of a vector that comes in stretches, the same bits however it is cut. */

const LANES = 4

/**
 * In float64: value i goes to lane i mod 4, the lanes are added in pairs at the end. One sum alone would wait for each
 * addition before the next, which takes several times as long.
 */
export class SumOfSquares {
  readonly #lanes = new Float64Array(LANES)
  /** The lane of the next value. */
  #next = 0

  add(values: Float32Array): void {
    const first = Math.min(values.length, (LANES - this.#next) % LANES)
    const last = first + LANES * Math.floor((values.length - first) / LANES)
    this.#addEach(values.subarray(0, first))
    addFours(values.subarray(first, last), this.#lanes)
    this.#addEach(values.subarray(last))
  }

  get total(): number {
    const [a, b, c, d] = this.#lanes
    return a + b + (c + d)
  }

  #addEach(values: Float32Array): void {
    for (const value of values) {
      this.#lanes[this.#next] += value * value
      this.#next = (this.#next + 1) % LANES
    }
  }
}

/** From lane 0 on, a multiple of four values; the sums stay in registers. */
function addFours(values: Float32Array, lanes: Float64Array): void {
  let a = lanes[0]
  let b = lanes[1]
  let c = lanes[2]
  let d = lanes[3]
  for (let i = 0; i < values.length; i += LANES) {
    a += values[i] * values[i]
    b += values[i + 1] * values[i + 1]
    c += values[i + 2] * values[i + 2]
    d += values[i + 3] * values[i + 3]
  }
  lanes[0] = a
  lanes[1] = b
  lanes[2] = c
  lanes[3] = d
}
