import { readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import {
  describeManifest,
  manifestTemplate,
  parseManifestYaml,
  templateKinds
} from '../../../../src/federation/manifest/index.ts'
import { homeFlag, shellWord } from '../../home.ts'
import { UsageError, UserError } from '../../output/exit.ts'
import { fileStem } from '../../output/format.ts'
import { jsonLine } from '../../output/json.ts'
import { block } from '../../output/width.ts'
import { newPassphrase } from '../../run/passphrase.ts'
import { settleCodec } from './codec.ts'
import { applySettings } from './draft.ts'
import type { Handler } from '../../command.ts'
import type { CommandContext, GlobalOptions } from '../../context.ts'
import type { HomeInfo } from '../../library/types.ts'
import type { InitOptions } from './options.ts'

type Options = InitOptions & GlobalOptions

export const handler: Handler<InitOptions> = async ({ context, args, options }) => {
  const name = nameOf(args[0], options)
  const kind = options.template ?? templateKinds.find((known) => known === name) ?? 'digits'
  if (options.from == null && kind !== 'digits' && !options.yes) {
    return await writeDraft(context, name, applySettings(manifestTemplate(kind), name, options), options)
  }
  const yaml = options.from == null ? manifestTemplate(kind) : await read(context, options.from)
  const settled = settleCodec(applySettings(yaml, options.from == null ? name : null, options), options)
  const home = await context.library.found({
    home: options.home,
    draft: parseManifestYaml(settled),
    yaml: settled,
    now: context.now(),
    ...withPassphrase(newPassphrase(context))
  })
  tell(context, home, kind, options)
  return undefined
}

function nameOf(given: string | undefined, { from, template }: InitOptions): string {
  if (from != null && template != null) {
    throw new UsageError(
      '--from and --template were given: say one of them, the manifest or what to make it from.'
    )
  }
  if (given == null && from == null) {
    throw new UsageError('Name the federation, e.g. murmur init digits; or say --from <file.yaml>.')
  }
  return given ?? ''
}

async function read(context: CommandContext, path: string): Promise<string> {
  return await readFile(resolve(context.cwd, path), 'utf8')
}

async function writeDraft(
  context: CommandContext,
  name: string,
  yaml: string,
  options: Options
): Promise<undefined> {
  const file = join(context.cwd, `${fileStem(name)}.yaml`)
  const next = `murmur init --from ${shellWord(file)}${homeFlag(context, options.home)}`
  try {
    await writeFile(file, yaml, { flag: 'wx' })
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause
    throw new UserError(`${file} is there already. Move it away, or found what it says:\n  ${next}`, {
      cause
    })
  }
  if (options.json) context.stdout.write(jsonLine({ draft: file }))
  else {
    context.stdout.write(
      `Wrote ${file}.\nEdit it to describe your data, then found the federation:\n  ${next}\n`
    )
  }
}

function tell(
  context: CommandContext,
  { manifest, peerId, dir }: HomeInfo,
  kind: string,
  options: Options
): void {
  if (options.json) {
    const detail = { federation: manifest.cid, name: manifest.value.name, peerId, home: dir }
    context.stdout.write(jsonLine(detail))
    return
  }
  const lines = block(describeManifest(manifest), context.stdout)
  const data = kind === 'digits' && options.from == null ? 'demo:1' : '<your data>'
  const home = homeFlag(context, dir)
  context.stdout.write(`Founded a federation in ${dir}:\n\n${lines}\n\n`)
  context.stdout.write(`You are its founder, peer ${peerId}. What next:\n`)
  context.stdout.write(
    `  murmur start${home} --data ${data}\n  murmur invite${home}     (in another terminal)\n`
  )
}

function withPassphrase(passphrase: string | undefined): { passphrase?: string } {
  return passphrase == null ? {} : { passphrase }
}
