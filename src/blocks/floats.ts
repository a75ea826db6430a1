/** Flat float32 vectors (weights, deltas) as DAGs: little endian on the wire and on disk, whatever the host. */
import { DagSizeError } from './errors.ts'
import { readInto } from './read.ts'
import { readRoot } from './root.ts'
import { writeDag } from './write.ts'
import type { BlockSink, BlockSource } from './store.ts'
import type { DagInfo, WriteOptions } from './write.ts'
import type { AbortOptions } from '@libp2p/interface'
import type { CID } from 'multiformats/cid'

const FLOAT_BYTES = Float32Array.BYTES_PER_ELEMENT
const HOST_IS_LITTLE_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1

/** The vector's bytes, little endian: a view of the same memory wherever the host is little endian. */
export function floatsToBytes(floats: Float32Array): Uint8Array {
  return HOST_IS_LITTLE_ENDIAN ? bytesOf(floats) : swapWords(bytesOf(floats).slice())
}

/**
 * Little-endian bytes (at any offset, of any buffer) as a fresh vector. `new Float32Array(bytes.buffer, …)` would read
 * other memory, or throw where the offset is no multiple of 4.
 *
 * @throws {DagSizeError} the length is no multiple of 4
 */
export function bytesToFloats(bytes: Uint8Array): Float32Array {
  if (bytes.byteLength % FLOAT_BYTES !== 0) {
    throw new DagSizeError('A float32 vector', bytes.byteLength, 'a multiple of 4')
  }
  const floats = new Float32Array(bytes.byteLength / FLOAT_BYTES)
  bytesOf(floats).set(bytes)
  return finish(floats)
}

/** Store a vector; its blocks are views of it, so it must not change while the store keeps them. */
export async function writeFloats(
  store: BlockSink,
  floats: Float32Array,
  options?: WriteOptions
): Promise<DagInfo> {
  return writeDag(store, floatsToBytes(floats), options)
}

/**
 * Read a vector of exactly `count` values, block by block into its final place.
 *
 * @throws {DagSizeError} the payload is not `4 × count` bytes
 * @throws {BlockMissingError} a block is not in the store
 */
export async function readFloats(
  store: BlockSource,
  root: CID,
  count: number,
  options: AbortOptions = {}
): Promise<Float32Array> {
  const dag = await readRoot(store, root, options)
  if (dag.size !== count * FLOAT_BYTES) {
    throw new DagSizeError(`Vector ${root}`, dag.size, `${count * FLOAT_BYTES} (${count} float32 values)`)
  }
  const floats = new Float32Array(count)
  await readInto(bytesOf(floats), { store, dag, ...options })
  return finish(floats)
}

/** The vector's own memory, in the host's byte order. */
function bytesOf(floats: Float32Array): Uint8Array {
  return new Uint8Array(floats.buffer, floats.byteOffset, floats.byteLength)
}

/** On a big-endian host the bytes just written need turning round. */
function finish(floats: Float32Array): Float32Array {
  if (!HOST_IS_LITTLE_ENDIAN) swapWords(bytesOf(floats))
  return floats
}

/** Reverse the bytes of each 32-bit word in place. */
export function swapWords(bytes: Uint8Array): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let at = 0; at < bytes.byteLength; at += FLOAT_BYTES) view.setUint32(at, view.getUint32(at, true))
  return bytes
}
