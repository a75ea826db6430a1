/**
 * A library that was compiled for other processors ends the process that loads it. So it is first tried in a process of its
 * own, once for this Node.js on this processor; what came of it is kept beside the library.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { tryBackend } from '../diagnose.ts'
import type { NativeFolder } from './folder.ts'

const FILE = 'murmuration-trials.json'

/** Loading it failed in a process of its own. */
export class NativeTrialError extends Error {
  static override name = 'NativeTrialError'

  constructor(reason: string) {
    super(`failed when it was tried: ${reason}`)
    this.name = 'NativeTrialError'
  }
}

/** @throws {NativeTrialError} it did not work, now or before; only what worked is never tried again */
export async function checkOnce(
  name: string,
  { path, version }: Pick<NativeFolder, 'path' | 'version'>
): Promise<void> {
  const file = join(path, FILE)
  const key = `${version}, Node.js ${process.version}, ${process.arch}, ${cpus()[0]?.model ?? 'unknown processor'}`
  const passed = await readPassed(file)
  if (passed.includes(key)) return
  const result = await tryBackend(name)
  if (!result.ok) throw new NativeTrialError(result.reason)
  // A cache that cannot be written to costs a trial at each start, no more.
  await writeFile(file, JSON.stringify([...passed, key])).catch(() => undefined)
}

async function readPassed(file: string): Promise<string[]> {
  try {
    const parsed = JSON.parse(await readFile(file, 'utf8')) as unknown
    return Array.isArray(parsed) ? parsed.filter((item) => typeof item === 'string') : []
  } catch {
    // None yet, or cut short: it is tried again.
    return []
  }
}
