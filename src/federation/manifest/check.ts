/** What a manifest must satisfy beyond its schema: that its parts fit each other, so that training can begin at all. */
import { shortageOf } from '../../aggregation/method.ts'
import { needsRoot, needsWhole } from '../../aggregation/plan.ts'
import { codecOf } from '../../codecs/index.ts'
import { clientProblems } from './clients.ts'
import type { ManifestProblem } from './errors.ts'
import type { manifestDraftSchema } from './schema.ts'
import type { z } from 'zod'

/** A draft with all defaults filled in. */
export type CheckedDraft = z.output<typeof manifestDraftSchema>

type Check = (draft: CheckedDraft) => (ManifestProblem | false)[]

/** Everything that does not fit; empty when the draft is sound. */
export function problemsOf(draft: CheckedDraft): ManifestProblem[] {
  const checks: Check[] = [
    checkLabels,
    checkMetrics,
    checkLoss,
    checkColumns,
    checkText,
    checkModel,
    checkRounds,
    checkRule,
    checkRoot,
    checkOptimizer,
    clientProblems,
    checkTopology
  ]
  return [...checks, checkPeople].flatMap((check) => check(draft)).filter((problem) => problem !== false)
}

const checkLabels: Check = ({ task }) => {
  const path = ['task', 'labels']
  if (task.kind === 'regression') {
    return [task.labels.length > 0 && problem(path, 'regression predicts a number: leave the labels out')]
  }
  return [
    task.labels.length < 2 &&
      problem(
        path,
        `classification needs at least 2 labels, found ${task.labels.length}: list the class names`
      ),
    repeated(path, task.labels)
  ]
}

const checkMetrics: Check = ({ task, rounds }) => {
  const target = rounds.stop.target?.metric ?? 'loss'
  const fits = { accuracy: 'classification', auc: 'classification', mae: 'regression' }
  return [
    ...task.metrics.map((metric, i) => {
      const message = `${metric} is a metric of ${fits[metric]}; this task is ${task.kind}: write [${task.kind === 'regression' ? 'mae' : 'accuracy'}]`
      return fits[metric] !== task.kind && problem(['task', 'metrics', i], message)
    }),
    task.metrics.includes('auc') &&
      task.labels.length !== 2 &&
      problem(['task', 'metrics'], `auc needs exactly 2 labels, found ${task.labels.length}`),
    target !== 'loss' &&
      !task.metrics.includes(target) &&
      problem(['rounds', 'stop', 'target', 'metric'], `${target} is not measured: add it to task.metrics`)
  ]
}

const checkLoss: Check = ({ task, training: { loss } }) => {
  const path = ['training', 'loss']
  if (task.kind === 'regression') {
    return [loss !== 'meanSquaredError' && problem(path, `${loss} is for classes: write meanSquaredError`)]
  }
  return [
    loss === 'meanSquaredError' &&
      problem(path, 'meanSquaredError is for regression: write categoricalCrossentropy'),
    loss === 'binaryCrossentropy' &&
      task.labels.length !== 2 &&
      problem(path, `binaryCrossentropy needs exactly 2 labels, found ${task.labels.length}`)
  ]
}

const checkColumns: Check = ({ task: { input } }) => {
  if (input.kind !== 'tabular') return []
  const path = ['task', 'input']
  const names = input.columns.map(({ name }) => name)
  return [
    repeated([...path, 'columns'], names),
    names.includes(input.target) &&
      problem(
        [...path, 'target'],
        `"${input.target}" is also among the columns: the model would see the answer`
      ),
    /[\r\n"]/.test(input.delimiter) &&
      problem([...path, 'delimiter'], 'a line break or quote cannot separate cells'),
    ...input.columns.map((column, i) => checkColumn(column, [...path, 'columns', i]))
  ]
}

function checkColumn(
  column: Extract<CheckedDraft['task']['input'], { kind: 'tabular' }>['columns'][number],
  path: PropertyKey[]
): ManifestProblem | false {
  if (column.type === 'category') return repeated([...path, 'values'], column.values)
  const given = [column.mean, column.std].filter((value) => value != null).length
  return given === 1 && problem(path, `"${column.name}" gives one of mean and std: give both, or neither`)
}

const checkText: Check = ({ task: { input } }) =>
  input.kind === 'text' && input.tokens.kind === 'characters'
    ? [repeated(['task', 'input', 'tokens', 'alphabet'], [...input.tokens.alphabet])]
    : []

const checkModel: Check = ({ model: { architecture }, task: { input } }) => {
  if (!('preset' in architecture) || architecture.preset !== 'cnn') return []
  const path = ['model', 'architecture']
  if (input.kind !== 'image') {
    return [problem([...path, 'preset'], `cnn reads images; this task reads ${input.kind} data: write mlp`)]
  }
  const most = Math.floor(Math.log2(Math.min(input.height, input.width)))
  const message = `each layer halves the image: ${input.height}×${input.width} allows at most ${most} layers`
  return [architecture.filters.length > most && problem([...path, 'filters'], message)]
}

const checkRounds: Check = ({ rounds: { startMembers, minContributors, cohort, deadline } }) => {
  const trained = Math.ceil(startMembers * cohort)
  return [
    startMembers < minContributors &&
      problem(
        ['rounds', 'startMembers'],
        `training would start with ${startMembers} members, but a round needs ${minContributors} contributors: raise startMembers or lower minContributors`
      ),
    startMembers >= minContributors &&
      trained < minContributors &&
      problem(
        ['rounds', 'cohort'],
        `of the first ${startMembers} members only ${trained} would train, but a round needs ${minContributors}: raise the cohort`
      ),
    deadline.floorMs > deadline.ceilingMs &&
      problem(
        ['rounds', 'deadline', 'floorMs'],
        `the floor (${deadline.floorMs} ms) is above the ceiling (${deadline.ceilingMs} ms)`
      )
  ]
}

/** A round that commits has `minContributors` updates or more: where that is enough for the rule, no round stalls by it. */
const checkRule: Check = ({ aggregation, rounds: { minContributors } }) => {
  const shortage = shortageOf(aggregation, minContributors)
  if (shortage == null) return []
  const { name, needed, found } = shortage
  const left = found === minContributors ? `${found}` : `${found} of ${minContributors}`
  const message = `${name} needs ${needed} updates as it is set, a round may have ${left}: raise rounds.minContributors or lower what it is to withstand`
  return [problem(['aggregation', 'rule'], message)]
}

/** Without the very update of the member that is trusted a round moves nothing. */
const checkRoot: Check = ({ aggregation, rounds: { cohort } }) => {
  if (!needsRoot(aggregation)) return []
  const { rule, before = [] } = aggregation
  return [
    before.length > 0 &&
      problem(
        ['aggregation', 'before'],
        `${rule.name} goes by one member's update as it came, which ${before[0].name} replaces: leave before out`
      ),
    cohort < 1 &&
      problem(
        ['rounds', 'cohort'],
        `${rule.name} needs the update of the member that it trusts in every round, a cohort of ${cohort} would often be without: write 1`
      )
  ]
}

/** A member that reduces a part of the vector has that part alone, and is believed. */
const checkTopology: Check = ({ exchange, aggregation, membership, rounds }) => {
  const { topology, codec } = exchange
  if (topology === 'full') return []
  const path = ['exchange', 'topology']
  const { rule } = aggregation
  if (codec.name === 'auto')
    return [problem(['exchange', 'codec'], 'butterfly wants one codec for all: write its name, e.g. int8')]
  const { span, errorFeedback, varies } = codecOf(codec, new Uint8Array())
  return [
    rounds.committee != null &&
      problem(
        ['rounds', 'committee'],
        'in a butterfly every member works on a part: leave the committee out, or write exchange.topology full'
      ),
    membership.faultModel !== 'crash' &&
      problem(path, 'butterfly trusts members with a part each: write full, or membership.faultModel crash'),
    needsWhole(aggregation) &&
      problem(
        path,
        `butterfly cannot do ${rule.name} as it is set, which compares whole updates: write full`
      ),
    varies != null &&
      problem(
        path,
        `butterfly takes parts of payloads, which ${codec.name} with entropy has at no fixed place: write full, or leave entropy out`
      ),
    varies == null &&
      (span == null || errorFeedback) &&
      problem(
        path,
        `butterfly sends sums in the updates' codec, for which ${codec.name} is too coarse: write full, or int8 or finer`
      )
  ]
}

/** Squares of updates, summed over all rounds that a manifest may have, stay within float32 (3e38). */
const MAX_SQUARED_NORM = 1e12

const checkOptimizer: Check = ({ aggregation: { serverOptimizer, maxNorm } }) => {
  const { name } = serverOptimizer
  const message = `${name} remembers squares of updates: with a maxNorm above ${MAX_SQUARED_NORM} they are no numbers any more`
  const squares = name === 'adagrad' || name === 'adam' || name === 'yogi'
  return [squares && maxNorm > MAX_SQUARED_NORM && problem(['aggregation', 'maxNorm'], message)]
}

const checkPeople: Check = ({ membership, licence }) => [
  repeated(['membership', 'admins'], membership.admins),
  !/^[A-Za-z0-9.+()-]+( [A-Za-z0-9.+()-]+)*$/.test(licence) &&
    problem(
      ['licence'],
      `"${licence}" is not an SPDX expression such as Apache-2.0 or CC-BY-4.0 (https://spdx.org/licenses)`
    )
]

function problem(path: readonly PropertyKey[], message: string): ManifestProblem {
  return { path, message }
}

function repeated(path: readonly PropertyKey[], values: readonly string[]): ManifestProblem | false {
  const seen = new Set<string>()
  const again = values.find((value) => seen.size === seen.add(value).size)
  return again != null && problem(path, `"${again}" is there twice`)
}
