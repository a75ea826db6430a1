/**
 * Squared distances between deltas, and to the origin: all that rules which look at whole vectors know of them. Lengths
 * are distances to the origin; any mixture of deltas has distances that follow from these.
 */

/** Pairs of one vector whose sums grow in one pass: independent additions hide each other's latency. */
const LANES = 4

/** Points 0 to `count` − 1 are the deltas, point `count` is the origin. */
export class Distances {
  readonly count: number
  readonly #squared: Float64Array

  constructor(count: number) {
    this.count = count
    this.#squared = new Float64Array((count + 1) ** 2)
  }

  /** ‖xᵢ − xⱼ‖² */
  squared(i: number, j: number): number {
    return this.#squared[i * (this.count + 1) + j]
  }

  set(i: number, j: number, squared: number): void {
    this.#squared[i * (this.count + 1) + j] = squared
    this.#squared[j * (this.count + 1) + i] = squared
  }

  /** ‖xᵢ‖ */
  norm(i: number): number {
    return Math.sqrt(this.squared(i, this.count))
  }

  /**
   * Add what the next stretch of every delta has to the sums: float64, coordinate after coordinate, so that the stretches'
   * length does not matter.
   */
  add(stretches: readonly Float32Array[]): void {
    const zeros = new Float32Array(stretches[0]?.length ?? 0)
    const points = [...stretches, zeros]
    for (let i = 0; i < this.count; i++) {
      for (let j = i + 1; j <= this.count; j += LANES) this.#addLanes(i, j, points)
    }
  }

  #addLanes(i: number, from: number, points: readonly Float32Array[]): void {
    const at = (lane: number): number => Math.min(from + lane, this.count)
    const x = points[i]
    const [a, b, c, d] = [points[at(0)], points[at(1)], points[at(2)], points[at(3)]]
    let [sa, sb, sc, sd] = [0, 1, 2, 3].map((lane) => this.squared(i, at(lane)))
    for (let k = 0; k < x.length; k++) {
      const value = x[k]
      sa += (value - a[k]) * (value - a[k])
      sb += (value - b[k]) * (value - b[k])
      sc += (value - c[k]) * (value - c[k])
      sd += (value - d[k]) * (value - d[k])
    }
    // Lanes beyond the last point repeat it: the same sum, written again.
    ;[sa, sb, sc, sd].forEach((sum, lane) => this.set(i, at(lane), sum))
  }
}

/**
 * ‖xᵢ − Σ shares[j] · xⱼ‖²; what the shares lack to 1 is the origin's. Of an affine combination of points this is
 * Σ cⱼ Dᵢⱼ − ½ Σ cⱼ cₖ Dⱼₖ.
 */
export function squaredToMixture(distances: Distances, shares: readonly number[]): (i: number) => number {
  const { count } = distances
  const all = [...shares, 1 - shares.reduce((sum, share) => sum + share, 0)]
  const reach = (i: number): number => {
    let sum = 0
    for (let j = 0; j <= count; j++) if (all[j] !== 0) sum += all[j] * distances.squared(i, j)
    return sum
  }
  let spread = 0
  for (let j = 0; j <= count; j++) if (all[j] !== 0) spread += all[j] * reach(j)
  return (i) => Math.max(0, reach(i) - spread / 2)
}

/**
 * The distances between mixtures of deltas.
 *
 * @param rows - the coefficients of each
 */
export function distancesAfter(distances: Distances, rows: readonly (readonly number[])[]): Distances {
  const after = new Distances(rows.length)
  const products = innerProducts(distances, rows)
  for (let a = 0; a <= rows.length; a++) {
    for (let b = a + 1; b <= rows.length; b++) {
      after.set(a, b, Math.max(0, products[a][a] + products[b][b] - 2 * products[a][b]))
    }
  }
  return after
}

/** Of all mixtures and the origin (last), each less a point in the midst of most of the deltas: far ones then cancel nothing. */
function innerProducts(distances: Distances, rows: readonly (readonly number[])[]): number[][] {
  const { count } = distances
  const base = middle(distances)
  const gram = (i: number, j: number): number =>
    (distances.squared(i, base) + distances.squared(j, base) - distances.squared(i, j)) / 2
  const origin = rows.map(() => 0)
  const affine = [...rows, origin.slice(0, count)].map((row) => {
    const full = Array.from({ length: count }, (_, i) => row[i] ?? 0)
    return [...full, 1 - full.reduce((sum, share) => sum + share, 0)]
  })
  const images = affine.map((row) => Array.from({ length: count + 1 }, (_, i) => dot(row, (j) => gram(i, j))))
  return affine.map((row) => images.map((image) => dot(row, (i) => image[i])))
}

function dot(row: readonly number[], value: (i: number) => number): number {
  let sum = 0
  for (let i = 0; i < row.length; i++) if (row[i] !== 0) sum += row[i] * value(i)
  return sum
}

/** The delta whose median distance to the others is the least. */
function middle(distances: Distances): number {
  const { count } = distances
  let [best, least] = [0, Infinity]
  for (let i = 0; i < count; i++) {
    const others = Float64Array.from({ length: count }, (_, j) => distances.squared(i, j)).sort()
    const median = others[count >> 1]
    if (median < least) [best, least] = [i, median]
  }
  return best
}

/** The `count` points of `among` that are nearest to point `i`, itself first if it is one of them; equal ones by index. */
export function nearest(distances: Distances, i: number, { among, count }: Nearest): number[] {
  const rank = (j: number): number => (j === i ? -1 : distances.squared(i, j))
  return [...among].sort((a, b) => rank(a) - rank(b) || a - b).slice(0, count)
}

export interface Nearest {
  among: readonly number[]
  count: number
}
