/** Examples to predict, which need no labels: what a person names with `--input`. */
import { extname, join } from 'node:path'
import { DataError } from '../../../src/data/errors.ts'
import { idxUnlabelledImages } from '../../../src/data/image/idx.ts'
import { fetchedImages, imageBytes } from '../../../src/data/image/images.ts'
import { fitNormalisation, tabularDataset } from '../../../src/data/tabular/normalise.ts'
import { readPicture } from './decode.ts'
import { fitTable } from './open.ts'
import { isDirectory } from './files.ts'
import { isPicture, visibleNames } from './image-folder.ts'
import { loadCsv, loadJsonLines, readIdxFile } from './load.ts'
import type { ImageTask } from '../../../src/data/image/idx.ts'
import type { Normalisation } from '../../../src/data/tabular/normalise.ts'
import type { Dataset } from '../../../src/data/dataset.ts'
import type { Manifest, TabularInput, TextInput } from '../../../src/federation/manifest/schema.ts'
import type { DataOptions } from '../types.ts'

const MAX_MEMORY_BYTES = 512 * 1024 * 1024
const IDX = /idx\d(-ubyte)?(\.gz)?$/

/** What to predict, and how its tables are normalised where the manifest leaves that to each peer. */
export interface ExamplesInit {
  /** A picture or a directory of pictures, an IDX, CSV or JSON Lines file. */
  path: string
  manifest: Manifest
  /** What this peer trained on: its training rows gave the mean and deviation that the model has seen. */
  trainedOn?: DataOptions
}

/**
 * Open examples without targets; their targets read as NaN.
 *
 * @throws {DataError} nothing that the manifest's task could be asked about
 */
export async function openExamples({ path, manifest, trainedOn }: ExamplesInit): Promise<Dataset> {
  const { task } = manifest
  const { input } = task
  const options = { maxMemoryBytes: MAX_MEMORY_BYTES, resize: true, unlabelled: true }
  switch (input.kind) {
    case 'image':
      return await openPictures(path, { ...task, input })
    case 'text':
      return await loadJsonLines(path, { ...task, input: input satisfies TextInput }, options)
    case 'tabular': {
      const normalisation = await normalisationOf({ path, manifest, trainedOn }, input)
      return tabularDataset(await loadCsv(path, { ...task, input }, options), input, normalisation)
    }
  }
}

async function openPictures(path: string, task: ImageTask): Promise<Dataset> {
  if (!(await isDirectory(path))) {
    if (IDX.test(path)) return idxUnlabelledImages(await readIdxFile(path, MAX_MEMORY_BYTES), task)
    return pictures([path], task)
  }
  const names = (await visibleNames(path)).filter(isPicture)
  if (names.length > 0)
    return pictures(
      names.map((name) => join(path, name)),
      task
    )
  const expected = 'pictures (*.png, *.jpg) to predict'
  throw new DataError({
    file: path,
    expected,
    found: 'none',
    hint: 'Name a file, or a directory of pictures'
  })
}

function pictures(files: string[], { input }: ImageTask): Dataset {
  const length = imageBytes(input)
  const targets = new Float32Array(files.length).fill(NaN)
  return fetchedImages(input, targets, async (indices, pixels) => {
    for (const [i, index] of indices.entries()) {
      await readPicture(files[index], { input, resize: true }, pixels.subarray(i * length, (i + 1) * length))
    }
  })
}

/** As the manifest gives it, else as training had it. */
async function normalisationOf(
  { path, manifest, trainedOn }: ExamplesInit,
  input: TabularInput
): Promise<Normalisation> {
  const unfitted = input.columns.filter((c) => c.type === 'number' && (c.mean == null || c.std == null))
  if (unfitted.length === 0) return await fitNormalisation(NO_ROWS, new Uint32Array(), input)
  if (trainedOn != null) return (await fitTable(trainedOn, manifest)).normalisation
  throw new DataError({
    file: path,
    expected: `the data that this peer trains on, for the mean and deviation of ${unfitted[0].name}`,
    found: `none for ${extname(path) || 'this file'}`,
    hint: 'Start the peer with --data once, or name the data (--data)'
  })
}

const NO_ROWS = { size: 0, columns: 0, targets: new Float32Array(), read: () => undefined }
