/** JSON Lines text, one `{"text": …, "label": …}` a line: in memory as token ids, or read from disk line by line. */
import { z } from 'zod'
import { readSpans } from '../bytes.ts'
import { DataError, quote } from '../errors.ts'
import { decodeText, MAX_RECORD_BYTES, recordBytes, splitRecords } from '../lines.ts'
import { numberList } from '../number-list.ts'
import { pickTargets, targetReader } from '../targets.ts'
import { tokenizer } from './tokens.ts'
import type { ByteChunks, ByteReader } from '../bytes.ts'
import type { RecordSpan } from '../lines.ts'
import type { LabelledDataset, Place } from '../targets.ts'
import type { TaskSpec, TextInput } from '../../federation/manifest/schema.ts'

/** A task whose input is text. */
export type TextTask = TaskSpec & { input: TextInput }

export interface TextOptions {
  /** For messages. */
  file: string
  task: TextTask
  /** Only lines whose fields of these names have these values. */
  where?: Record<string, string>
  /** Lines to predict: they need no label, and get NaN as their target. */
  unlabelled?: boolean
}

const scalar = z.union([z.string().max(1024), z.number(), z.boolean()])
const plainSchema = z.object({ text: z.string().max(MAX_RECORD_BYTES) }).loose()
const labelledSchema = plainSchema.extend({ label: scalar })
type TextLine = z.output<typeof plainSchema>

/**
 * Read and tokenize a whole file: 4 bytes a token. Shape [input.length].
 *
 * @throws {DataError} a line that is not such an object, an unknown label
 */
export async function loadText(chunks: ByteChunks, options: TextOptions): Promise<LabelledDataset> {
  const tokenize = tokenizer(options.task.input)
  const starts = numberList((n) => new Float64Array(n))
  const tokens = numberList((n) => new Uint32Array(n))
  const targets = numberList((n) => new Float32Array(n))
  for await (const { line, target } of textLines(chunks, options)) {
    starts.push(tokens.length)
    tokens.append(tokenize(line.text))
    targets.push(target)
  }
  starts.push(tokens.length)
  const [from, all] = [starts.take(), tokens.take()]
  return textDataset(options.task.input.length, targets.take(), (indices, write) => {
    indices.forEach((index, i) => write(i, all.subarray(from[index], from[index + 1])))
  })
}

/**
 * Check a whole file once, remembering only where its lines are; `read` fetches and tokenizes them. 16 bytes a line.
 *
 * @throws {DataError} as {@link loadText}
 */
export async function indexText(
  chunks: ByteChunks,
  reader: ByteReader,
  options: TextOptions
): Promise<LabelledDataset> {
  const tokenize = tokenizer(options.task.input)
  const offsets = numberList((n) => new Float64Array(n))
  const lengths = numberList((n) => new Uint32Array(n))
  const targets = numberList((n) => new Float32Array(n))
  for await (const { span, target } of textLines(chunks, options)) {
    offsets.push(span.offset)
    lengths.push(span.length)
    targets.push(target)
  }
  const [at, length] = [offsets.take(), lengths.take()]
  return textDataset(options.task.input.length, targets.take(), async (indices, write) => {
    const spans = Array.from(indices, (i) => ({ offset: at[i], length: length[i] }))
    const lines = await readSpans(reader, spans)
    lines.forEach((bytes, i) => {
      const place = { file: options.file, byteOffset: spans[i].offset }
      write(i, tokenize(parseLine(decodeText(bytes, place), place, plainSchema).text))
    })
  })
}

/** Gives the tokens of each example wanted to `write(position, tokens)`. */
type FetchTokens = (
  indices: Uint32Array,
  write: (position: number, tokens: ArrayLike<number>) => void
) => void | Promise<void>

function textDataset(length: number, targets: Float32Array, fetch: FetchTokens): LabelledDataset {
  return {
    size: targets.length,
    shape: [length],
    targets,
    read: (indices, features, out) => {
      pickTargets(targets, indices, out)
      features.fill(0, 0, indices.length * length)
      return fetch(indices, (i, tokens) => features.set(tokens, i * length))
    }
  }
}

interface LabelledLine {
  line: TextLine
  target: number
  span: RecordSpan
}

async function* textLines(chunks: ByteChunks, options: TextOptions): AsyncGenerator<LabelledLine> {
  const { unlabelled = false } = options
  const schema = unlabelled ? plainSchema : labelledSchema
  const readTarget = unlabelled ? () => NaN : targetReader(options.task)
  const tests = Object.entries(options.where ?? {})
  for await (const slab of splitRecords(chunks, { file: options.file, quotes: false })) {
    for (const span of slab.records) {
      const place = { file: options.file, line: span.line }
      const line = parseLine(decodeText(recordBytes(slab, span), place), place, schema)
      if (!tests.every(([name, value]) => scalarText(line[name]) === value)) continue
      yield { line, span, target: readTarget(scalarText(line['label']), place) }
    }
  }
}

/** Lists and maps have no text of their own; a map may even forbid to be made one. */
function scalarText(value: unknown): string {
  return typeof value === 'object' ? '' : String(value)
}

function parseLine(text: string, place: Place, schema: typeof plainSchema | typeof labelledSchema): TextLine {
  const result = schema.safeParse(parseJson(text, place))
  if (result.success) return result.data
  const expected = schema === plainSchema ? 'an object {"text": "…"}' : 'an object {"text": "…", "label": …}'
  throw new DataError({ ...place, expected, found: quote(text) }, { cause: result.error })
}

function parseJson(text: string, place: Place): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new DataError({ ...place, expected: 'one JSON object on the line', found: quote(text) }, { cause })
  }
}
