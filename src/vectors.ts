/** fp32 vectors as little-endian bytes, without copies where the platform and the alignment allow. */

const BYTES = Float32Array.BYTES_PER_ELEMENT
const littleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1

/** The values of a vector from one index on, up to another that is no more among them. */
export interface VectorPart {
  from: number
  to: number
}

/** The bytes of a vector: a view of it on little-endian platforms. */
export function floatsToBytes(values: Float32Array): Uint8Array {
  return littleEndian ? memoryOf(values) : swapWords(memoryOf(values).slice())
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
  memoryOf(values).set(bytes)
  return fromLittleEndian(values)
}

/** The vector's own memory, in the host's byte order. */
export function memoryOf(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
}

/** The same vector, whose memory was filled with little-endian bytes: on a big-endian host they are turned round. */
export function fromLittleEndian(values: Float32Array): Float32Array {
  if (!littleEndian) swapWords(memoryOf(values))
  return values
}

/** Reverse the bytes of each 32-bit word in place. */
export function swapWords(bytes: Uint8Array): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let at = 0; at < bytes.byteLength; at += BYTES) view.setUint32(at, view.getUint32(at, true))
  return bytes
}

/** All of a vector that is read piece by piece. */
export async function readWhole(
  read: (start: number, count: number) => Promise<Float32Array>,
  { length, stretch }: { length: number; stretch: number }
): Promise<Float32Array> {
  const whole = new Float32Array(length)
  await readInto(whole, read, stretch)
  return whole
}

/** The same, to where it belongs: as much as there is room for. */
export async function readInto(
  values: Float32Array,
  read: (start: number, count: number) => Promise<Float32Array>,
  stretch: number
): Promise<void> {
  for (let start = 0; start < values.length; start += stretch) {
    values.set(await read(start, Math.min(stretch, values.length - start)), start)
  }
}
