/** What is wrong with a plan, and where. */
import { describeProblems } from '../../../src/federation/manifest/errors.ts'
import type { ManifestProblem } from '../../../src/federation/manifest/errors.ts'

/** A plan that cannot be simulated. Every problem is named, with its line where it has one. */
export class InvalidPlanError extends Error {
  static override name = 'InvalidPlanError'
  readonly problems: readonly ManifestProblem[]

  constructor(problems: readonly ManifestProblem[], options?: ErrorOptions) {
    super(`This plan cannot be simulated:\n${describeProblems(problems)}`, options)
    this.name = 'InvalidPlanError'
    this.problems = problems
  }
}

/** No variant of a plan has what was asked for in its name. */
export class NoSuchVariantError extends Error {
  static override name = 'NoSuchVariantError'

  constructor(wanted: string, variants: readonly { name: string }[]) {
    const names = variants.slice(0, 10).map(({ name }) => `"${name}"`)
    super(
      `No variant has "${wanted}" in its name; there are ${names.join(', ')}${variants.length > 10 ? ', …' : ''}`
    )
    this.name = 'NoSuchVariantError'
  }
}
