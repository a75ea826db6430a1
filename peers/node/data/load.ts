/** Data sources → data sets, in memory if they fit and on disk if they do not. */
import { idxImages, idxImagesOnDisk, parseIdxHeader, readIdx } from '../../../src/data/image/idx.ts'
import { DataError } from '../../../src/data/errors.ts'
import { indexTable, loadTable } from '../../../src/data/tabular/table.ts'
import { indexText, loadText } from '../../../src/data/text/jsonl.ts'
import { fileChunks, fileReader, inspectFile, limited } from './files.ts'
import { loadImageFolder } from './image-folder.ts'
import type { ImageTask } from '../../../src/data/image/idx.ts'
import type { TabularTask } from '../../../src/data/tabular/layout.ts'
import type { RawTable } from '../../../src/data/tabular/table.ts'
import type { LabelledDataset } from '../../../src/data/targets.ts'
import type { TextTask } from '../../../src/data/text/jsonl.ts'
import type { DataSource } from './detect.ts'
import type { DataFile } from './files.ts'

export interface LoadOptions {
  maxMemoryBytes: number
  resize: boolean
  where?: Record<string, string>
  /** Examples to predict need no targets. */
  unlabelled?: boolean
}

/** Cells and tokens in memory take at most this many times the bytes of their text: a cell is 2 bytes or more, and 8. */
const MEMORY_PER_TEXT_BYTE = 4
/** The longest IDX header. */
const IDX_HEADER_BYTES = 20

/** Images from IDX files or folders of pictures. Throws {@link DataError}. */
export async function loadImages(
  source: DataSource,
  task: ImageTask,
  options: LoadOptions
): Promise<LabelledDataset> {
  if (source.kind === 'folder') return loadImageFolder(source.folder, { task, ...options })
  if (source.kind === 'idx') return loadIdx(source, task, options)
  throw new DataError({ file: source.file, expected: 'images', found: 'a text file' })
}

/** A CSV file. Throws {@link DataError}. */
export async function loadCsv(path: string, task: TabularTask, options: LoadOptions): Promise<RawTable> {
  const file = await inspectFile(path)
  const { where, unlabelled } = options
  const table = { file: path, task, where, unlabelled }
  return fitsAsText(file, options)
    ? loadTable(textChunks(file, options), table)
    : indexTable(fileChunks(file), fileReader(path), table)
}

/** A JSON Lines file. Throws {@link DataError}. */
export async function loadJsonLines(
  path: string,
  task: TextTask,
  options: LoadOptions
): Promise<LabelledDataset> {
  const file = await inspectFile(path)
  const { where, unlabelled } = options
  const text = { file: path, task, where, unlabelled }
  return fitsAsText(file, options)
    ? loadText(textChunks(file, options), text)
    : indexText(fileChunks(file), fileReader(path), text)
}

async function loadIdx(
  source: { images: string; labels: string },
  task: ImageTask,
  { maxMemoryBytes }: LoadOptions
): Promise<LabelledDataset> {
  const images = await inspectFile(source.images)
  const labels = await readIdxFile(source.labels, maxMemoryBytes)
  if (images.packed || images.sizeBytes <= maxMemoryBytes) {
    return idxImages(await readIdxFile(source.images, maxMemoryBytes), labels, task)
  }
  const file = source.images
  const reader = fileReader(file)
  const [head] = await reader.read([{ offset: 0, length: IDX_HEADER_BYTES }])
  const header = parseIdxHeader(head, file)
  const wanted = header == null ? IDX_HEADER_BYTES : header.headerBytes + header.valueBytes
  if (header == null || images.sizeBytes !== wanted) {
    throw new DataError({
      file,
      expected: `${wanted} bytes, as its header says`,
      found: `${images.sizeBytes}`
    })
  }
  return idxImagesOnDisk({ ...header, file, reader }, labels, task)
}

/** A whole IDX file, packed or not. Throws {@link DataError}. */
export async function readIdxFile(path: string, maxBytes: number): ReturnType<typeof readIdx> {
  return readIdx(fileChunks(await inspectFile(path)), { file: path, maxBytes })
}

/** A packed file must be held in memory: it cannot be read from the middle. */
function fitsAsText({ packed, sizeBytes }: DataFile, { maxMemoryBytes }: LoadOptions): boolean {
  return packed || sizeBytes * MEMORY_PER_TEXT_BYTE <= maxMemoryBytes
}

function textChunks(file: DataFile, { maxMemoryBytes }: LoadOptions): ReturnType<typeof fileChunks> {
  return limited(fileChunks(file), file.path, maxMemoryBytes / MEMORY_PER_TEXT_BYTE)
}
