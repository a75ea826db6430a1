/** PNG and JPEG files → the manifest's pixels. */
import { readFile } from 'node:fs/promises'
import { decode as decodeJpeg } from 'jpeg-js'
import { PNG } from 'pngjs'
import { DataError } from '../../../src/data/errors.ts'
import { resize, writeChannels } from '../../../src/data/image/pixels.ts'
import type { Picture } from '../../../src/data/image/pixels.ts'
import type { ImageInput } from '../../../src/federation/manifest/schema.ts'

/** Larger pictures are refused before they are unpacked: a small file can hold a huge one. */
const MAX_MEGAPIXELS = 64
const MAX_JPEG_MEMORY_MB = 1024
const PNG_SIGNATURE = [0x89, 0x50, 0x4e, 0x47]
const JPEG_SIGNATURE = [0xff, 0xd8, 0xff]

export interface PictureOptions {
  input: ImageInput
  /** Bring pictures of another size to the input's. */
  resize: boolean
}

/**
 * Read one picture.
 *
 * @param out - height × width × channels of the input
 * @throws {DataError} cannot be read, is neither PNG nor JPEG, is damaged, has another size
 */
export async function readPicture(file: string, options: PictureOptions, out: Uint8Array): Promise<void> {
  const { input } = options
  const picture = decode(await readBytes(file), file)
  const fits = picture.width === input.width && picture.height === input.height
  if (!fits && !options.resize) throw wrongSize(file, picture, input)
  writeChannels(fits ? picture : resize(picture, input), input.channels, out)
}

async function readBytes(file: string): Promise<Uint8Array> {
  try {
    return await readFile(file)
  } catch (cause) {
    throw new DataError({ file, expected: 'a picture to read', found: describe(cause) }, { cause })
  }
}

function decode(bytes: Uint8Array, file: string): Picture {
  const format = formatOf(bytes, file)
  try {
    return format === 'PNG' ? decodePng(bytes) : decodeJpg(bytes)
  } catch (cause) {
    throw new DataError({ file, expected: `a whole ${format} picture`, found: describe(cause) }, { cause })
  }
}

function formatOf(bytes: Uint8Array, file: string): 'PNG' | 'JPEG' {
  if (PNG_SIGNATURE.every((byte, i) => bytes[i] === byte)) return 'PNG'
  if (JPEG_SIGNATURE.every((byte, i) => bytes[i] === byte)) return 'JPEG'
  const found = Array.from(bytes.subarray(0, 4), (byte) => byte.toString(16).padStart(2, '0')).join(' ')
  throw new DataError({ file, byteOffset: 0, expected: 'a PNG or JPEG picture', found: found || 'no bytes' })
}

function decodePng(bytes: Uint8Array): Picture {
  const header = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const [width, height] = [header.getUint32(16), header.getUint32(20)]
  if (width * height > MAX_MEGAPIXELS * 1e6) throw new Error(`${width} × ${height} pixels, too many`)
  const { data } = PNG.sync.read(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
  return { width, height, rgba: data }
}

function decodeJpg(bytes: Uint8Array): Picture {
  const { width, height, data } = decodeJpeg(bytes, {
    useTArray: true,
    formatAsRGBA: true,
    tolerantDecoding: false,
    maxResolutionInMP: MAX_MEGAPIXELS,
    maxMemoryUsageInMB: MAX_JPEG_MEMORY_MB
  })
  return { width, height, rgba: data }
}

function wrongSize(file: string, { width, height }: Picture, input: ImageInput): DataError {
  return new DataError({
    file,
    expected: `${input.height} × ${input.width} pixels (height × width), as the manifest says`,
    found: `${height} × ${width}`,
    hint: 'Resize the pictures, or have it done (--resize; as a library: the option resize)'
  })
}

function describe(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
