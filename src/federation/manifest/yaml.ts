/** The manifest as people write it: YAML in, with errors that name the line; YAML out. */
import { CID } from 'multiformats/cid'
import { stringify } from 'yaml'
import { problemsOf } from './check.ts'
import { InvalidManifestError } from './errors.ts'
import { manifestDraftSchema } from './schema.ts'
import { problemsIn, readYaml, withLines } from './source.ts'
import type { CheckedDraft } from './check.ts'

export { MAX_YAML_CHARACTERS } from './source.ts'

const KIND = { name: 'a manifest', Invalid: InvalidManifestError }

/**
 * Read a manifest that a person wrote, and fill in the defaults.
 *
 * @throws {InvalidManifestError} not YAML, not of the schema, or parts that do not fit each other; names each line
 */
export function parseManifestYaml(text: string): CheckedDraft {
  const source = readYaml(text, KIND)
  const result = manifestDraftSchema.safeParse(withCid(source.value))
  if (!result.success)
    throw new InvalidManifestError(problemsIn(source, result.error), { cause: result.error })
  const problems = withLines(source, problemsOf(result.data))
  if (problems.length > 0) throw new InvalidManifestError(problems)
  return result.data
}

/** A draft as YAML that `parseManifestYaml` reads back to an equal draft. */
export function manifestToYaml(draft: CheckedDraft): string {
  const { initial } = draft.model
  const plain = 'cid' in initial ? { cid: initial.cid.toString() } : initial
  return stringify({ ...draft, model: { ...draft.model, initial: plain } }, { lineWidth: 0 })
}

/** The one CID that a person may write, `model.initial.cid`, from its text form. */
function withCid(value: unknown): unknown {
  const root = asMap(value)
  const model = asMap(root?.model)
  const initial = asMap(model?.initial)
  if (typeof initial?.cid !== 'string') return value
  return { ...root, model: { ...model, initial: { ...initial, cid: parseCid(initial.cid) } } }
}

/** The CID, or the text itself, which the schema then refuses with the line. */
function parseCid(text: string): CID | string {
  try {
    return CID.parse(text)
  } catch {
    return text
  }
}

function asMap(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value != null ? (value as Record<string, unknown>) : undefined
}
