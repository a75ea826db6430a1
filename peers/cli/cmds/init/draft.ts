/** The manifest that a person asked for: a template or a file, with the settings from the command line put in. */
import { parseDocument } from 'yaml'
import { UsageError } from '../../output/exit.ts'
import type { InitOptions } from './options.ts'

/** YAML text with the name and the given settings replaced; comments stay. */
export function applySettings(yaml: string, name: string | null, options: Partial<InitOptions>): string {
  const document = parseDocument(yaml)
  if (document.errors.length > 0) return yaml
  const set = (path: string[], value: unknown): void => document.setIn(path, value)
  if (name != null) set(['name'], name)
  if (options.rounds != null) set(['rounds', 'stop', 'rounds'], options.rounds)
  if (options.members != null) setMembers(set, options.members)
  if (options.hidden != null) setHidden(document, options.hidden)
  return document.toString({ lineWidth: 0 })
}

/** A round of n members needs at most n updates: two, or one when there is only one member. */
function setMembers(set: (path: string[], value: unknown) => void, members: number): void {
  set(['rounds', 'startMembers'], members)
  set(['rounds', 'minContributors'], Math.min(2, members))
}

function setHidden(document: ReturnType<typeof parseDocument>, hidden: number[]): void {
  const preset: unknown = document.getIn(['model', 'architecture', 'preset'])
  if (preset !== 'mlp' && preset !== 'cnn') {
    throw new UsageError(
      `--hidden is for the presets mlp and cnn; this manifest has ${JSON.stringify(preset ?? 'none')}.`
    )
  }
  document.setIn(['model', 'architecture', 'hidden'], document.createNode(hidden, { flow: true }))
}
