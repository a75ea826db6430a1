/** What a peer remembers from one start to the next: `config.json`, which a person may edit. */
import { z } from 'zod'
import { backendNames, MAX_THREADS } from '../../../src/compute/names.ts'
import { describeIssues } from '../../../src/federation/cbor.ts'
import { multiaddrField } from '../../../src/federation/fields.ts'
import { DamagedHomeError } from './errors.ts'
import { readIfThere, writeAtomically } from './files.ts'

/** Addresses dialled first, at most. */
export const MAX_BOOTSTRAP = 64

const pathField = z.string().min(1).max(4096)

const configSchema = z.strictObject({
  /** What this peer trains on; see DataOptions in ../types.ts. */
  data: z
    .strictObject({
      path: pathField,
      testPath: pathField.optional(),
      part: z.strictObject({ index: z.int().min(0), count: z.int().min(1) }).optional(),
      where: z.record(z.string().max(128), z.string().max(1024)).optional(),
      maxMemoryBytes: z.int().min(0).optional(),
      resize: z.boolean().optional()
    })
    .optional(),
  /** Multiaddrs to listen on. */
  listen: z.array(multiaddrField).max(16).optional(),
  /** The TCP port of last time; taken again where `listen` leaves it open. */
  port: z.int().min(1).max(65_535).optional(),
  /** Multiaddrs of members to dial first. */
  bootstrap: z.array(multiaddrField).max(MAX_BOOTSTRAP).default([]),
  mdns: z.boolean().optional(),
  /** Train on this compute engine and no other. */
  backend: z.enum(backendNames).optional(),
  /** Train with this many threads. */
  threads: z.int().min(1).max(MAX_THREADS).optional()
})

export type HomeConfig = z.output<typeof configSchema>

/** The configuration; defaults when there is no file. @throws {DamagedHomeError} names the setting */
export async function readConfig(file: string): Promise<HomeConfig> {
  const bytes = await readIfThere(file)
  const result = configSchema.safeParse(bytes == null ? {} : parseJson(file, bytes))
  if (result.success) return result.data
  throw new DamagedHomeError(file, describeIssues(result.error), { cause: result.error })
}

/** Replace some settings; `undefined` removes one. */
export async function updateConfig(file: string, changes: Partial<HomeConfig>): Promise<HomeConfig> {
  const config = configSchema.parse({ ...(await readConfig(file)), ...changes })
  await writeAtomically(file, `${JSON.stringify(config, null, 2)}\n`)
  return config
}

function parseJson(file: string, bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes)) as unknown
  } catch (cause) {
    throw new DamagedHomeError(file, `not JSON (${(cause as Error).message})`, { cause })
  }
}
