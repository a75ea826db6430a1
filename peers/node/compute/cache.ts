/** Where engines lie that are found at run time: outside of node_modules, which every install of packages rewrites. */
import { homedir } from 'node:os'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'

/** Names the folder in place of the default; set it where the user's cache directory is no good. */
export const CACHE_VARIABLE = 'MURMUR_NATIVE'

/** `$MURMUR_NATIVE`, else `murmuration/native` in the user's cache directory. Absolute; need not exist. */
export function cacheDirectory(env: Readonly<Record<string, string | undefined>> = process.env): string {
  const chosen = env[CACHE_VARIABLE]
  if (chosen != null && chosen !== '') return resolve(chosen)
  const caches = env['XDG_CACHE_HOME'] || join(env['HOME'] || homedir(), '.cache')
  return join(caches, 'murmuration', 'native')
}

/**
 * The file of an optional package: one that lies beside murmuration, or in the cache. Never one of the working directory,
 * which may be anybody's. Null when there is none.
 */
export function findPackage(specifier: string): string | null {
  for (const from of [import.meta.url, join(cacheDirectory(), 'any.js')]) {
    try {
      return createRequire(from).resolve(specifier)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code !== 'MODULE_NOT_FOUND' && code !== 'ERR_PACKAGE_PATH_NOT_EXPORTED') throw error
    }
  }
  return null
}
