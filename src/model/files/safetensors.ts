/**
 * Safetensors: eight bytes of header length, a JSON header, raw little-endian data. Read strictly: what the header
 * says must cover the data exactly, without gap or overlap.
 *
 * Format: https://huggingface.co/docs/safetensors/index#format
 */
import { z } from 'zod'
import { describeIssues } from '../../federation/cbor.ts'
import { InvalidModelFileError } from '../errors.ts'
import { sizeOf } from '../layers/common.ts'
import { concatenateBytes, readTensor } from './tensors.ts'
import type { NamedTensor } from './tensors.ts'

const FILE = 'The safetensors file'
const LENGTH_BYTES = 8
/** The format allows 100 MB; 4096 tensors need far less. */
const MAX_HEADER_BYTES = 4 * 1024 * 1024
const METADATA = '__metadata__'

const sizeField = z.int().min(0).max(Number.MAX_SAFE_INTEGER)

const entrySchema = z.strictObject({
  dtype: z.literal('F32'),
  shape: z.array(sizeField).max(8),
  data_offsets: z.tuple([sizeField, sizeField])
})

const metadataSchema = z.record(z.string(), z.string())

const headerSchema = z
  .record(z.string().min(1).max(256), z.union([entrySchema, metadataSchema]))
  .refine((header) => Object.keys(header).length <= 4097, 'at most 4096 tensors')

export interface SafetensorsFile {
  tensors: NamedTensor[]
  /** Free text by key. */
  metadata: Record<string, string>
}

/** Write fp32 tensors and metadata. The data begins at a multiple of eight bytes. */
export function writeSafetensors({ tensors, metadata }: SafetensorsFile): Uint8Array {
  let offset = 0
  const entries = tensors.map(({ name, shape, values }) => {
    const start = offset
    offset += values.byteLength
    return [name, { dtype: 'F32', shape, data_offsets: [start, offset] }] as const
  })
  const json = JSON.stringify({ [METADATA]: metadata, ...Object.fromEntries(entries) })
  const text = new TextEncoder().encode(json)
  const header = new Uint8Array(LENGTH_BYTES + Math.ceil(text.byteLength / 8) * 8).fill(0x20)
  new DataView(header.buffer).setBigUint64(0, BigInt(header.byteLength - LENGTH_BYTES), true)
  header.set(text, LENGTH_BYTES)
  return concatenateBytes(tensors, header)
}

/**
 * Read untrusted bytes.
 *
 * @throws {InvalidModelFileError}
 */
export function readSafetensors(bytes: Uint8Array): SafetensorsFile {
  const { header, dataStart } = readHeader(bytes)
  const metadata = metadataOf(header)
  const entries = Object.entries(header).filter(([name]) => name !== METADATA)
  const places = entries.map(([name, entry]) => ({ name, ...entryOf(name, entry) }))
  checkCovered(places, bytes.byteLength - dataStart)
  const tensors = places.map(({ name, shape, data_offsets: [start] }) =>
    readTensor(bytes, { name, shape, offset: dataStart + start })
  )
  return { tensors, metadata }
}

type Header = z.output<typeof headerSchema>
type Entry = z.output<typeof entrySchema>

function readHeader(bytes: Uint8Array): { header: Header; dataStart: number } {
  if (bytes.byteLength < LENGTH_BYTES)
    throw refuse(`${bytes.byteLength} bytes, expected a header length in eight`)
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true))
  const most = Math.min(MAX_HEADER_BYTES, bytes.byteLength - LENGTH_BYTES)
  if (length > most) throw refuse(`it claims a header of ${length} bytes, at most ${most} expected`)
  const dataStart = LENGTH_BYTES + length
  const result = headerSchema.safeParse(parseJson(bytes.subarray(LENGTH_BYTES, dataStart)))
  if (!result.success) throw refuse(describeIssues(result.error))
  return { header: result.data, dataStart }
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    throw refuse(`its header is not JSON (${(cause as Error).message})`, { cause })
  }
}

function metadataOf(header: Header): Record<string, string> {
  const result = metadataSchema.safeParse(header[METADATA] ?? {})
  if (!result.success) throw refuse(`${METADATA}: ${describeIssues(result.error)}`)
  return result.data
}

function entryOf(name: string, value: unknown): Entry {
  const result = entrySchema.safeParse(value)
  if (!result.success) throw refuse(`tensor '${name}': ${describeIssues(result.error)}`)
  const [start, end] = result.data.data_offsets
  const expected = 4 * sizeOf(result.data.shape)
  if (end - start !== expected)
    throw refuse(`tensor '${name}' has ${end - start} bytes, its shape needs ${expected}`)
  return result.data
}

function checkCovered(places: Entry[], available: number): void {
  let covered = 0
  for (const { data_offsets: range } of [...places].sort((a, b) => a.data_offsets[0] - b.data_offsets[0])) {
    if (range[0] !== covered)
      throw refuse(`its tensors leave a gap or overlap at byte ${covered} of the data`)
    covered = range[1]
  }
  if (covered !== available) throw refuse(`${available} bytes of data, its header describes ${covered}`)
}

const refuse = (reason: string, options?: ErrorOptions): InvalidModelFileError =>
  new InvalidModelFileError(FILE, reason, options)
