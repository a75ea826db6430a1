/** A peer's personal model (src/training/personal.ts): a file in its home, and nowhere else. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { flatFrom, namedTensors } from '../../../src/model/files/tensors.ts'
import { readSafetensors, writeSafetensors } from '../../../src/model/files/safetensors.ts'
import { layoutOf } from '../../../src/model/layout.ts'
import { planFor } from '../../../src/model/task.ts'
import { DamagedHomeError } from '../home/errors.ts'
import { writeAtomically } from '../home/files.ts'
import type { Manifest } from '../../../src/federation/manifest/index.ts'
import type { Signed } from '../../../src/federation/signed.ts'

const FILE = 'personal.safetensors'

/** Nobody has made one here. */
export class NoPersonalModelError extends Error {
  static override name = 'NoPersonalModelError'

  constructor(home: string, options?: ErrorOptions) {
    super(`There is no personal model in ${home} yet: make one with "murmur personalize"`, options)
    this.name = 'NoPersonalModelError'
  }
}

export interface KeptModel {
  /** Flat fp32, layout order. */
  weights: Float32Array
  /** What it came of, for people: round and commit of the federation's model, which layers were trained on. */
  about: Record<string, string>
}

/** Keep a personal model, in place of the one before. Resolves with the file, when it is on disk. */
export async function savePersonal(
  home: string,
  { weights, about }: KeptModel,
  manifest: Signed<Manifest>
): Promise<string> {
  const layout = layoutOf(planFor(manifest.value))
  const path = join(home, FILE)
  const metadata = { ...about, federation: manifest.cid.toString() }
  await writeAtomically(path, writeSafetensors({ tensors: namedTensors(layout, weights), metadata }))
  return path
}

/**
 * The personal model that is kept in a home.
 *
 * @throws {NoPersonalModelError | DamagedHomeError | InvalidModelFileError}
 */
export async function readPersonal(home: string, manifest: Signed<Manifest>): Promise<KeptModel> {
  const path = join(home, FILE)
  const bytes = await readFile(path).catch((cause: NodeJS.ErrnoException) => {
    throw cause.code === 'ENOENT' ? new NoPersonalModelError(home, { cause }) : cause
  })
  const { tensors, metadata: about } = readSafetensors(new Uint8Array(bytes))
  if (about['federation'] !== manifest.cid.toString())
    throw new DamagedHomeError(path, `it is of the federation ${about['federation']}`)
  return { weights: flatFrom(tensors, layoutOf(planFor(manifest.value)), path), about }
}
