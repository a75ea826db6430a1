/** What `murmur init` writes: a commented manifest per kind of data, ready to be edited. */

/** Kinds of data that there is a template for; `digits` needs no data at all. */
export const templateKinds = ['digits', 'image', 'tabular', 'text'] as const

export type TemplateKind = (typeof templateKinds)[number]

/** A commented manifest as YAML; `parseManifestYaml` reads it as it is. */
export function manifestTemplate(kind: TemplateKind): string {
  const { about, task, model, training, rounds } = templates[kind]
  return [head(about), task, model, training, rounds, exchange, membership].join('\n')
}

interface Template {
  about: { name: string; description: string; licence: string }
  task: string
  model: string
  training: string
  rounds: string
}

const head = ({ name, description, licence }: Template['about']): string => `\
# A federation's manifest: what is trained, and by which rules. Once founded it never changes.
# Nothing in here names anybody's data.
name: ${name}
description: ${description}
licence: ${licence}          # of the resulting model, SPDX: https://spdx.org/licenses
contact: ""                 # how members reach you, e.g. an e-mail address
`

const mlp = `\
model:
  architecture:
    preset: mlp               # logistic | mlp | cnn (images only)
    hidden: [200, 200]        # units of each hidden layer
  initial:
    seed: 1                   # where training starts: weights drawn from this seed
`

const smallMlp = mlp.replace('[200, 200]  ', '[16]        ')

const trainingWith = (settings: { learningRate: string; loss: string }): string => `\
training:
  work:
    epochs: 1                 # passes over its own data per peer and round; or steps: 100
  batchSize: 32
  optimizer:
    name: sgd                 # sgd | momentum | adam | adamw
  learningRate: ${settings.learningRate}
  loss: ${settings.loss}
  client: { name: fedavg }    # data that differ much: fedprox | fednova | scaffold | feddyn; against liars: workerMomentum
  holdout: 0.1                # kept aside to evaluate on, by peers that bring no test data
`

const roundsOf = (count: number): string => `\
rounds:
  startMembers: 2             # training starts when this many members are here
  minContributors: 2          # a round needs this many updates
  # committee: 16             # where there are more members: so many at a time combine the updates, for all
  stop:
    rounds: ${count}
    # target: { metric: accuracy, value: 0.95 }   # stop early
`

const exchange = `\
aggregation:
  rule: { name: mean }        # mean | normClipping | median | trimmedMean | meamed | geometricMedian | krum | multiKrum
                              # | bulyan | mda | caf | centeredClipping; against f liars e.g. { name: krum, byzantine: f }
                              # fltrust: against any number, as long as the founder, or a member named as root, is honest
  serverOptimizer: { name: sgd }   # how that moves the model: sgd | momentum | adagrad | adam | yogi
exchange:
  codec: fp32                 # how updates travel: fp32 | fp16 | bf16 | int8 | int4 | sign | topk | randomk |
                              # powersgd; with +deflate (int8+deflate) 5 to 25 % smaller, which pays on links below 3 MB/s;
                              # auto: each member by what its own link carries
  topology: full              # full: everybody combines all of them | butterfly: each a part for all (large models)
`

const membership = `\
membership:
  invites: admins             # who may invite: admins (you, and those listed) | members
  admins: []                  # peer ids of further admins
  faultModel: crash           # crash: more than 1/2 must agree | byzantine: more than 2/3
  banRounds: 100              # who is proven to have voted twice is out for so many commits
`

const quoted = (values: readonly string[]): string => `[${values.map((value) => `"${value}"`).join(', ')}]`

const digitLabels = quoted(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'])

const crossentropy = trainingWith({ learningRate: '0.05', loss: 'categoricalCrossentropy' })

const digits: Template = {
  about: {
    name: 'Drawn digits',
    description: 'Reads handwritten digits. The data is generated, so that anybody can take part.',
    licence: 'Apache-2.0'
  },
  task: `\
task:
  kind: classification
  input:
    kind: image
    height: 28
    width: 28
    channels: 1               # 1 grey, 3 colour
  labels: ${digitLabels}
  metrics: [accuracy]
`,
  model: mlp,
  training: crossentropy,
  rounds: roundsOf(10)
}

const image: Template = {
  about: {
    name: 'My images',
    description: 'Says which of two kinds an image shows.',
    licence: 'Apache-2.0'
  },
  task: `\
task:
  kind: classification
  input:
    kind: image               # every image is scaled to this size
    height: 32
    width: 32
    channels: 3               # 1 grey, 3 colour
    normalisation: { mean: 0.5, std: 0.25 }   # (value / 255 - mean) / std
  labels: [cat, dog]          # the folders' names, one folder a class
  metrics: [accuracy]
`,
  model: `\
model:
  architecture:
    preset: cnn               # logistic | mlp | cnn
    filters: [32, 64]         # 5x5 convolutions, each followed by 2x2 pooling
    hidden: [128]
  initial:
    seed: 1                   # where training starts: weights drawn from this seed
`,
  training: crossentropy,
  rounds: roundsOf(50)
}

const tabular: Template = {
  about: {
    name: 'My table',
    description: 'Predicts one column of a table from the others.',
    licence: 'Apache-2.0'
  },
  task: `\
task:
  kind: classification        # or regression: then no labels, metrics [mae], loss meanSquaredError
  input:
    kind: tabular             # a CSV file with a header; other columns are ignored
    columns:
      - { name: age, type: number, mean: 50, std: 10 }      # applied as (x - mean) / std
      - { name: weight, type: number }                      # each peer fits mean and std on its own data
      - { name: sex, type: category, values: [female, male] }
    target: diagnosis         # the column to predict
    missing: ["", "?", "NA"]  # cells that mean: no value
    delimiter: ","
  labels: ["0", "1"]          # the target's values
  metrics: [accuracy, auc]
`,
  model: smallMlp,
  training: trainingWith({ learningRate: '0.05', loss: 'binaryCrossentropy' }),
  rounds: roundsOf(50)
}

const text: Template = {
  about: {
    name: 'My texts',
    description: 'Says whether a text is friendly or not.',
    licence: 'Apache-2.0'
  },
  task: `\
task:
  kind: classification
  input:
    kind: text                # JSON Lines: {"text": "...", "label": "..."}
    length: 64                # tokens per text: longer ones are cut, shorter ones padded
    tokens: { kind: words, buckets: 2000 }   # or { kind: characters, alphabet: "abc..." }
  labels: [negative, positive]
  metrics: [accuracy]
`,
  model: smallMlp,
  training: crossentropy,
  rounds: roundsOf(50)
}

const templates: Record<TemplateKind, Template> = { digits, image, tabular, text }
