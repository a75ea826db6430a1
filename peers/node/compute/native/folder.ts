/** The folder of a binding of TensorFlow: where it is, and what in it says that it is whole. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { cacheDirectory, findPackage } from '../cache.ts'
import { tensorflow, tfjsNode } from './pinned.ts'

/** A binding that can be loaded. */
export interface NativeFolder {
  /** The package's own folder, with `dist`. */
  path: string
  /** The compiled half, absolute. */
  binding: string
  /** The package's version. */
  version: string
}

/** Where `murmur doctor --install` builds: what is in it follows from the name. */
export function builtFolder(): string {
  const { platform, arch } = process
  const name = `tfjs-node-${tfjsNode.version}-tensorflow-${tensorflow.version}-${platform}-${arch}`
  return join(cacheDirectory(), name)
}

/** Written last: a folder with it is whole. */
export const READY = 'ready.json'

/** The binding that was built into the cache, else that of a package beside murmuration; null when there is neither. */
export function findNative(name: 'tfjs-node' | 'tfjs-node-gpu'): NativeFolder | null {
  const built = builtFolder()
  if (name === 'tfjs-node' && existsSync(join(built, READY))) return describe(join(built, 'package'))
  const manifest = findPackage(`@tensorflow/${name}/package.json`)
  return manifest == null ? null : describe(dirname(manifest))
}

/** Null when nothing was compiled in it: an install that was not allowed to run scripts leaves it so. */
function describe(path: string): NativeFolder | null {
  const lib = join(path, 'lib')
  const versions = existsSync(lib) ? readdirSync(lib).filter((name) => /^napi-v\d+$/.test(name)) : []
  const bindings = versions.map((name) => join(lib, name, 'tfjs_binding.node')).filter(existsSync)
  // The newest interface that it was compiled for.
  const binding = bindings.sort().pop()
  const { version } = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8')) as { version: string }
  return binding == null ? null : { path, binding, version }
}
