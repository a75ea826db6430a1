/** Coordinate after coordinate: what all deltas have there, in ascending order. */

/** Up to so many values an insertion sort is faster than the host's. */
const SHORT = 32

/** out[i] = reduce(what all deltas have at i, ascending). The column is used again for the next coordinate. */
export function eachColumn(
  deltas: readonly Float32Array[],
  out: Float32Array,
  reduce: (column: Float64Array) => number
): void {
  const column = new Float64Array(deltas.length)
  for (let i = 0; i < out.length; i++) {
    // −0 becomes 0: sorting does not say which of both comes first.
    for (let k = 0; k < deltas.length; k++) column[k] = deltas[k][i] + 0
    sort(column)
    out[i] = reduce(column)
  }
}

/** Of ascending values the middle one, or the mean of the two in the middle. */
export function medianOf(ascending: Float64Array): number {
  const half = ascending.length >> 1
  return ascending.length % 2 === 1 ? ascending[half] : (ascending[half - 1] + ascending[half]) / 2
}

/** The mean of the values `from` to `to` (not included). */
export function meanOf(values: Float64Array, from: number, to: number): number {
  let sum = 0
  for (let k = from; k < to; k++) sum += values[k]
  return sum / (to - from)
}

/** The mean of the `count` of ascending values that are closest to their median; of two equally far the lesser stays. */
export function meanAroundMedian(ascending: Float64Array, count: number): number {
  const median = medianOf(ascending)
  let [from, to] = [0, ascending.length]
  while (to - from > count) {
    if (median - ascending[from] > ascending[to - 1] - median) from++
    else to--
  }
  return meanOf(ascending, from, to)
}

function sort(column: Float64Array): void {
  if (column.length > SHORT) return void column.sort()
  for (let k = 1; k < column.length; k++) {
    const value = column[k]
    let at = k
    for (; at > 0 && column[at - 1] > value; at--) column[at] = column[at - 1]
    column[at] = value
  }
}
