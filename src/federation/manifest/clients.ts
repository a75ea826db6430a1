/** What a client algorithm asks of the rest of a manifest. */
import { keepsControls } from '../../aggregation/controls.ts'
import { codecOf, specsOf } from '../../codecs/index.ts'
import type { CheckedDraft } from './check.ts'
import type { ManifestProblem } from './errors.ts'

/** Beyond this what steps of momentum add up to is lost in rounding. */
const MAX_MOMENTUM = 0.999

/** What of the manifest an algorithm does not go with. */
export function clientProblems(draft: CheckedDraft): (ManifestProblem | false)[] {
  const { name } = draft.training.client
  return [
    localProblem(draft),
    ...(name === 'fednova' || name === 'scaffold' ? divisionProblems(draft) : []),
    ...(keepsControls(name) ? controlProblems(draft) : []),
    ...(name === 'fednova' || keepsControls(name) ? [ruleProblem(draft)] : [])
  ]
}

function localProblem({ training, model: { architecture } }: CheckedDraft): ManifestProblem | false {
  return (
    training.local != null &&
    'preset' in architecture && {
      path: ['training', 'local'],
      message: `the preset ${architecture.preset} has no layers of batch normalisation to keep: give a topology that has, or leave it out`
    }
  )
}

/** Each update is divided by what its steps add up to: that must be known. */
function divisionProblems({ training: { client, optimizer } }: CheckedDraft): (ManifestProblem | false)[] {
  const isKnown = optimizer.name === 'sgd' || optimizer.name === 'momentum'
  return [
    !isKnown && {
      path: ['training', 'optimizer', 'name'],
      message: `what steps of ${optimizer.name} add up to depends on the data, and ${client.name} divides by it: write sgd or momentum`
    },
    optimizer.name === 'momentum' &&
      optimizer.momentum > MAX_MOMENTUM && {
        path: ['training', 'optimizer', 'momentum'],
        message: `${client.name} takes at most ${MAX_MOMENTUM}, found ${optimizer.momentum}`
      }
  ]
}

/** Sums by given shares must reach the model as they are. */
function ruleProblem({
  training: { client },
  aggregation: { rule, before = [] }
}: CheckedDraft): ManifestProblem | false {
  const why =
    client.name === 'fednova'
      ? 'weighs updates by their steps, which only the mean by itself takes'
      : 'goes by the mean of all updates'
  return (
    (rule.name !== 'mean' || before.length > 0) && {
      path: ['aggregation', 'rule'],
      message: `${client.name} ${why}: write mean, or client: fedavg`
    }
  )
}

/** The common control must stay the mean of the members' own: nothing makes good for what one of them lacks. */
function controlProblems({
  training: { client },
  exchange: { codec, topology },
  aggregation: { serverOptimizer }
}: CheckedDraft): (ManifestProblem | false)[] {
  return [
    specsOf(codec).some((spec) => codecOf(spec, new Uint8Array()).errorFeedback) && {
      path: ['exchange', 'codec'],
      message: `${client.name} reads gradients out of each update, for which ${codec.name} leaves out too much: write int8 or finer`
    },
    topology === 'butterfly' &&
      codec.name !== 'fp32' && {
        path: ['exchange', 'topology'],
        message: `${client.name} needs the very mean of the updates, which a butterfly rounds by ${codec.name}: write full, or codec: fp32`
      },
    client.name === 'feddyn' &&
      serverOptimizer.name !== 'sgd' && {
        path: ['aggregation', 'serverOptimizer', 'name'],
        message: `feddyn says itself how the model moves: write sgd, found ${serverOptimizer.name}`
      }
  ]
}
