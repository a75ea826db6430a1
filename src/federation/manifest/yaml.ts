/** The manifest as people write it: YAML in, with errors that name the line; YAML out. */
import { CID } from 'multiformats/cid'
import { LineCounter, parseDocument, stringify } from 'yaml'
import { problemsOf } from './check.ts'
import { InvalidManifestError } from './errors.ts'
import { excessOf } from './nesting.ts'
import { manifestDraftSchema } from './schema.ts'
import type { CheckedDraft } from './check.ts'
import type { ManifestProblem } from './errors.ts'
import type { Document } from 'yaml'
import type { z } from 'zod'

/** The longest manifest text read, characters: a topology of the largest size fits. */
export const MAX_YAML_CHARACTERS = 2 * 1024 * 1024

/** More at once nobody repairs; and each takes a search for its line. */
const MAX_PROBLEMS = 100

type Issue = z.core.$ZodIssue

/** A parsed text and where its lines begin. */
interface Source {
  document: Document
  lines: LineCounter
  /** The text as plain values. */
  value: unknown
}

/**
 * Read a manifest that a person wrote, and fill in the defaults.
 *
 * @throws {InvalidManifestError} not YAML, not of the schema, or parts that do not fit each other; names each line
 */
export function parseManifestYaml(text: string): CheckedDraft {
  const source = readYaml(text)
  const result = manifestDraftSchema.safeParse(withCid(source.value))
  if (!result.success) {
    const issues = result.error.issues.slice(0, MAX_PROBLEMS).flatMap(flatten).slice(0, MAX_PROBLEMS)
    const problems = issues.map((issue) => problemOf(issue, source))
    throw new InvalidManifestError(problems, { cause: result.error })
  }
  const problems = problemsOf(result.data).map((problem) => ({
    ...problem,
    line: lineOf(source, problem.path)
  }))
  if (problems.length > 0) throw new InvalidManifestError(problems)
  return result.data
}

/** A draft as YAML that `parseManifestYaml` reads back to an equal draft. */
export function manifestToYaml(draft: CheckedDraft): string {
  const { initial } = draft.model
  const plain = 'cid' in initial ? { cid: initial.cid.toString() } : initial
  return stringify({ ...draft, model: { ...draft.model, initial: plain } }, { lineWidth: 0 })
}

function readYaml(text: string): Source {
  if (text.length > MAX_YAML_CHARACTERS) {
    const message = `${text.length} characters, at most ${MAX_YAML_CHARACTERS} expected`
    throw new InvalidManifestError([{ path: [], message }])
  }
  const lines = new LineCounter()
  const excess = excessOf(text)
  if (excess != null) {
    const line = text.slice(0, excess.offset).split('\n').length
    throw new InvalidManifestError([{ path: [], message: `not a manifest: ${excess.message}`, line }])
  }
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'error' })
  const problems = document.errors.map((error) => ({
    path: [],
    message: `not YAML: ${error.message}`,
    line: lines.linePos(error.pos[0]).line
  }))
  if (problems.length > 0) throw new InvalidManifestError(problems)
  return { document, lines, value: plainValue(document) }
}

function plainValue(document: Document): unknown {
  try {
    // Few aliases are ever useful here; many are the "billion laughs" attack.
    return document.toJS({ maxAliasCount: 20 }) as unknown
  } catch (cause) {
    throw new InvalidManifestError([{ path: [], message: (cause as Error).message }], { cause })
  }
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

/** Of a union that matched nowhere, the issues of the branch that came closest. */
function flatten(issue: Issue): Issue[] {
  if (issue.code === 'unrecognized_keys') {
    const { keys } = issue
    return keys.map((key) => ({ ...issue, keys: [key], path: [...issue.path, key] }))
  }
  if (issue.code !== 'invalid_union' || issue.errors.length === 0) return [issue]
  const branches = issue.errors.map((branch) => branch.flatMap(flatten))
  const closest = branches.reduce((best, branch) => (distance(branch) < distance(best) ? branch : best))
  return closest.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }))
}

/** Wrong names and wrong kinds put a branch farther away than wrong values do. */
function distance(branch: Issue[]): number {
  return branch.reduce((sum, { code, path }) => sum + (isNaming(code) ? 100 : 1) / (1 + path.length), 0)
}

function isNaming(code: Issue['code']): boolean {
  return code === 'unrecognized_keys' || code === 'invalid_union'
}

function problemOf(issue: Issue, source: Source): ManifestProblem {
  return { path: issue.path, message: messageOf(issue, source), line: lineOf(source, issue.path) }
}

function messageOf(issue: Issue, source: Source): string {
  if (issue.code === 'unrecognized_keys') return 'there is no such setting: remove it or correct its name'
  const found = source.document.getIn(issue.path) as unknown
  if (found === undefined) return `missing (${expected(issue)})`
  return `${expected(issue)}, found ${brief(found)}`
}

function expected(issue: Issue): string {
  if (issue.code === 'invalid_union' && 'options' in issue && issue.options != null) {
    return `expected one of ${issue.options.map(String).join(', ')}`
  }
  return issue.message.replace(/^Invalid (input|option): /, '').replace(/, received .*$/, '')
}

function brief(value: unknown): string {
  if (typeof value === 'object' && value != null) return 'a list or a map'
  const text = JSON.stringify(value)
  return text.length > 60 ? `${text.slice(0, 57)}…` : text
}

/** The line of the value at `path`, or of the nearest thing around it that exists. */
function lineOf(source: Source, path: readonly PropertyKey[]): number {
  for (let length = path.length; length > 0; length--) {
    const node = source.document.getIn(path.slice(0, length), true) as { range?: [number] } | undefined
    if (node?.range != null) return source.lines.linePos(node.range[0]).line
  }
  return 1
}
