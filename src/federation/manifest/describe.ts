/** The manifest in plain words, for a person who is asked whether to take part. */
import { countsSamples, rootOf } from '../../aggregation/method.ts'
import { codecOf } from '../../codecs/index.ts'
import type { InputSpec, Manifest, TrainingSpec } from './schema.ts'
import type { Signed } from '../signed.ts'

/** Labels, columns or hidden layers listed before the rest is only counted. */
const LISTED = 12

/** Lines that say what is trained, on what data, under which licence and rules, and who founded it. */
export function describeManifest({ value: manifest, cid }: Signed<Manifest>): string[] {
  return [
    `${manifest.name}`,
    ...(manifest.description === '' ? [] : [manifest.description]),
    '',
    `What is trained   ${describeModel(manifest)}`,
    `Task              ${describeTask(manifest)}`,
    `Your data         ${describeInput(manifest.task.input)}`,
    `Training          ${describeTraining(manifest.training)}`,
    `Rounds            ${describeRounds(manifest)}`,
    `Updates           ${describeExchange(manifest.exchange)}`,
    `Combined by       ${describeRule(manifest)}`,
    `Privacy           your data stays with you; model changes go to all members ${describePrivacy(manifest)}`,
    `Members           ${describeMembership(manifest)}`,
    `Licence           the resulting model is under ${manifest.licence}`,
    `Founded           ${new Date(manifest.createdAt).toISOString()} by ${manifest.founder}`,
    ...(manifest.contact === '' ? [] : [`Contact           ${manifest.contact}`]),
    `Federation        ${cid.toString()}`
  ]
}

function describeModel({ model: { architecture, initial } }: Manifest): string {
  const start =
    'seed' in initial ? `random weights (seed ${initial.seed})` : `the model ${initial.cid.toString()}`
  if (!('preset' in architecture)) return `a network given layer by layer, starting from ${start}`
  const names = {
    logistic: 'a logistic (single-layer) model',
    mlp: 'a multi-layer perceptron',
    cnn: 'a convolutional network'
  }
  const hidden = 'hidden' in architecture ? `, hidden layers ${architecture.hidden.join('-')}` : ''
  const filters = 'filters' in architecture ? `, filters ${architecture.filters.join('-')}` : ''
  return `${names[architecture.preset]}${filters}${hidden}, starting from ${start}`
}

function describeTask({ task }: Manifest): string {
  if (task.kind === 'regression') return `predict a number; measured by loss and ${list(task.metrics)}`
  return `tell apart ${task.labels.length} classes: ${list(task.labels)}; measured by loss and ${list(task.metrics)}`
}

function describeInput(input: InputSpec): string {
  switch (input.kind) {
    case 'image':
      return `images of ${input.height}×${input.width} pixels, ${input.channels === 1 ? 'grey' : 'colour (RGB)'}`
    case 'tabular':
      return `a table with the column "${input.target}" to predict from ${input.columns.length} columns: ${list(
        input.columns.map(({ name }) => name)
      )}`
    case 'text':
      return `texts of ${input.length} ${input.tokens.kind}, longer ones cut`
  }
}

function describeTraining(training: TrainingSpec): string {
  const { work, batchSize, optimizer, learningRate, client, local } = training
  const amount = 'epochs' in work ? plural(work.epochs, 'pass', 'passes') : plural(work.steps, 'step')
  const steps = `${amount} over its data, batches of ${batchSize}, ${optimizer.name} at ${learningRate}`
  const kept = local == null ? '' : '; layers of batch normalisation stay with each peer'
  return `each peer, each round: ${steps}${describeClient(client)}${kept}`
}

function describeClient(client: TrainingSpec['client']): string {
  switch (client.name) {
    case 'fedavg':
      return ''
    case 'workerMomentum':
      return `; sends a mean of its updates so far, the latest counting most: ${withSettings(client)}`
    default:
      return `; ${withSettings(client)}`
  }
}

function describeRounds({ rounds }: Manifest): string {
  const { target } = rounds.stop
  const early = target == null ? '' : `, or until ${target.metric} reaches ${target.value}`
  const share = rounds.cohort === 1 ? 'all members' : `${Math.round(rounds.cohort * 100)} % of the members`
  return `${rounds.stop.rounds}${early}; ${share} train in each, at least ${rounds.minContributors} must deliver; starts with ${plural(rounds.startMembers, 'member')}`
}

function describeRule(manifest: Manifest): string {
  const { rule, before = [], serverOptimizer } = manifest.aggregation
  const steps = [...before, rule].map(withSettings).join(', then ')
  return `${steps}; ${describeWeights(manifest)}; ${withSettings(serverOptimizer)}${describeCommittee(manifest)}`
}

function describeWeights(manifest: Manifest): string {
  const root = rootOf(manifest)
  if (root == null)
    return countsSamples(manifest) ? 'members count by their samples' : 'all members count alike'
  const who = root === manifest.founder ? 'the founder' : root
  return `${who} is trusted: the others count by how far their updates go the way of that member's, and a round without it teaches nothing`
}

function describeCommittee({ rounds: { committee }, membership }: Manifest): string {
  if (committee == null) return ''
  const share = membership.faultModel === 'crash' ? 'half' : 'two thirds'
  return `; of more than ${committee} members ${committee} at a time work it out, and the others take what more than ${share} of these agree on`
}

function withSettings({ name, ...settings }: { name: string }): string {
  const list = Object.entries(settings).map(([key, value]) => `${key} ${String(value)}`)
  return list.length === 0 ? name : `${name} (${list.join(', ')})`
}

function describeExchange({ codec, topology }: Manifest['exchange']): string {
  const share = topology === 'full' ? '' : '; each member combines a part for all, and is trusted with it'
  const entropy =
    'entropy' in codec && codec.entropy != null ? `; without loss smaller by ${codec.entropy}` : ''
  return `${describeCodec(codec)}${entropy}${share}`
}

function describeCodec(codec: Manifest['exchange']['codec']): string {
  if (codec.name === 'auto')
    return `as finely as each member's own link carries them in ${codec.seconds} s (auto); what that leaves out is added to the next ones`
  const { errorFeedback } = codecOf(codec, new Uint8Array())
  const rest = errorFeedback ? '; what that leaves out is added to the next one (error feedback)' : ''
  switch (codec.name) {
    case 'fp32':
      return 'sent as they are (fp32)'
    case 'topk':
    case 'randomk': {
      const which = codec.name === 'topk' ? 'largest' : 'randomly drawn'
      return `the ${which} ${Number((codec.fraction * 100).toPrecision(3))} % of the values, as ${codec.values}${rest}`
    }
    case 'powersgd':
      return `each layer as two thin matrices (rank ${codec.rank}), as ${codec.values}${rest}`
    default:
      return `compressed (${codec.name})${rest}`
  }
}

function describePrivacy({ privacy }: Manifest): string {
  switch (privacy.kind) {
    case 'none':
      return 'as they are (no noise, no secure aggregation)'
  }
}

function describeMembership({ membership }: Manifest): string {
  const who =
    membership.invites === 'admins' ? 'only the founder and admins invite' : 'every member may invite'
  const admins = membership.admins.length === 0 ? '' : `; admins: ${list(membership.admins)}`
  const faults =
    membership.faultModel === 'crash'
      ? 'more than half of the members must agree on each result'
      : 'more than two thirds of the members must agree on each result'
  const ban = `who votes twice is out for ${plural(membership.banRounds, 'commit')}`
  return `${who}${admins}; ${faults}; ${ban}`
}

function list(values: readonly string[]): string {
  const more = values.length - LISTED
  return more > 0 ? `${values.slice(0, LISTED).join(', ')} and ${more} more` : values.join(', ')
}

function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`
}
