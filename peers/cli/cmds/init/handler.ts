import { readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import {
  describeManifest,
  manifestTemplate,
  parseManifestYaml,
  templateKinds
} from '../../../../src/federation/manifest/index.ts'
import { UserError } from '../../output/exit.ts'
import { jsonLine } from '../../output/json.ts'
import { newPassphrase } from '../../run/passphrase.ts'
import { applySettings } from './draft.ts'
import type { Handler } from '../../command.ts'
import type { CommandContext, GlobalOptions } from '../../context.ts'
import type { HomeInfo } from '../../library/types.ts'
import type { InitOptions } from './options.ts'

type Options = InitOptions & GlobalOptions

export const handler: Handler<InitOptions> = async ({ context, args, options }) => {
  const name = args[0] ?? ''
  const kind = options.template ?? templateKinds.find((known) => known === name) ?? 'digits'
  if (options.from == null && kind !== 'digits' && !options.yes) {
    return await writeDraft(context, name, applySettings(manifestTemplate(kind), name, options), options)
  }
  const yaml = options.from == null ? manifestTemplate(kind) : await read(context, options.from)
  const settled = applySettings(yaml, options.from == null ? name : null, options)
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

async function read(context: CommandContext, path: string): Promise<string> {
  return await readFile(resolve(context.cwd, path), 'utf8')
}

async function writeDraft(
  context: CommandContext,
  name: string,
  yaml: string,
  options: Options
): Promise<undefined> {
  const file = join(context.cwd, `${name.replace(/[^\w.-]+/g, '-')}.yaml`)
  try {
    await writeFile(file, yaml, { flag: 'wx' })
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause
    const message = `${file} is there already. Found it with: murmur init ${name} --from ${file}, or move it away.`
    throw new UserError(message, { cause })
  }
  if (options.json) context.stdout.write(jsonLine({ draft: file }))
  else {
    const next = `murmur init ${JSON.stringify(name)} --from ${file}`
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
  const lines = describeManifest(manifest).map((line) => `  ${line}`.trimEnd())
  const data = kind === 'digits' && options.from == null ? 'demo:1' : '<your data>'
  const home = context.env['MURMUR_HOME'] === dir || options.home.endsWith('/.murmur') ? '' : ` --home ${dir}`
  context.stdout.write(`Founded a federation in ${dir}:\n\n${lines.join('\n')}\n\n`)
  context.stdout.write(`You are its founder, peer ${peerId}. What next:\n`)
  context.stdout.write(
    `  murmur start${home} --data ${data}\n  murmur invite${home}     (in another terminal)\n`
  )
}

function withPassphrase(passphrase: string | undefined): { passphrase?: string } {
  return passphrase == null ? {} : { passphrase }
}
