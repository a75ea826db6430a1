/**
 * How deltas lie to one of them: lengths, and inner products with it. Inner products are summed themselves: by distances a
 * delta could be made so long or so short that rounding decides which way it points.
 */

export class Alignment {
  readonly count: number
  /** Which of the deltas. */
  readonly root: number
  readonly #products: Float64Array
  readonly #squares: Float64Array

  constructor(count: number, root: number) {
    this.count = count
    this.root = root
    this.#products = new Float64Array(count)
    this.#squares = new Float64Array(count)
  }

  /** ‖xᵢ‖ */
  norm(i: number): number {
    return Math.sqrt(this.#squares[i])
  }

  /** ⟨xᵢ, x₀⟩ / (‖xᵢ‖ ‖x₀‖), up to rounding from −1 to 1, exactly 1 of what equals the root's; 0 where one of them is zero. */
  cosine(i: number): number {
    const lengths = Math.sqrt(this.#squares[i] * this.#squares[this.root])
    return lengths === 0 ? 0 : this.#products[i] / lengths
  }

  /** Add what the next stretch of every delta has to the sums: float64, coordinate after coordinate, however it is cut. */
  add(stretches: readonly Float32Array[]): void {
    const root = stretches[this.root]
    stretches.forEach((stretch, i) => {
      let product = this.#products[i]
      let square = this.#squares[i]
      for (let k = 0; k < stretch.length; k++) {
        product += stretch[k] * root[k]
        square += stretch[k] * stretch[k]
      }
      this.#products[i] = product
      this.#squares[i] = square
    })
  }
}
