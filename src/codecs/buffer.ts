/** Memory that a decoder uses again from one call to the next, as the contract of `VectorReader` allows. */

/** Gives a vector of at least `count` values, the same one as long as it is large enough. */
export type FloatBuffer = (count: number) => Float32Array

export function floatBuffer(): FloatBuffer {
  let values = new Float32Array(0)
  return (count) => {
    if (values.length < count) values = new Float32Array(count)
    return values
  }
}
