/**
 * Loaded before all tests: engines that somebody built into the cache of this machine must not decide what tests see. Those
 * that are about them ask for that cache by name.
 */
import { join } from 'node:path'
import { tmpdir } from 'node:os'
import { CACHE_VARIABLE, cacheDirectory } from '../../peers/node/compute/cache.ts'

const HIDDEN = 'MURMUR_TEST_CACHE'

/** The cache of whoever runs the tests. */
export const userCache = (process.env[HIDDEN] ??= cacheDirectory())

process.env[CACHE_VARIABLE] = join(tmpdir(), 'murmuration-no-engines')

/** Run with another cache. */
export async function withCache<T>(directory: string, work: () => Promise<T>): Promise<T> {
  const before = process.env[CACHE_VARIABLE]
  process.env[CACHE_VARIABLE] = directory
  try {
    return await work()
  } finally {
    process.env[CACHE_VARIABLE] = before
  }
}
