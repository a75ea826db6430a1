import { join, resolve } from 'node:path'
import { writeFiles } from '../../output/files.ts'
import { fileStem, formatBytes } from '../../output/format.ts'
import { jsonLine } from '../../output/json.ts'
import { describeCommit, latestCommit, tellOrigin, withSource } from '../../source.ts'
import type { Handler } from '../../command.ts'
import type { PlacedFile } from '../../output/files.ts'
import type { HomeInfo, OutputFile } from '../../library/types.ts'
import type { CommitSummary } from '../../../node/types.ts'

/** Options of `murmur model export`. */
export interface ExportOptions {
  format: 'keras' | 'safetensors'
  out?: string
  force: boolean
  personal: boolean
}

export const handler: Handler<ExportOptions> = async ({ context, options }) => {
  await withSource(context, options, async (source, home) => {
    tellOrigin(context, options, source)
    const commit = await latestCommit(source)
    const manifest = home.manifest.value
    const personal = options.personal ? await context.library.readPersonal(options.home, home.manifest) : null
    const files = await context.library.exportModel({
      manifest,
      weights: personal?.weights ?? (await source.weights()),
      format: options.format,
      metadata: { ...provenance(home, personal == null ? commit : null), ...personal?.about },
      signal: context.signal
    })
    const which = personal == null ? `round${commit?.round ?? 0}` : 'personal'
    const out = resolve(context.cwd, options.out ?? defaultOut(manifest.name, which, options.format))
    const written = await writeFiles(placed(files, out, options), options)
    const sizeBytes = files.reduce((total, file) => total + file.bytes.byteLength, 0)
    const facts = {
      format: options.format,
      ...(personal == null
        ? { round: commit?.round ?? 0, commit: commit?.cid ?? null }
        : { personal: personal.about }),
      sizeBytes
    }
    if (options.json) context.stdout.write(jsonLine({ files: written, ...facts }))
    else {
      const what = personal == null ? describeCommit(commit) : 'your personal model'
      context.stdout.write(`Wrote ${what}, ${formatBytes(sizeBytes)}:\n`)
      context.stdout.write(written.map((path) => `  ${path}\n`).join(''))
    }
  })
  return undefined
}

/** What the files say of where the model comes from. */
function provenance({ manifest }: HomeInfo, commit: CommitSummary | null): Record<string, string | number> {
  const { name, licence } = manifest.value
  const known = { name, licence, federation: manifest.cid.toString() }
  return commit == null ? known : { ...known, commit: commit.cid, model: commit.model, round: commit.round }
}

function defaultOut(name: string, which: string, format: ExportOptions['format']): string {
  const stem = `${fileStem(name).toLowerCase()}-${which}`
  return format === 'keras' ? stem : `${stem}.safetensors`
}

/** Keras is a directory of several files; safetensors is the one file at `out`. */
function placed(files: readonly OutputFile[], out: string, { format }: ExportOptions): PlacedFile[] {
  return files.map(({ name, bytes }) => ({
    path: format === 'keras' ? join(out, name) : out,
    content: bytes
  }))
}
