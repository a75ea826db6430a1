/** What a working binding of TensorFlow is made of: package registries only, versions and hashes fixed. */

/** One archive from a registry. */
export interface PinnedArchive {
  /** As its registry names it. */
  name: string
  version: string
  /** The file's name after the download. */
  file: string
  sizeBytes: number
  /** As its registry writes it. */
  hash: { algorithm: 'sha256'; hex: string } | { algorithm: 'sha512'; base64: string }
}

/** JavaScript side and C++ sources of the binding. */
export const tfjsNode: PinnedArchive = {
  name: '@tensorflow/tfjs-node',
  version: '4.22.0',
  file: 'tensorflow-tfjs-node-4.22.0.tgz',
  sizeBytes: 228_166,
  hash: {
    algorithm: 'sha512',
    base64: 'uHrXeUlfgkMxTZqHkESSV7zSdKdV0LlsBeblqkuKU9nnfxB1pC6DtoyYVaLxznzZy7WQSegjcohxxCjAf6Dc7w=='
  }
}

/** Node.js' C interface, which is the same for all versions since it has a number of its own. */
export const nodeHeaders: PinnedArchive = {
  name: 'node-api-headers',
  version: '1.9.0',
  file: 'node-api-headers-1.9.0.tgz',
  sizeBytes: 16_974,
  hash: {
    algorithm: 'sha512',
    base64: '2oNILP4jXwRB4ywnYKjVk1YyJ96n2D4EOVJO6S3oYZ5PtbJrw3Yt9TpAuX3nBLMuzn74rnfGQrv13pS9vC+YiA=='
  }
}

/** TensorFlow itself, built for processors. No Python code of it is used, so any Python version's wheel would do. */
export const tensorflow: PinnedArchive = {
  name: 'tensorflow-cpu',
  version: '2.19.1',
  file: 'tensorflow_cpu-2.19.1-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl',
  sizeBytes: 251_795_484,
  hash: { algorithm: 'sha256', hex: '0b6d72bd09c267e7573757bd309f5b1e2cdb02577339991da751f3a1411e4dae' }
}

/** What tells pip to take that very wheel, whichever Python runs it. */
export const wheelTags = ['--platform', 'manylinux_2_17_x86_64', '--python-version', '3.11', '--abi', 'cp311']

/** Room for the archive beside what is unpacked of it, and for a while both. */
export const DISK_BYTES = 1_100_000_000

/** The only system that the wheel is for. */
export const SYSTEM = { platform: 'linux', arch: 'x64' }
