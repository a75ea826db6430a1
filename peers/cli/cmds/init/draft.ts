/** The manifest that a person asked for: a template or a file, with the settings from the command line put in. */
import { isMap, parseDocument } from 'yaml'
import { UsageError } from '../../output/exit.ts'
import type { InitOptions } from './options.ts'

/** YAML text with the name and the given settings replaced; comments stay. */
export function applySettings(yaml: string, name: string | null, options: Partial<InitOptions>): string {
  const document = parseDocument(yaml)
  if (document.errors.length > 0 || !isMap(document.contents)) return yaml
  const set = (path: string[], value: unknown): void => setWhere(document, path, value)
  if (name != null) set(['name'], name)
  if (options.rounds != null) set(['rounds', 'stop', 'rounds'], options.rounds)
  if (options.members != null) setMembers(document, options.members)
  if (options.codec != null) set(['exchange', 'codec'], options.codec)
  if (options.hidden != null) setHidden(document, options.hidden)
  return document.toString({ lineWidth: 0 })
}

type Yaml = ReturnType<typeof parseDocument>

/** Where something other than a map is in the way nothing is set: reading the manifest tells of it, with the line. */
function setWhere(document: Yaml, path: string[], value: unknown): void {
  const parents = path.slice(0, -1).map((_, i) => document.getIn(path.slice(0, i + 1)))
  if (parents.every((parent) => parent === undefined || isMap(parent))) document.setIn(path, value)
}

/** The schema's default. */
const MIN_CONTRIBUTORS = 2

/** A round of n members brings at most n updates: where the manifest wants more, it is made to want n. */
function setMembers(document: Yaml, members: number): void {
  const given: unknown = document.getIn(['rounds', 'minContributors'])
  const wanted = typeof given === 'number' ? given : MIN_CONTRIBUTORS
  setWhere(document, ['rounds', 'startMembers'], members)
  if (wanted > members) setWhere(document, ['rounds', 'minContributors'], members)
}

function setHidden(document: Yaml, hidden: number[]): void {
  const preset: unknown = document.getIn(['model', 'architecture', 'preset'])
  if (preset !== 'mlp' && preset !== 'cnn') {
    throw new UsageError(
      `--hidden is for the presets mlp and cnn; this manifest has ${JSON.stringify(preset ?? 'none')}.`
    )
  }
  document.setIn(['model', 'architecture', 'hidden'], document.createNode(hidden, { flow: true }))
}
