/** Typed arrays that grow: one number costs its own bytes and not a boxed value. */

type Numbers = Float64Array | Float32Array | Uint32Array | Uint8Array

/** A growing list of numbers; `take()` gives what was pushed, as a typed array. */
export interface NumberList<T extends Numbers> {
  readonly length: number
  push(value: number): void
  /** Append many. */
  append(values: ArrayLike<number>): void
  take(): T
}

/** @param create - makes the storage, e.g. `(n) => new Float64Array(n)` */
export function numberList<T extends Numbers>(create: (length: number) => T): NumberList<T> {
  let items = create(1024)
  let length = 0
  const reserve = (needed: number): void => {
    if (needed <= items.length) return
    const grown = create(Math.max(needed, items.length * 2))
    grown.set(items)
    items = grown
  }
  return {
    get length() {
      return length
    },
    push: (value) => {
      reserve(length + 1)
      items[length++] = value
    },
    append: (values) => {
      reserve(length + values.length)
      items.set(values, length)
      length += values.length
    },
    take: () => items.slice(0, length) as T
  }
}
