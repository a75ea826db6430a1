/** Powers that have the same bits on every host. */

/** base^exponent by multiplications alone; the exponent is a whole number. */
export function power(base: number, exponent: number): number {
  let [result, square] = [1, base]
  for (let rest = exponent; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result *= square
    square *= square
  }
  return result
}
