/** Plans as people write them: YAML in, checked plans out. */
import { z } from 'zod'
import { problemsOf } from '../../../src/federation/manifest/check.ts'
import { problemsIn, readYaml, sourceOf, withLines } from '../../../src/federation/manifest/source.ts'
import { manifestDraftSchema } from '../../../src/federation/manifest/index.ts'
import { InvalidPlanError } from './errors.ts'
import { combinations, stemOf } from './grid.ts'
import { gridSchema, planSchema } from './schema.ts'
import type { CheckedDraft, ManifestProblem } from '../../../src/federation/manifest/index.ts'
import type { Source } from '../../../src/federation/manifest/source.ts'
import type { Combination, PlainMap } from './grid.ts'
import type { Plan } from './schema.ts'

/** Runs of one plan, over all seeds. */
const MAX_VARIANTS = 1000

const KIND = { name: 'a plan', Invalid: InvalidPlanError }

/** One plan of a grid, or the plan itself. */
export interface Variant {
  /** E.g. 'krum, alie'; the plan's name where there is no grid. */
  name: string
  plan: Plan
}

/**
 * Read a plan.
 *
 * @throws {InvalidPlanError} not YAML, not of the schema, or parts that do not fit each other; names line or variant
 */
export function parsePlan(text: string): Variant[] {
  const source = readYaml(text, KIND)
  const { grid: rawGrid, ...base } = mapOf(source)
  const grid = checked(gridSchema, { ...source, value: rawGrid }, ['grid'])
  const made = combinations(base, grid as Record<string, PlainMap>[])
  const excess = wrongWith(made)
  if (excess != null) throw new InvalidPlanError(withLines(source, [{ path: ['grid'], message: excess }]))
  return made.map(({ names, value }) => {
    const plan = names.length === 0 ? planOf({ ...source, value }) : inVariant(names, sourceOf(value))
    return { name: names.length === 0 ? plan.name : names.join(', '), plan }
  })
}

/** Why the combinations of a grid cannot be run as they are, or null. */
function wrongWith(made: readonly Combination[]): string | null {
  if (made.length > MAX_VARIANTS) return `${made.length} combinations, at most ${MAX_VARIANTS} expected`
  const stems = made.map(({ names }) => stemOf(names.join(', ')))
  const again = stems.find((stem, i) => stems.indexOf(stem) !== i)
  if (again == null) return null
  return `two variants would both have the files "${again}": give them names that differ in more than signs`
}

/** All clients of a plan, those that lie included. */
export function clientsOf({ data, clients, byzantine }: Plan): number {
  const liars = byzantine?.count ?? 0
  if (!('clients' in data)) return clients ?? liars + 1
  if (data.pooled) return 1 + liars
  return (data.only ?? data.clients).length + liars
}

/**
 * The manifest that the federation of a plan would have.
 *
 * @param seed - of the run: the first weights are drawn from it
 */
export function manifestOf(plan: Plan, seed: number): CheckedDraft {
  const { name, task, model, training, aggregation, exchange, cohort, rounds, target } = plan
  const members = clientsOf(plan)
  const stop = { rounds, ...(target != null && { target: { metric: target.metric, value: target.value } }) }
  const minContributors = Math.max(1, Math.min(members, Math.ceil(members * cohort - 1e-9)))
  return manifestDraftSchema.parse({
    ...{ name, task, training, aggregation, exchange },
    model: { ...model, initial: { seed } },
    rounds: { startMembers: members, minContributors, cohort, stop }
  })
}

function inVariant(names: readonly string[], source: Source): Plan {
  try {
    return planOf(source)
  } catch (error) {
    if (!(error instanceof InvalidPlanError)) throw error
    const where = `variant ${names.join(', ')}`
    const problems = error.problems.map(({ path, message }) => ({ path, message: `${message} (${where})` }))
    throw new InvalidPlanError(problems, { cause: error })
  }
}

function planOf(source: Source): Plan {
  const plan = checked(planSchema, source)
  const problems = [...misfits(plan), ...problemsOf(manifestOf(plan, 1)).map(inPlan)]
  if (problems.length > 0) throw new InvalidPlanError(withLines(source, problems))
  return plan
}

/** What the schema alone cannot see. */
function misfits(plan: Plan): ManifestProblem[] {
  const { data, clients, task } = plan
  const problems: (ManifestProblem | false)[] = [
    'path' in data &&
      data.partition.name === 'labels' &&
      task.kind === 'regression' && {
        path: ['data', 'partition', 'name'],
        message: 'expected a partition that needs no labels, as regression has none, found "labels"'
      },
    'path' in data &&
      clients == null && { path: ['clients'], message: 'missing (expected the number of clients)' },
    'clients' in data &&
      clients != null && { path: ['clients'], message: 'data.clients says how many there are: remove it' },
    ...(plan.aggregation.rule.name === 'fltrust' ? misfitsOfRoot(plan) : [tooManyLiars(plan)]),
    plan.exchange.codec.name === 'auto' && {
      path: ['exchange', 'codec'],
      message: 'auto goes by links, of which a simulation has none: name a codec'
    },
    ...('clients' in data ? unknownNames(data) : [])
  ]
  return problems.filter((problem) => problem !== false)
}

function tooManyLiars(plan: Plan): ManifestProblem | false {
  const [liars, all] = [plan.byzantine?.count ?? 0, clientsOf(plan)]
  return (
    2 * liars >= all && {
      path: ['byzantine', 'count'],
      message: `expected less than half of the ${all} clients, found ${liars}`
    }
  )
}

/** As long as the one that is trusted is honest, all others may lie. */
function misfitsOfRoot(plan: Plan): (ManifestProblem | false)[] {
  const { rule } = plan.aggregation
  const { root = 0, byzantine } = plan
  const honest = clientsOf(plan) - (byzantine?.count ?? 0)
  return [
    rule.name === 'fltrust' &&
      rule.root != null && {
        path: ['aggregation', 'rule', 'root'],
        message:
          'clients of a simulation have no peer ids: write root beside rounds, and the number of a client'
      },
    root >= honest && {
      path: root === 0 ? ['byzantine', 'count'] : ['root'],
      message: `fltrust trusts client ${root}, but ${honest > 0 ? `honest are only the first ${honest} (0 to ${honest - 1})` : 'all of them lie'}`
    }
  ]
}

function unknownNames({
  clients,
  only = []
}: Extract<Plan['data'], { clients: unknown }>): ManifestProblem[] {
  const names = clients.map(({ name }) => name)
  const unknown = only.filter((name) => !names.includes(name))
  const again = names.find((name, i) => names.indexOf(name) !== i)
  return [
    ...unknown.map((name) => ({
      path: ['data', 'only'],
      message: `expected names among ${names.join(', ')}, found "${name}"`
    })),
    ...(again == null ? [] : [{ path: ['data', 'clients'], message: `the name "${again}" is there twice` }])
  ]
}

/** Where a setting of the manifest is in a plan. */
function inPlan({ path, message }: ManifestProblem): ManifestProblem {
  const [first, second, ...rest] = path
  if (first !== 'rounds') return { path, message }
  if (second === 'stop') return { path: rest[0] === 'target' ? rest : ['rounds'], message }
  return { path: second === 'cohort' ? ['cohort'] : ['clients'], message }
}

function mapOf({ value }: Source): PlainMap {
  if (typeof value === 'object' && value != null && !Array.isArray(value)) return value as PlainMap
  throw new InvalidPlanError([
    { path: [], message: 'expected a map of settings (name: …), found something else' }
  ])
}

function checked<T extends z.ZodType>(schema: T, source: Source, path: string[] = []): z.output<T> {
  const result = schema.safeParse(source.value)
  if (result.success) return result.data
  const issues = result.error.issues.map((issue) => ({ ...issue, path: [...path, ...issue.path] }))
  throw new InvalidPlanError(problemsIn(source, new z.ZodError(issues)), { cause: result.error })
}
