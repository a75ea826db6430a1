/** What the tests of opening data share: temporary files, manifests, packed and drawn pictures. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { encode as encodeJpeg } from 'jpeg-js'
import { PNG } from 'pngjs'
import { manifestDraftSchema } from '../../../src/federation/manifest/schema.ts'
import type { Manifest, ManifestDraft } from '../../../src/federation/manifest/schema.ts'

/** A directory that a test fills; `remove` undoes it. */
export interface Folder {
  path: string
  /** Write a file, making its folders, and give its full path. */
  write(name: string, content: string | Uint8Array): Promise<string>
  remove(): Promise<void>
}

export async function temporaryFolder(): Promise<Folder> {
  const path = await mkdtemp(join(tmpdir(), 'murmur-data-'))
  return {
    path,
    write: async (name, content) => {
      const file = join(path, name)
      await mkdir(dirname(file), { recursive: true })
      await writeFile(file, content)
      return file
    },
    remove: () => rm(path, { recursive: true, force: true })
  }
}

/** A manifest of this task, everything else by default. */
export function manifestOf(task: ManifestDraft['task'], training: ManifestDraft['training'] = {}): Manifest {
  const draft = { name: 'test', task, training, model: { architecture: { preset: 'logistic' } } }
  return {
    ...manifestDraftSchema.parse(draft),
    version: 1,
    founder: '12D3KooWBtg3aaRMjxwedh83aGiUkwSxDwUZkzuJcfaqUmo7R3pq',
    createdAt: 0,
    nonce: new Uint8Array(16)
  }
}

export function imageManifest(options: {
  height: number
  width: number
  channels?: 1 | 3
  labels: string[]
}): Manifest {
  const { labels, channels = 1, ...size } = options
  return manifestOf({ kind: 'classification', labels, input: { kind: 'image', channels, ...size } })
}

export function gzip(content: Uint8Array | string): Uint8Array {
  return gzipSync(content)
}

/** A PNG whose pixels are all of one colour. */
export function png(width: number, height: number, [r, g, b]: [number, number, number]): Uint8Array {
  const image = new PNG({ width, height })
  for (let i = 0; i < image.data.length; i += 4) image.data.set([r, g, b, 255], i)
  return PNG.sync.write(image)
}

/** A grey JPEG whose pixels are all alike. */
export function jpeg(width: number, height: number, level: number): Uint8Array {
  const data = Buffer.alloc(width * height * 4, level)
  return encodeJpeg({ width, height, data }, 95).data
}
