/** What a path that a person names holds: which files train, and which evaluate. */
import { basename, dirname, join } from 'node:path'
import { DataError, listSome } from '../../../src/data/errors.ts'
import { isDirectory } from './files.ts'
import { subfolders, visibleNames } from './image-folder.ts'
import type { TaskSpec } from '../../../src/federation/manifest/schema.ts'

/** Where examples are. */
export type DataSource =
  | { kind: 'idx'; images: string; labels: string }
  | { kind: 'folder'; folder: string }
  | { kind: 'file'; file: string }

/** What a path holds; `test` where it brings its own. */
export interface DataSources {
  train: DataSource
  test?: DataSource
}

const IDX_NAME = /^(.*)images([-.])idx3(-ubyte)?(\.gz)?$/
const EXTENSIONS = {
  tabular: /\.(csv|tsv|data)(\.gz)?$/i,
  text: /\.(jsonl|ndjson)(\.gz)?$/i
}

/**
 * Find the examples of a path, by the kind of input that the manifest wants.
 *
 * @throws {DataError} nothing there, or nothing of that kind, or no way to know which file is meant
 */
export async function detectSources(path: string, task: TaskSpec): Promise<DataSources> {
  const directory = await isDirectory(path)
  if (task.input.kind === 'image') return directory ? imageDirectory(path, task) : { train: idxFile(path) }
  if (!directory) return { train: { kind: 'file', file: path } }
  return textDirectory(path, task.input.kind)
}

/** The examples of a path that holds only held-out data. */
export async function detectTestSource(path: string, task: TaskSpec): Promise<DataSource> {
  const { train, test } = await detectSources(path, task)
  return test ?? train
}

async function imageDirectory(path: string, task: TaskSpec): Promise<DataSources> {
  const idx = (await visibleNames(path)).filter((name) => IDX_NAME.test(name))
  if (idx.length > 0) return idxDirectory(path, idx)
  const folders = await subfolders(path)
  const splits = ['train', 'test'].every((name) => folders.includes(name) && !task.labels.includes(name))
  if (!splits) return { train: { kind: 'folder', folder: path } }
  return {
    train: { kind: 'folder', folder: join(path, 'train') },
    test: { kind: 'folder', folder: join(path, 'test') }
  }
}

/** The MNIST family's names: train-images-idx3-ubyte and t10k-images-idx3-ubyte, packed or not. */
function idxDirectory(path: string, names: string[]): DataSources {
  const train = names.find((name) => name.startsWith('train'))
  const test = names.find((name) => /^(t10k|test)/.test(name))
  const first = train ?? test
  if (first == null) {
    throw new DataError({
      file: path,
      expected: 'train-images-idx3-ubyte or t10k-images-idx3-ubyte',
      found: listSome(names)
    })
  }
  return {
    train: idxFile(join(path, first)),
    ...(test != null && { test: idxFile(join(path, test)) })
  }
}

/** An images file, and the labels beside it. */
function idxFile(images: string): DataSource {
  const match = IDX_NAME.exec(basename(images))
  if (match == null) {
    throw new DataError({
      file: images,
      expected: 'a directory of pictures, or an IDX file of images (…images-idx3-ubyte, packed or not)',
      found: 'a file of another name'
    })
  }
  const [, prefix, separator, suffix = '', packed = ''] = match
  return {
    kind: 'idx',
    images,
    labels: join(dirname(images), `${prefix}labels${separator}idx1${suffix}${packed}`)
  }
}

/** train.csv and test.csv, or the only file of its kind. */
async function textDirectory(path: string, kind: keyof typeof EXTENSIONS): Promise<DataSources> {
  const names = (await visibleNames(path)).filter((name) => EXTENSIONS[kind].test(name))
  const named = (stem: string): string | undefined => names.find((name) => name.split('.')[0] === stem)
  const train = named('train') ?? (names.length === 1 ? names[0] : undefined)
  const test = named('test')
  if (train == null) throw whichFile(path, kind, names)
  const source = (name: string): DataSource => ({ kind: 'file', file: join(path, name) })
  return { train: source(train), ...(test != null && test !== train && { test: source(test) }) }
}

function whichFile(path: string, kind: keyof typeof EXTENSIONS, names: string[]): DataError {
  return new DataError({
    file: path,
    expected:
      kind === 'tabular' ? 'one CSV file (.csv, .tsv, .data)' : 'one JSON Lines file (.jsonl, .ndjson)',
    found: names.length === 0 ? 'none' : listSome(names),
    ...(names.length > 0 && { hint: 'Name the file rather than the directory' })
  })
}
