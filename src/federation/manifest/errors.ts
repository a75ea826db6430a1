/** What is wrong with a manifest, and where. */

import { printable } from '../../printable.ts'

/** What a message says of one place and problem. */
const MAX_CHARACTERS = 300

/** One thing wrong: the place as a path into the manifest, and a sentence that says what to write instead. */
export interface ManifestProblem {
  path: readonly PropertyKey[]
  message: string
  /** Line in the YAML text, from 1 on, when there is a text. */
  line?: number
}

/** A manifest that cannot be used. Every problem is named, so that all can be repaired at once. */
export class InvalidManifestError extends Error {
  static override name = 'InvalidManifestError'

  readonly problems: readonly ManifestProblem[]

  constructor(problems: readonly ManifestProblem[], options?: ErrorOptions) {
    super(`This manifest cannot be used:\n${describeProblems(problems)}`, options)
    this.name = 'InvalidManifestError'
    this.problems = problems
  }
}

/** The first ten, a line each. */
export function describeProblems(problems: readonly ManifestProblem[]): string {
  return problems.slice(0, 10).map(describeProblem).join('\n')
}

/** `  line 12, rounds.startMembers: 1 is less than …` */
function describeProblem({ path, message, line }: ManifestProblem): string {
  const place = [line == null ? null : `line ${line}`, path.length === 0 ? null : path.join('.')]
    .filter((part) => part != null)
    .join(', ')
  return `  ${printable(place === '' ? message : `${place}: ${message}`, MAX_CHARACTERS)}`
}
