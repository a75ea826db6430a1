/** What a working binding of TensorFlow is made of: package registries only, versions and hashes fixed. */

/** One archive from a registry. */
export interface PinnedArchive {
  /** As its registry names it. */
  name: string
  version: string
  /** The file's name after the download. */
  file: string
  sizeBytes: number
  hash: { algorithm: 'sha256' | 'sha512'; base64: string }
}

/** JavaScript side and C++ sources of the binding. */
export const tfjsNode: PinnedArchive = {
  name: '@tensorflow/tfjs-node',
  version: '4.22.0',
  file: 'tensorflow-tfjs-node-4.22.0.tgz',
  sizeBytes: 370_243,
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
  sizeBytes: 0,
  hash: {
    algorithm: 'sha512',
    base64: '2oNILP4jXwRB4ywnYKjVk1YyJ96n2D4EOVJO6S3oYZ5PtbJrw3Yt9TpAuX3nBLMuzn74rnfGQrv13pS9vC+YiA=='
  }
}

/** TensorFlow itself, built for processors. The Python version in its name does not matter: no Python code of it is used. */
export const tensorflow: PinnedArchive = {
  name: 'tensorflow-cpu',
  version: '2.19.1',
  file: '',
  sizeBytes: 0,
  hash: { algorithm: 'sha256', base64: '' }
}
