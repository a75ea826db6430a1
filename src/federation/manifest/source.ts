/** YAML that a person wrote, read through a schema: every problem is told with its line, what was expected and found. */
import { Document, LineCounter, parseDocument } from 'yaml'
import { excessOf } from './nesting.ts'
import type { ManifestProblem } from './errors.ts'
import type { z } from 'zod'

/** The longest text read, characters: a topology of the largest size fits. */
export const MAX_YAML_CHARACTERS = 2 * 1024 * 1024

/** More at once nobody repairs; and each takes a search for its line. */
const MAX_PROBLEMS = 100

type Issue = z.core.$ZodIssue

/** What a text should be, and the error for one that is not. */
export interface TextKind {
  /** E.g. 'a manifest'. */
  name: string
  Invalid: new (problems: readonly ManifestProblem[], options?: ErrorOptions) => Error
}

/** A parsed text and where its lines begin. */
export interface Source {
  document: Document
  /** Null: the values were put together from several places and have no lines. */
  lines: LineCounter | null
  /** The text as plain values. */
  value: unknown
}

/** Parse a text. Throws the kind's error when it is too long, too deep or not YAML. */
export function readYaml(text: string, { name, Invalid }: TextKind): Source {
  if (text.length > MAX_YAML_CHARACTERS) {
    const message = `${text.length} characters, at most ${MAX_YAML_CHARACTERS} expected`
    throw new Invalid([{ path: [], message }])
  }
  const lines = new LineCounter()
  const excess = excessOf(text)
  if (excess != null) {
    const line = text.slice(0, excess.offset).split('\n').length
    throw new Invalid([{ path: [], message: `not ${name}: ${excess.message}`, line }])
  }
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'error' })
  const problems = document.errors.map((error) => ({
    path: [],
    message: `not YAML: ${error.message}`,
    line: lines.linePos(error.pos[0]).line
  }))
  if (problems.length > 0) throw new Invalid(problems)
  return { document, lines, value: plainValue(document, Invalid) }
}

function plainValue(document: Document, Invalid: TextKind['Invalid']): unknown {
  try {
    // Few aliases are ever useful here; many are the "billion laughs" attack.
    return document.toJS({ maxAliasCount: 20 }) as unknown
  } catch (cause) {
    throw new Invalid([{ path: [], message: (cause as Error).message }], { cause })
  }
}

/** Values that no text has as they are, to be read in the same way. */
export function sourceOf(value: unknown): Source {
  return { document: new Document(value), lines: null, value }
}

/** What a schema found wrong, each with its line. */
export function problemsIn(source: Source, { issues }: z.ZodError): ManifestProblem[] {
  const flat = issues.slice(0, MAX_PROBLEMS).flatMap(flatten).slice(0, MAX_PROBLEMS)
  return flat.map((issue) => problemOf(issue, source))
}

/** The same problems, each with its line. */
export function withLines(source: Source, problems: readonly ManifestProblem[]): ManifestProblem[] {
  return problems.map((problem) => ({ ...problem, line: lineOf(source, problem.path) }))
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
function lineOf(source: Source, path: readonly PropertyKey[]): number | undefined {
  if (source.lines == null) return undefined
  for (let length = path.length; length > 0; length--) {
    const node = source.document.getIn(path.slice(0, length), true) as { range?: [number] } | undefined
    if (node?.range != null) return source.lines.linePos(node.range[0]).line
  }
  return 1
}
