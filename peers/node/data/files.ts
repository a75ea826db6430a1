/** Files as the loaders of src/data take them: streams of unpacked bytes, and random access. */
import { createReadStream } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { pipeline } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { DataError } from '../../../src/data/errors.ts'
import type { ByteChunks, ByteReader, Span } from '../../../src/data/bytes.ts'
import type { Readable } from 'node:stream'

/** A file that exists. */
export interface DataFile {
  path: string
  /** On disk, packed or not. */
  sizeBytes: number
  /** Packed with gzip: it can only be read from the start. */
  packed: boolean
}

const GZIP_MAGIC = [0x1f, 0x8b]
const CHUNK_BYTES = 256 * 1024

/** Look at a file. Throws {@link DataError} when there is none, or it cannot be read. */
export async function inspectFile(path: string): Promise<DataFile> {
  try {
    const { size } = await stat(path)
    const [magic] = await fileReader(path).read([{ offset: 0, length: 2 }])
    return { path, sizeBytes: size, packed: GZIP_MAGIC.every((byte, i) => magic[i] === byte) }
  } catch (cause) {
    throw unreadable(path, cause)
  }
}

/** Whether a path is a directory. Throws {@link DataError} when there is nothing. */
export async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory()
  } catch (cause) {
    throw unreadable(path, cause)
  }
}

/**
 * A file's bytes, unpacked if need be.
 *
 * @throws {DataError} while iterating: cannot be read, or is not whole
 */
export async function* fileChunks({ path, packed }: DataFile): ByteChunks {
  const source = createReadStream(path, { highWaterMark: CHUNK_BYTES })
  try {
    yield* (packed ? unpack(source) : source) as AsyncIterable<Uint8Array>
  } catch (cause) {
    if (cause instanceof DataError || !isSystemError(cause)) throw cause
    throw packed && cause.code.startsWith('Z_') ? badGzip(path, cause) : unreadable(path, cause)
  }
}

/** Random access. The file is opened for each call: a data set has no end at which it could be closed. */
export function fileReader(path: string): ByteReader {
  return {
    read: async (ranges) => {
      const file = await open(path)
      try {
        const out: Uint8Array[] = []
        for (const range of ranges) out.push(await readRange(file, range))
        return out
      } finally {
        await file.close()
      }
    }
  }
}

/** Stops a stream that grows beyond what fits in memory: packed files do not say how large they are. */
export async function* limited(chunks: ByteChunks, path: string, maxBytes: number): ByteChunks {
  let total = 0
  for await (const chunk of chunks) {
    total += chunk.length
    if (total > maxBytes) {
      throw new DataError({
        file: path,
        expected: `at most ${maxBytes} bytes when unpacked, to hold it in memory`,
        found: 'more',
        hint: 'Unpack it (gunzip): an unpacked file is read from disk as needed'
      })
    }
    yield chunk
  }
}

type FileHandle = Awaited<ReturnType<typeof open>>

async function readRange(file: FileHandle, { offset, length }: Span): Promise<Uint8Array> {
  const bytes = new Uint8Array(length)
  let filled = 0
  while (filled < length) {
    const { bytesRead } = await file.read(bytes, filled, length - filled, offset + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return bytes.subarray(0, filled)
}

function unpack(source: Readable): Readable {
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES })
  // A failure of either ends the iteration over `gunzip` with that failure.
  pipeline(source, gunzip, () => {})
  return gunzip
}

function isSystemError(cause: unknown): cause is Error & { code: string } {
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string'
}

function badGzip(path: string, cause: Error): DataError {
  return new DataError(
    {
      file: path,
      expected: 'a whole gzip file',
      found: cause.message,
      hint: 'Was the download interrupted?'
    },
    { cause }
  )
}

function unreadable(path: string, cause: unknown): DataError {
  const missing = isSystemError(cause) && cause.code === 'ENOENT'
  const found = missing ? 'nothing of that name' : cause instanceof Error ? cause.message : String(cause)
  return new DataError({ file: path, expected: 'a file or directory to read', found }, { cause })
}
