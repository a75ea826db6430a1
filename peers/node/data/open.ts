/** What a person names with `--data` → what the peer trains on and evaluates on, checked against the manifest. */
import { demoTest, demoTrain, DIGIT_SHAPE, DIGITS } from '../../../src/data/digits/index.ts'
import { DataError, quote } from '../../../src/data/errors.ts'
import { partOf } from '../../../src/data/partition.ts'
import { splitIndices, subset } from '../../../src/data/subset.ts'
import { fitNormalisation, tabularDataset } from '../../../src/data/tabular/normalise.ts'
import { detectSources, detectTestSource } from './detect.ts'
import { loadCsv, loadImages, loadJsonLines } from './load.ts'
import type { Normalisation } from '../../../src/data/tabular/normalise.ts'
import type { RawTable } from '../../../src/data/tabular/table.ts'
import type { LabelledDataset } from '../../../src/data/targets.ts'
import type { Manifest, TabularInput, TaskSpec } from '../../../src/federation/manifest/schema.ts'
import type { DataOptions } from '../types.ts'
import type { DataSource, DataSources } from './detect.ts'
import type { LoadOptions } from './load.ts'

/** A split whose targets are at hand. */
export interface OpenedData {
  train: LabelledDataset
  test: LabelledDataset
}

const DEFAULT_MAX_MEMORY_BYTES = 512 * 1024 * 1024
const DEMO = /^demo(?::(.*))?$/
const MAX_DEMO_SEED = 1_000_000_000

/**
 * Open a peer's data. Held-out examples are chosen before parts are: peers that share a file share what they evaluate
 * on, and no one trains on it.
 *
 * @throws {DataError} anything that is not as the manifest, the format or the options say
 */
export async function openData(options: DataOptions, manifest: Manifest): Promise<OpenedData> {
  const { input } = manifest.task
  checkOptions(options, input.kind)
  const demo = DEMO.exec(options.path)
  if (demo != null) return openDemo(demo[1], options, manifest)
  if (input.kind === 'tabular') return openTable(options, manifest)
  const sources = await findSources(options, manifest.task)
  const load = (source: DataSource): Promise<LabelledDataset> => loadExamples(source, manifest.task, options)
  const all = await load(sources.train)
  const test = sources.test && (await load(sources.test))
  const rows = chooseRows(all.size, { options, manifest, hasTest: test != null })
  return { train: subset(all, rows.train), test: test ?? subset(all, rows.test) }
}

async function findSources({ path, testPath }: DataOptions, task: TaskSpec): Promise<DataSources> {
  const sources = await detectSources(path, task)
  return testPath == null ? sources : { train: sources.train, test: await detectTestSource(testPath, task) }
}

function loadExamples(source: DataSource, task: TaskSpec, options: DataOptions): Promise<LabelledDataset> {
  const { input } = task
  if (input.kind === 'image') return loadImages(source, { ...task, input }, loadOptions(options))
  if (input.kind === 'text') return loadJsonLines(fileOf(source), { ...task, input }, loadOptions(options))
  throw new TypeError('Tables are opened by openTable(), which fits their normalisation')
}

interface FittedTable {
  input: TabularInput
  table: RawTable
  testTable: RawTable | undefined
  rows: { train: Uint32Array; test: Uint32Array }
  normalisation: Normalisation
}

/** A peer's own table and its normalisation: by its training rows, so these are chosen first. Throws {@link DataError}. */
export async function fitTable(options: DataOptions, manifest: Manifest): Promise<FittedTable> {
  const input = manifest.task.input as TabularInput
  const sources = await findSources(options, manifest.task)
  const load = (source: DataSource): ReturnType<typeof loadCsv> =>
    loadCsv(fileOf(source), { ...manifest.task, input }, loadOptions(options))
  const table = await load(sources.train)
  const testTable = sources.test && (await load(sources.test))
  const rows = chooseRows(table.size, { options, manifest, hasTest: testTable != null })
  const normalisation = await fitNormalisation(table, rows.train, input)
  return { input, table, testTable, rows, normalisation }
}

async function openTable(options: DataOptions, manifest: Manifest): Promise<OpenedData> {
  const { input, table, testTable, rows, normalisation } = await fitTable(options, manifest)
  const all = tabularDataset(table, input, normalisation)
  const test = testTable ? tabularDataset(testTable, input, normalisation) : subset(all, rows.test)
  return { train: subset(all, rows.train), test }
}

function openDemo(seedText: string | undefined, options: DataOptions, manifest: Manifest): OpenedData {
  const { normalisation } = checkDemoManifest(options.path, manifest.task)
  const seed = /^\d{1,10}$/.test(seedText ?? '') ? Number(seedText) : NaN
  if (!(seed <= MAX_DEMO_SEED) || options.testPath != null) {
    const expected = `demo:<seed>, a seed from 0 to ${MAX_DEMO_SEED}, without a test path`
    throw new DataError({ file: options.path, expected, found: options.testPath ?? quote(options.path) })
  }
  const all = demoTrain(seed, normalisation)
  const rows = chooseRows(all.size, { options, manifest, hasTest: true })
  return { train: subset(all, rows.train), test: demoTest(normalisation) }
}

/** Which examples train, which evaluate. */
function chooseRows(
  size: number,
  { options, manifest, hasTest }: { options: DataOptions; manifest: Manifest; hasTest: boolean }
): { train: Uint32Array; test: Uint32Array } {
  const { initial } = manifest.model
  const seed = 'seed' in initial ? initial.seed : 1
  const { train, test } = splitIndices(size, hasTest ? 0 : manifest.training.holdout, seed)
  const part = options.part ? partOf(train, options.part, seed) : train
  if (part.length > 0) return { train: part, test }
  throw new DataError({
    file: options.path,
    expected: 'examples to train on',
    found: options.part
      ? `${size}, not one for part ${options.part.index} of ${options.part.count}`
      : `${size}`
  })
}

function loadOptions({ maxMemoryBytes, resize, where }: DataOptions): LoadOptions {
  return { maxMemoryBytes: maxMemoryBytes ?? DEFAULT_MAX_MEMORY_BYTES, resize: resize ?? false, where }
}

function fileOf(source: DataSource): string {
  if (source.kind === 'file') return source.file
  throw new TypeError(`A ${source.kind} holds images; detectSources() gives files for text and tables`)
}

function checkOptions({ path, part, where }: DataOptions, kind: string): void {
  if (part != null && !(Number.isInteger(part.index) && part.index >= 0 && part.index < part.count)) {
    throw new DataError({
      file: path,
      expected: `a part from 0 to ${part.count - 1} of ${part.count}`,
      found: `part ${part.index}`
    })
  }
  if (where == null || kind !== 'image') return
  throw new DataError({ file: path, expected: 'where only with tables and JSON Lines', found: 'images' })
}

function checkDemoManifest(
  file: string,
  { kind, input, labels }: TaskSpec
): Extract<TaskSpec['input'], { kind: 'image' }> {
  const { height, width, channels } = DIGIT_SHAPE
  const fits =
    input.kind === 'image' && input.height === height && input.width === width && input.channels === channels
  if (fits && kind === 'classification' && labels.length === DIGITS) return input
  throw new DataError({
    file,
    expected: `a manifest that classifies ${height} × ${width} grey images by ${DIGITS} labels, for drawn digits`,
    found: `${kind} of ${input.kind === 'image' ? `${input.height} × ${input.width} × ${input.channels} images` : input.kind}, ${labels.length} labels`
  })
}
