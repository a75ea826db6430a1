/** `murmur init`: found a federation. */
import { lazy } from '../../command.ts'
import { initOptions } from './options.ts'
import type { CommandSpec } from '../../command.ts'
import type { InitOptions } from './options.ts'

export const init: CommandSpec = {
  name: 'init',
  summary: 'Found a federation: write its manifest, make a key, sign.',
  description: `The manifest (federation.yaml) fixes what is trained and by which rules; once founded it never changes.
The digits template needs no data and is founded at once. The others describe data that murmur cannot know: they are
written to ./<name>.yaml for you to edit, then found with --from.
Set MURMUR_PASSPHRASE to encrypt the new key.`,
  args: [{ name: '[name]', description: "The federation's name. With --from the file's name counts." }],
  options: initOptions,
  examples: [
    ['init digits', 'found a federation on generated digits'],
    ['init hearts --template tabular', 'write hearts.yaml to edit'],
    ['init --from hearts.yaml', 'found what hearts.yaml says']
  ],
  run: lazy<InitOptions>(() => import('./handler.ts'))
}
