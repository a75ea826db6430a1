/** fp32 vectors as little-endian bytes, without copies where the platform and the alignment allow. */

const BYTES = Float32Array.BYTES_PER_ELEMENT
const littleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1

/** The bytes of a vector: a view of it on little-endian platforms. */
export function floatsToBytes(values: Float32Array): Uint8Array {
  if (littleEndian) return new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
  const bytes = new Uint8Array(values.byteLength)
  const view = new DataView(bytes.buffer)
  values.forEach((value, i) => view.setFloat32(i * BYTES, value, true))
  return bytes
}

/**
 * The vector that bytes hold: a view of them if they are aligned, a copy otherwise (bytes that arrive behind a header
 * usually are not).
 *
 * @throws {RangeError} the length is not a multiple of 4
 */
export function floatsFromBytes(bytes: Uint8Array): Float32Array {
  if (bytes.byteLength % BYTES !== 0)
    throw new RangeError(`${bytes.byteLength} bytes are no whole number of floats`)
  if (littleEndian && bytes.byteOffset % BYTES === 0) {
    return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / BYTES)
  }
  const values = new Float32Array(bytes.byteLength / BYTES)
  if (littleEndian) new Uint8Array(values.buffer).set(bytes)
  else copyBigEndian(bytes, values)
  return values
}

function copyBigEndian(bytes: Uint8Array, values: Float32Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let i = 0; i < values.length; i++) values[i] = view.getFloat32(i * BYTES, true)
}
