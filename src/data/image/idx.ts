/**
 * IDX, the format of the MNIST family: two zero bytes, a type byte (8: unsigned bytes), the number of dimensions, each
 * dimension as a big-endian uint32, then the values, row-major.
 *
 * Spec: http://yann.lecun.com/exdb/mnist/ (archived), "the IDX file format"
 */
import { joinBytes, readSpans } from '../bytes.ts'
import { DataError, listSome } from '../errors.ts'
import { targetReader } from '../targets.ts'
import { fetchedImages, imageBytes, memoryImages } from './images.ts'
import type { ByteChunks, ByteReader } from '../bytes.ts'
import type { LabelledDataset } from '../targets.ts'
import type { ImageInput, TaskSpec } from '../../federation/manifest/schema.ts'

/** A task whose input is images. */
export type ImageTask = TaskSpec & { input: ImageInput }

/** What an IDX file's first bytes say. */
export interface IdxHeader {
  dimensions: number[]
  /** Where the values begin. */
  headerBytes: number
  /** Product of the dimensions. */
  valueBytes: number
}

/** A whole IDX file. */
export interface IdxArray extends IdxHeader {
  file: string
  values: Uint8Array
}

export interface IdxOptions {
  /** For messages. */
  file: string
  /** A header that claims more is refused before memory is taken. */
  maxBytes: number
}

const MAX_DIMENSIONS = 4
const UNSIGNED_BYTES = 8

/**
 * Read a whole IDX file.
 *
 * @throws {DataError} wrong magic, too large, cut short, or longer than its header says
 */
export async function readIdx(chunks: ByteChunks, options: IdxOptions): Promise<IdxArray> {
  const { file } = options
  let head: Uint8Array = new Uint8Array(0)
  let header: IdxHeader | undefined
  let values = new Uint8Array(0)
  let filled = 0
  const fill = (bytes: Uint8Array, { valueBytes, headerBytes }: IdxHeader): void => {
    if (filled + bytes.length > valueBytes) throw tooLong(file, headerBytes + valueBytes)
    values.set(bytes, filled)
    filled += bytes.length
  }
  for await (const chunk of chunks) {
    if (header != null) {
      fill(chunk, header)
      continue
    }
    const before = head.length
    head = joinBytes([head, chunk.subarray(0, 4 + 4 * MAX_DIMENSIONS - before)])
    header = parseIdxHeader(head, file)
    if (header == null) continue
    checkSize(header, options)
    values = new Uint8Array(header.valueBytes)
    fill(chunk.subarray(header.headerBytes - before), header)
  }
  if (header == null)
    throw cutShort(file, { found: head.length, wanted: head.length < 4 ? 4 : 4 + 4 * head[3] })
  const wanted = header.headerBytes + header.valueBytes
  if (filled < header.valueBytes) throw cutShort(file, { found: header.headerBytes + filled, wanted })
  return { ...header, file, values }
}

/**
 * The header in a file's first bytes; undefined when more of them are needed.
 *
 * @throws {DataError} not an IDX file of unsigned bytes
 */
export function parseIdxHeader(bytes: Uint8Array, file: string): IdxHeader | undefined {
  if (bytes.length < 4) return undefined
  checkMagic(bytes, file)
  const headerBytes = 4 + 4 * bytes[3]
  if (bytes.length < headerBytes) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const dimensions = Array.from({ length: bytes[3] }, (_, i) => view.getUint32(4 + 4 * i))
  return { dimensions, headerBytes, valueBytes: dimensions.reduce((product, n) => product * n, 1) }
}

/** Images and labels as a data set. Throws {@link DataError} where they are not what the manifest says. */
export function idxImages(images: IdxArray, labels: IdxArray, task: ImageTask): LabelledDataset {
  checkImages(images, task.input)
  return memoryImages(task.input, images.values, idxTargets(images, labels, task))
}

/** Images to predict, which have no labels: their targets are NaN. Throws {@link DataError} as {@link idxImages}. */
export function idxUnlabelledImages(images: IdxArray, task: ImageTask): LabelledDataset {
  checkImages(images, task.input)
  return memoryImages(task.input, images.values, new Float32Array(images.dimensions[0]).fill(NaN))
}

/** Images that stay on disk in an unpacked IDX file, and labels in memory, as a data set. */
export function idxImagesOnDisk(
  images: IdxHeader & { file: string; reader: ByteReader },
  labels: IdxArray,
  task: ImageTask
): LabelledDataset {
  checkImages(images, task.input)
  const length = imageBytes(task.input)
  return fetchedImages(task.input, idxTargets(images, labels, task), async (indices, pixels) => {
    const spans = Array.from(indices, (i) => ({ offset: images.headerBytes + i * length, length }))
    const parts = await readSpans(images.reader, spans)
    parts.forEach((part, i) => {
      const found = spans[i].offset + part.length
      if (part.length < length) throw cutShort(images.file, { found, wanted: spans[i].offset + length })
      pixels.set(part, i * length)
    })
  })
}

type IdxFile = IdxHeader & { file: string }

function idxTargets(images: IdxFile, labels: IdxArray, task: ImageTask): Float32Array {
  const { file, dimensions, headerBytes } = labels
  if (dimensions.length !== 1) throw wrongShape(labels, 'labels: one dimension')
  if (dimensions[0] !== images.dimensions[0]) {
    const expected = `${images.dimensions[0]} labels, as many as images in ${images.file}`
    throw new DataError({ file, byteOffset: 4, expected, found: `${dimensions[0]}` })
  }
  // Class numbers index the manifest's labels, whatever these are called.
  const read = targetReader({ ...task, labels: task.labels.map((_, i) => String(i)) })
  return Float32Array.from(labels.values, (value, i) =>
    read(String(value), { file, byteOffset: headerBytes + i })
  )
}

function checkImages(images: IdxFile, { height, width, channels }: ImageInput): void {
  const wanted = channels === 1 ? [height, width] : [height, width, channels]
  const found = images.dimensions.slice(1)
  if (channels === 1 && found.length === 3 && found[2] === 1) found.pop()
  if (found.join() === wanted.join()) return
  throw wrongShape(images, `images of ${wanted.join(' × ')}, as the manifest says`)
}

function wrongShape({ file, dimensions }: IdxFile, expected: string): DataError {
  return new DataError({ file, byteOffset: 4, expected, found: `dimensions ${dimensions.join(' × ')}` })
}

function checkMagic(bytes: Uint8Array, file: string): void {
  const dimensions = bytes[3]
  const valid = bytes[0] === 0 && bytes[1] === 0 && bytes[2] === UNSIGNED_BYTES
  if (valid && dimensions >= 1 && dimensions <= MAX_DIMENSIONS) return
  const found = Array.from(bytes.subarray(0, 4), (byte) => byte.toString(16).padStart(2, '0'))
  throw new DataError({
    file,
    byteOffset: 0,
    expected: 'an IDX file of unsigned bytes (00 00 08 01 … 04)',
    found: listSome(found).replaceAll(',', '')
  })
}

function checkSize({ headerBytes, valueBytes }: IdxHeader, { file, maxBytes }: IdxOptions): void {
  if (valueBytes <= maxBytes) return
  throw new DataError({
    file,
    byteOffset: 4,
    expected: `at most ${maxBytes} bytes to hold in memory`,
    found: `a header that announces ${headerBytes + valueBytes}`,
    hint: 'Unpack it (gunzip): an unpacked file is read from disk as needed'
  })
}

function tooLong(file: string, wanted: number): DataError {
  return new DataError({
    file,
    byteOffset: wanted,
    expected: `the end of the file after ${wanted} bytes, as its header says`,
    found: 'more bytes'
  })
}

function cutShort(file: string, { found, wanted }: { found: number; wanted: number }): DataError {
  return new DataError({
    file,
    byteOffset: found,
    expected: `${wanted} bytes`,
    found: `the end of the file after ${found}`,
    hint: 'Was the download interrupted?'
  })
}
