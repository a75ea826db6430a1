/** What is measured: manifests and data, chosen so that figures of other systems can be set beside ours. */
import { join } from 'node:path'
import { parseDocument } from 'yaml'
import { manifestTemplate } from '../../../src/federation/manifest/index.ts'

const SHARED = join(import.meta.dirname, '../../../../shared/data')
const HEART = ['age', 'sex', 'cp', 'trestbps', 'chol', 'fbs', 'restecg', 'thalach', 'exang']
const HEART_COLUMNS = [...HEART, 'oldpeak', 'slope', 'ca', 'thal']
const HOSPITALS = ['cleveland', 'hungarian', 'switzerland', 'va']

const CNN_PEERS = 10
/** Ten times ten and a bit: parts of equal size. */
const CNN_BLOCK_BYTES = 64 * 1024

/** How updates travel, as the command line says. */
export interface Exchange {
  topology: string
  codec: string
  committee?: string
}

/** One measurement: four peers or ten, by command line alone. */
export interface Plan {
  name: 'W1' | 'floor' | 'big' | 'cnn'
  about: string
  /** The manifest, as YAML. */
  yaml: string
  /** `--data` and the like of each peer. */
  data: string[][]
  rounds: number
  /** Whether the peers train; if not, what is measured is the federation alone. */
  train: boolean
}

/** Fashion-MNIST split evenly, MLP 784-200-200-10, batch 32, one epoch a round, SGD 0.05, ten rounds. */
export function learning(): Plan {
  const rounds = 10
  const yaml = edit(manifestTemplate('digits'), {
    name: 'Fashion-MNIST',
    'task.input.normalisation': { mean: 0.286, std: 0.353 },
    'rounds.stop.rounds': rounds
  })
  const path = join(SHARED, 'fashion-mnist')
  const data = HOSPITALS.map((_, i) => ['--data', path, '--part', `${i + 1}/4`])
  const about = 'Fashion-MNIST, 15,000 images each, 199,210 parameters'
  return { name: 'W1', about, yaml, data, rounds, train: true }
}

/** One hospital each, a 13-16-1 network, 50 rounds: what agreement itself costs. */
export function floor(): Plan {
  const about = 'heart-disease, one hospital each, 13-16-1'
  return { name: 'floor', about, ...hearts({ hidden: [16], rounds: 50 }), train: true }
}

/** McMahan's CNN (6.65 MB) between ten, no training, ten rounds: the bytes of each peer. */
export function cnn({ topology, codec, committee }: Exchange): Plan {
  const peers = Array.from({ length: CNN_PEERS }, (_, i) => `${i + 1}/${CNN_PEERS}`)
  const path = join(SHARED, 'mnist')
  const data = peers.map((part) => ['--data', path, '--part', part])
  const rounds = 10
  const yaml = edit(
    manifestTemplate('digits'),
    {
      name: 'MNIST',
      'model.architecture': { preset: 'cnn', filters: [32, 64], hidden: [512] },
      'exchange.topology': topology,
      'exchange.codec': codec,
      'exchange.blockSizeBytes': CNN_BLOCK_BYTES,
      ...(committee == null ? {} : { 'rounds.committee': Number(committee) }),
      'rounds.stop.rounds': rounds
    },
    CNN_PEERS
  )
  const some = committee == null ? '' : `, a committee of ${committee}`
  const about = `CNN of 1,663,370 parameters (6.65 MB), no training, ${topology}, ${codec}${some}`
  return { name: 'cnn', about, yaml, data, rounds, train: false }
}

/** 25 M parameters, no training, three rounds: what moving a model costs, all of it by everybody or in parts. */
export function big({ topology, codec }: Exchange): Plan {
  const about = `25 M parameters (100 MB), no training, ${topology}, ${codec}`
  const exchange = { 'exchange.topology': topology, 'exchange.codec': codec }
  return { name: 'big', about, ...hearts({ hidden: [4990, 4990], rounds: 3, ...exchange }), train: false }
}

/** One hospital each. */
function hearts({
  hidden,
  rounds,
  ...changes
}: {
  hidden: number[]
  rounds: number
  [path: string]: unknown
}): Pick<Plan, 'yaml' | 'data' | 'rounds'> {
  const data = HOSPITALS.map((name) => ['--data', join(SHARED, `heart-disease/processed.${name}.data`)])
  const settings = { 'model.architecture.hidden': hidden, 'rounds.stop.rounds': rounds, ...changes }
  return { yaml: heartManifest(settings), data, rounds }
}

function heartManifest(settings: Record<string, unknown>): string {
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
    'training.holdout': 0.2,
    ...settings
  })
}

function edit(yaml: string, changes: Record<string, unknown>, members = HOSPITALS.length): string {
  const document = parseDocument(yaml)
  const all = { ...changes, 'rounds.startMembers': members, 'rounds.minContributors': members }
  for (const [path, value] of Object.entries(all)) document.setIn(path.split('.'), document.createNode(value))
  return document.toString()
}
