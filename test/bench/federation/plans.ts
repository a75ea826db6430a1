/** What is measured: manifests and data, chosen so that figures of other systems can be set beside ours. */
import { join } from 'node:path'
import { parseDocument } from 'yaml'
import { manifestTemplate } from '../../../src/federation/manifest/index.ts'

const SHARED = join(import.meta.dirname, '../../../../shared/data')
const HEART = ['age', 'sex', 'cp', 'trestbps', 'chol', 'fbs', 'restecg', 'thalach', 'exang']
const HEART_COLUMNS = [...HEART, 'oldpeak', 'slope', 'ca', 'thal']
const HOSPITALS = ['cleveland', 'hungarian', 'switzerland', 'va']

/** One measurement: four peers, by command line alone. */
export interface Plan {
  name: 'W1' | 'floor' | 'big'
  about: string
  /** The manifest, as YAML. */
  yaml: string
  /** `--data` and the like of each peer. */
  data: string[][]
  rounds: number
}

/** Fashion-MNIST split evenly, MLP 784-200-200-10, batch 32, one epoch a round, SGD 0.05, ten rounds. */
export function learning(): Plan {
  const rounds = 10
  const yaml = edit(manifestTemplate('digits'), { name: 'Fashion-MNIST', 'rounds.stop.rounds': rounds })
  const path = join(SHARED, 'fashion-mnist')
  const data = HOSPITALS.map((_, i) => ['--data', path, '--part', `${i + 1}/4`])
  return { name: 'W1', about: 'Fashion-MNIST, 15,000 images each, 199,210 parameters', yaml, data, rounds }
}

/** One hospital each, a 13-16-1 network, 50 rounds: what agreement itself costs. */
export function floor(): Plan {
  const rounds = 50
  const yaml = heartManifest({ hidden: [16], rounds, work: { epochs: 1 } })
  return {
    name: 'floor',
    about: 'heart-disease, one hospital each, 13-16-1',
    yaml,
    data: hospitals(),
    rounds
  }
}

/** 25 M parameters, one step of one patient in place of training, three rounds: what moving a model costs. */
export function big(): Plan {
  const rounds = 3
  const yaml = heartManifest({ hidden: [4990, 4990], rounds, work: { steps: 1 } })
  return {
    name: 'big',
    about: '25 M parameters (100 MB), one training step',
    yaml,
    data: hospitals(),
    rounds
  }
}

function hospitals(): string[][] {
  return HOSPITALS.map((name) => ['--data', join(SHARED, `heart-disease/processed.${name}.data`)])
}

function heartManifest(options: { hidden: number[]; rounds: number; work: object }): string {
  return edit(manifestTemplate('tabular'), {
    name: 'Heart disease',
    'task.input': {
      kind: 'tabular',
      columns: HEART_COLUMNS.map((name) => ({ name, type: 'number' })),
      target: 'num',
      positiveAbove: 0,
      header: [...HEART_COLUMNS, 'num']
    },
    'task.labels': ['healthy', 'ill'],
    'model.architecture.hidden': options.hidden,
    'training.work': options.work,
    'training.batchSize': 'steps' in options.work ? 1 : 32,
    'training.holdout': 'steps' in options.work ? 0.01 : 0.2,
    'rounds.stop.rounds': options.rounds
  })
}

function edit(yaml: string, changes: Record<string, unknown>): string {
  const document = parseDocument(yaml)
  const all = { ...changes, 'rounds.startMembers': 4, 'rounds.minContributors': 4 }
  for (const [path, value] of Object.entries(all)) document.setIn(path.split('.'), document.createNode(value))
  return document.toString()
}
