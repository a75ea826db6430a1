/** A folder of pictures by class: <folder>/<label>/*.png, *.jpg, *.jpeg. */
import { readdir, stat } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { DataError, listSome } from '../../../src/data/errors.ts'
import { fetchedImages, imageBytes, memoryImages } from '../../../src/data/image/images.ts'
import { targetReader } from '../../../src/data/targets.ts'
import { readPicture } from './decode.ts'
import type { ImageTask } from '../../../src/data/image/idx.ts'
import type { LabelledDataset } from '../../../src/data/targets.ts'
import type { PictureOptions } from './decode.ts'

const EXTENSIONS = new Set(['.png', '.jpg', '.jpeg'])
/** Pictures read at the same time. */
const CONCURRENCY = 8

export interface FolderOptions {
  task: ImageTask
  /** Pixels beyond this stay on disk: pictures are then decoded each time they are read. */
  maxMemoryBytes: number
  resize: boolean
}

/**
 * The pictures of a folder, ordered by label and name.
 *
 * @throws {DataError} no pictures, folders that are no label, pictures that cannot be used
 */
export async function loadImageFolder(folder: string, options: FolderOptions): Promise<LabelledDataset> {
  const { task, maxMemoryBytes, resize } = options
  const { files, targets } = await listPictures(folder, task)
  const picture: PictureOptions = { input: task.input, resize }
  const length = imageBytes(task.input)
  const fetch = async (indices: Uint32Array, pixels: Uint8Array): Promise<void> => {
    for (let start = 0; start < indices.length; start += CONCURRENCY) {
      const some = indices.subarray(start, start + CONCURRENCY)
      const part = (i: number): Uint8Array => pixels.subarray((start + i) * length, (start + i + 1) * length)
      await Promise.all(Array.from(some, (index, i) => readPicture(files[index], picture, part(i))))
    }
  }
  if (files.length * length > maxMemoryBytes) return fetchedImages(task.input, targets, fetch)
  const pixels = new Uint8Array(files.length * length)
  await fetch(
    Uint32Array.from(files, (_, i) => i),
    pixels
  )
  return memoryImages(task.input, pixels, targets)
}

/** Names of the sub-folders of a folder, in order; hidden ones are left out. */
export async function subfolders(folder: string): Promise<string[]> {
  const names: string[] = []
  for (const name of await visibleNames(folder)) {
    if ((await stat(join(folder, name))).isDirectory()) names.push(name)
  }
  return names
}

/** Names in a folder, in an order that is the same on every machine; hidden ones are left out. */
export async function visibleNames(folder: string): Promise<string[]> {
  return (await readdir(folder)).filter((name) => !name.startsWith('.')).sort()
}

async function listPictures(
  folder: string,
  task: ImageTask
): Promise<{ files: string[]; targets: Float32Array }> {
  const readTarget = targetReader(task)
  const files: string[] = []
  const targets: number[] = []
  const labels = await subfolders(folder)
  for (const label of labels) {
    const names = (await visibleNames(join(folder, label))).filter(isPicture)
    const target = readTarget(label, { file: join(folder, label) })
    for (const name of names) {
      files.push(join(folder, label, name))
      targets.push(target)
    }
  }
  if (files.length === 0) throw noPictures(folder, labels)
  return { files, targets: Float32Array.from(targets) }
}

/** Whether a file name says PNG or JPEG. */
export function isPicture(name: string): boolean {
  return EXTENSIONS.has(extname(name).toLowerCase())
}

function noPictures(folder: string, labels: string[]): DataError {
  return new DataError({
    file: folder,
    expected:
      'pictures in a folder for each label (<label>/*.png or *.jpg), or IDX files (train-images-idx3-ubyte)',
    found: labels.length === 0 ? 'no folders' : `no pictures in ${listSome(labels)}`
  })
}
