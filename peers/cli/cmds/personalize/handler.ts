import { personalise, personalManifest } from '../../../../src/training/personal.ts'
import { UsageError } from '../../output/exit.ts'
import { formatMetric, metricNames } from '../../output/format.ts'
import { jsonLine } from '../../output/json.ts'
import { renderTable, tableColumns } from '../../output/table.ts'
import { dataOf } from '../../run/options.ts'
import { latestCommit, tellOrigin, withSource } from '../../source.ts'
import type { CommandContext, GlobalOptions } from '../../context.ts'
import type { Handler } from '../../command.ts'
import type { DataFlags } from '../../run/options.ts'
import type { HomeInfo, StateSource } from '../../library/types.ts'
import type { DataOptions } from '../../../node/types.ts'
import type { BackendName } from '../../../../src/compute/names.ts'
import type { PersonalModel } from '../../../../src/training/personal.ts'

/** Options of `murmur personalize`. */
export interface PersonalizeOptions extends DataFlags {
  layers: 'head' | 'all'
  epochs: number
  learningRate?: number
  backend?: BackendName
  threads?: number
}

type Options = PersonalizeOptions & GlobalOptions

/** Each epoch's order of examples follows from it. */
const SEED = 1

export const handler: Handler<PersonalizeOptions> = async ({ context, options }) => {
  await withSource(context, options, async (source, home) => {
    const data = dataOf(options, context.cwd) ?? home.remembered.data
    if (data == null) throw new UsageError('Say what to train on: --data <path>.')
    tellOrigin(context, options, source)
    const model = await train(context, { options, data, home, weights: await source.weights() })
    const file = model.epoch === 0 ? null : await save(context, { options, source, home, model })
    if (options.json) {
      const { epoch, before, after } = model
      context.stdout.write(jsonLine({ file, layers: options.layers, epoch, before, after }))
    } else context.stdout.write(render(model, file, tableColumns(context.stdout)))
  })
  return undefined
}

async function train(
  { library, stderr, signal }: CommandContext,
  {
    options,
    data,
    home,
    weights
  }: { options: Options; data: DataOptions; home: HomeInfo; weights: Float32Array }
): Promise<PersonalModel> {
  const { layers, epochs, learningRate, backend, threads } = options
  const manifest = personalManifest(home.manifest.value, learningRate)
  const trainer = await library.startTrainer({ manifest, data, backend, threads })
  try {
    const onEpoch = (epoch: number, metrics: Record<string, number>): void => {
      if (!options.json) stderr.write(`epoch ${epoch} of ${epochs}: ${shown(metrics)}\n`)
    }
    return await personalise(trainer, { weights, layers, epochs, seed: SEED, signal, onEpoch })
  } finally {
    await trainer.stop()
  }
}

async function save(
  { library }: CommandContext,
  {
    options,
    source,
    home,
    model
  }: { options: Options; source: StateSource; home: HomeInfo; model: PersonalModel }
): Promise<string> {
  const commit = await latestCommit(source)
  const about = {
    layers: options.layers,
    epoch: String(model.epoch),
    round: String(commit?.round ?? 0),
    ...(commit && { commit: commit.cid })
  }
  return await library.savePersonal(options.home, { weights: model.weights, about }, home.manifest)
}

function shown(metrics: Record<string, number>): string {
  const names = metricNames(metrics)
  if (names.length === 0) return 'trained (nothing is held out to measure on)'
  return names.map((name) => `${name} ${formatMetric(name, metrics[name])}`).join(', ')
}

function render({ epoch, before, after }: PersonalModel, file: string | null, columns: number): string {
  const rows = metricNames(before).map((name) => [
    name,
    formatMetric(name, before[name]),
    formatMetric(name, after[name])
  ])
  const table = renderTable({
    head: ['on held-out data', "the federation's", 'yours'],
    rows,
    right: [1, 2],
    columns
  })
  const measured = rows.length === 0 ? '' : `${table}\n\n`
  if (file == null) return `${measured}No epoch made it better on held-out data: nothing was saved.\n`
  return `${measured}Saved, as it was after epoch ${epoch}: ${file}\n`
}
