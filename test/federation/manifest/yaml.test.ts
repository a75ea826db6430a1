import { expect } from 'chai'
import fc from 'fast-check'
import { CID } from 'multiformats/cid'
import {
  InvalidManifestError,
  manifestTemplate,
  manifestToYaml,
  parseManifestYaml,
  templateKinds
} from '../../../src/federation/manifest/index.ts'
import { MAX_YAML_CHARACTERS } from '../../../src/federation/manifest/yaml.ts'
import type { ManifestProblem } from '../../../src/federation/manifest/index.ts'

const digits = manifestTemplate('digits')
const tabular = manifestTemplate('tabular')

function problems(text: string): readonly ManifestProblem[] {
  try {
    parseManifestYaml(text)
  } catch (error) {
    if (error instanceof InvalidManifestError) return error.problems
    throw error
  }
  throw new Error('Expected this manifest to be refused')
}

/** The only problem, as one line. */
function problem(text: string): string {
  const all = problems(text)
  expect(all, JSON.stringify(all)).to.have.length(1)
  return `${all[0].line}: ${all[0].path.join('.')}: ${all[0].message}`
}

function lineWith(text: string, part: string): number {
  return text.split('\n').findIndex((line) => line.includes(part)) + 1
}

describe('manifest templates', () => {
  for (const kind of templateKinds) {
    it(`${kind}: parses, and every setting has a comment or a plain name`, () => {
      const draft = parseManifestYaml(manifestTemplate(kind))
      expect(draft.name).to.be.a('string')
      expect(manifestTemplate(kind)).to.match(/# .*\n/)
    })

    it(`${kind}: survives a round trip through YAML`, () => {
      const draft = parseManifestYaml(manifestTemplate(kind))
      expect(parseManifestYaml(manifestToYaml(draft))).to.deep.equal(draft)
    })
  }

  it('digits: 28×28 grey images of ten digits for an mlp', () => {
    const { task, model } = parseManifestYaml(digits)
    expect(task.input).to.include({ kind: 'image', height: 28, width: 28, channels: 1 })
    expect(task.labels).to.deep.equal(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'])
    expect(model.architecture).to.deep.include({ preset: 'mlp' })
  })
})

describe('parseManifestYaml', () => {
  it('reads the CID of a starting model', () => {
    const cid = 'bafyreieuycwcrmtv2nnnydq6suee5q63w7uzpyexqm37jg4un36exu6tru'
    const draft = parseManifestYaml(digits.replace('seed: 1 ', `cid: ${cid}\n   `))
    expect(draft.model.initial).to.deep.equal({ cid: CID.parse(cid) })
    expect(parseManifestYaml(manifestToYaml(draft))).to.deep.equal(draft)
  })

  it('names the line, what was expected and what was found', () => {
    const text = digits.replace('batchSize: 32', 'batchSize: many')
    expect(problem(text)).to.equal(
      `${lineWith(text, 'batchSize')}: training.batchSize: expected number, found "many"`
    )
  })

  it('names a setting that does not exist', () => {
    const text = digits.replace('hidden:', 'hiden:')
    expect(problem(text)).to.equal(
      `${lineWith(text, 'hiden')}: model.architecture.hiden: there is no such setting: remove it or correct its name`
    )
  })

  it('names the choices where there are some', () => {
    expect(problem(digits.replace('preset: mlp', 'preset: rnn'))).to.include(
      'logistic, mlp, cnn, found "rnn"'
    )
    expect(problem(digits.replace('name: sgd', 'name: sdg'))).to.include('training.optimizer.name')
    expect(problem(digits.replace('kind: image', 'kind: sound'))).to.include('image, tabular, text')
  })

  it('looks into the branch of a union that was meant', () => {
    expect(problem(digits.replace('epochs: 1 ', 'epochs: 0 '))).to.include('training.work.epochs')
    expect(problem(digits.replace('seed: 1 ', 'seed: -1 '))).to.include('model.initial.seed')
  })

  it('names everything that is missing', () => {
    expect(problems('name: x').map(({ path }) => path.join('.'))).to.deep.equal(['task', 'model'])
    expect(problems('')[0].message).to.include('found null')
  })

  it('names all problems at once in its message', () => {
    const text = digits
      .replace('batchSize: 32', 'batchSize: 0')
      .replace('learningRate: 0.05', 'learningRate: -1')
    expect(() => parseManifestYaml(text))
      .to.throw(InvalidManifestError)
      .with.property('message')
      .that.includes('training.batchSize')
      .and.includes('training.learningRate')
  })

  it('says where text is not YAML', () => {
    const text = digits.replace('labels: [', 'labels: [[')
    expect(problems(text)[0].message).to.include('not YAML')
    expect(problems(text)[0].line).to.be.greaterThan(1)
    expect(problems('a: 1\na: 2')[0]).to.include({ line: 2 })
  })

  it('refuses a bomb of aliases and an endless text', () => {
    const bomb = [
      'a: &a [x,x,x,x,x,x,x,x,x]',
      ...'bcdef'.split('').map((c, i) => `${c}: &${c} [${Array(9).fill(`*${'abcde'[i]}`).join(',')}]`)
    ]
    expect(problems(bomb.join('\n'))[0].message).to.include('alias')
    expect(problems('x'.repeat(MAX_YAML_CHARACTERS + 1))[0].message).to.include(String(MAX_YAML_CHARACTERS))
  })

  it('never throws anything else, whatever the text', () => {
    const lines = digits.split('\n')
    const mutation = fc.record({ at: fc.nat(lines.length - 1), put: fc.string({ maxLength: 40 }) })
    fc.assert(
      fc.property(fc.array(mutation, { minLength: 1, maxLength: 3 }), (mutations) => {
        const changed = [...lines]
        for (const { at, put } of mutations) changed[at] = put
        try {
          parseManifestYaml(changed.join('\n'))
        } catch (error) {
          expect(error).to.be.instanceOf(InvalidManifestError)
        }
      }),
      { numRuns: 200 }
    )
  })
})

describe('a manifest whose parts do not fit each other', () => {
  const cases: { why: string; text: string; path: string; says: string }[] = [
    {
      why: 'more contributors than starting members',
      text: digits.replace('minContributors: 2', 'minContributors: 3'),
      path: 'rounds.startMembers',
      says: 'raise startMembers'
    },
    {
      why: 'a cohort below the contributors',
      text: digits.replace('startMembers: 2', 'cohort: 0.25\n  startMembers: 4'),
      path: 'rounds.cohort',
      says: 'raise the cohort'
    },
    {
      why: 'a deadline floor above its ceiling',
      text: digits.replace('stop:', 'deadline: { floorMs: 2000, ceilingMs: 1000 }\n  stop:'),
      path: 'rounds.deadline.floorMs',
      says: 'above the ceiling'
    },
    {
      why: 'parts of the vector handed to members that may lie',
      text: digits
        .replace('topology: full', 'topology: butterfly')
        .replace('faultModel: crash', 'faultModel: byzantine'),
      path: 'exchange.topology',
      says: 'trusts members with a part each'
    },
    {
      why: 'a rule that must see whole updates, of parts',
      text: digits
        .replace('topology: full', 'topology: butterfly')
        .replace('rule: { name: mean }', 'rule: { name: geometricMedian }'),
      path: 'exchange.topology',
      says: 'compares whole updates'
    },
    {
      why: 'a butterfly in which each member has its own codec',
      text: digits.replace('topology: full', 'topology: butterfly').replace('codec: fp32', 'codec: auto'),
      path: 'exchange.codec',
      says: 'one codec for all'
    },
    {
      why: 'gradients read out of updates that may leave most out',
      text: digits.replace('name: fedavg', 'name: scaffold').replace('codec: fp32', 'codec: auto'),
      path: 'exchange.codec',
      says: 'write int8 or finer'
    },
    {
      why: 'a codec that cannot be taken apart, taken apart',
      text: digits.replace('topology: full', 'topology: butterfly').replace('codec: fp32', 'codec: topk'),
      path: 'exchange.topology',
      says: 'for which topk is too coarse'
    },
    {
      why: 'a codec whose payloads have no fixed places, taken apart',
      text: digits
        .replace('topology: full', 'topology: butterfly')
        .replace('codec: fp32', 'codec: int8+deflate'),
      path: 'exchange.topology',
      says: 'int8 with entropy has at no fixed place'
    },
    {
      why: 'a committee where everybody works on a part',
      text: digits
        .replace('# committee: 16 ', 'committee: 16 ')
        .replace('topology: full', 'topology: butterfly'),
      path: 'rounds.committee',
      says: 'leave the committee out'
    },
    {
      why: 'a committee of which one that is gone is too many',
      text: digits.replace('# committee: 16 ', 'committee: 3 '),
      path: 'rounds.committee',
      says: '>=4'
    },
    {
      why: 'binary cross-entropy of ten labels',
      text: digits.replace('categoricalCrossentropy', 'binaryCrossentropy'),
      path: 'training.loss',
      says: 'exactly 2 labels, found 10'
    },
    {
      why: 'a squared error of classes',
      text: digits.replace('categoricalCrossentropy', 'meanSquaredError'),
      path: 'training.loss',
      says: 'categoricalCrossentropy'
    },
    {
      why: 'one label',
      text: digits.replace(/labels: .*/, 'labels: [a]'),
      path: 'task.labels',
      says: 'at least 2 labels'
    },
    {
      why: 'a label twice',
      text: digits.replace('"9"', '"0"'),
      path: 'task.labels',
      says: '"0" is there twice'
    },
    {
      why: 'auc of ten labels',
      text: digits.replace('metrics: [accuracy]', 'metrics: [auc]'),
      path: 'task.metrics',
      says: 'exactly 2 labels'
    },
    {
      why: 'mae of classes',
      text: digits.replace('metrics: [accuracy]', 'metrics: [mae]'),
      path: 'task.metrics.0',
      says: 'write [accuracy]'
    },
    {
      why: 'a target that is not measured',
      text: digits.replace('# target: { metric: accuracy', 'target: { metric: mae'),
      path: 'rounds.stop.target.metric',
      says: 'not measured'
    },
    {
      why: 'the target among the columns',
      text: tabular.replace('target: diagnosis', 'target: age'),
      path: 'task.input.target',
      says: 'would see the answer'
    },
    {
      why: 'a column twice',
      text: tabular.replace('name: weight', 'name: age'),
      path: 'task.input.columns',
      says: '"age" is there twice'
    },
    {
      why: 'a category value twice',
      text: tabular.replace('[female, male]', '[male, male]'),
      path: 'task.input.columns.2.values',
      says: 'twice'
    },
    {
      why: 'a mean without its deviation',
      text: tabular.replace(', std: 10', ''),
      path: 'task.input.columns.0',
      says: 'give both'
    },
    {
      why: 'a quote as delimiter',
      text: tabular.replace('delimiter: ","', `delimiter: '"'`),
      path: 'task.input.delimiter',
      says: 'cannot separate'
    },
    {
      why: 'a convolution over a table',
      text: tabular.replace('preset: mlp', 'preset: cnn'),
      path: 'model.architecture.preset',
      says: 'write mlp'
    },
    {
      why: 'too many halvings of an image',
      text: digits.replace('preset: mlp', 'preset: cnn\n    filters: [4, 4, 4, 4, 4]'),
      path: 'model.architecture.filters',
      says: 'at most 4 layers'
    },
    {
      why: 'an alphabet with a letter twice',
      text: manifestTemplate('text').replace(
        '{ kind: words, buckets: 2000 }',
        '{ kind: characters, alphabet: abca }'
      ),
      path: 'task.input.tokens.alphabet',
      says: '"a" is there twice'
    },
    {
      why: 'labels of a regression',
      text: regression(tabular).replace('# no labels', 'labels: [x, y]'),
      path: 'task.labels',
      says: 'leave the labels out'
    },
    {
      why: 'accuracy of a regression',
      text: regression(tabular).replace('metrics: [mae]', 'metrics: [accuracy]'),
      path: 'task.metrics.0',
      says: 'write [mae]'
    },
    {
      why: 'cross-entropy of a regression',
      text: regression(tabular).replace('loss: meanSquaredError', 'loss: binaryCrossentropy'),
      path: 'training.loss',
      says: 'write meanSquaredError'
    },
    {
      why: 'updates by Adam divided by what nobody knows',
      text: digits.replace('name: fedavg', 'name: fednova').replace('name: sgd   ', 'name: adamw '),
      path: 'training.optimizer.name',
      says: 'write sgd or momentum'
    },
    {
      why: 'updates divided by what is lost in rounding',
      text: digits
        .replace('name: fedavg', 'name: fednova')
        .replace('name: sgd   ', 'name: momentum\n    momentum: 1 #'),
      path: 'training.optimizer.momentum',
      says: 'at most 0.999, found 1'
    },
    {
      why: 'steps that a median does not count',
      text: digits
        .replace('name: fedavg', 'name: fednova')
        .replace('rule: { name: mean }', 'rule: { name: median }'),
      path: 'aggregation.rule',
      says: 'only the mean'
    },
    {
      why: 'gradients read out of updates of which most is left out',
      text: digits.replace('name: fedavg', 'name: scaffold').replace('codec: fp32', 'codec: topk'),
      path: 'exchange.codec',
      says: 'write int8 or finer'
    },
    {
      why: 'gradients read out of steps of Adam',
      text: digits.replace('name: fedavg', 'name: scaffold').replace('name: sgd   ', 'name: adam '),
      path: 'training.optimizer.name',
      says: 'scaffold divides by it'
    },
    {
      why: 'a mean that a butterfly rounds',
      text: digits
        .replace('name: fedavg', 'name: feddyn')
        .replace('codec: fp32', 'codec: int8')
        .replace('topology: full', 'topology: butterfly'),
      path: 'exchange.topology',
      says: 'feddyn needs the very mean'
    },
    {
      why: 'two steps of the model at once',
      text: digits
        .replace('name: fedavg', 'name: feddyn')
        .replace('serverOptimizer: { name: sgd }', 'serverOptimizer: { name: adam }'),
      path: 'aggregation.serverOptimizer.name',
      says: 'write sgd, found adam'
    },
    {
      why: 'controls whose mean nobody takes',
      text: digits
        .replace('name: fedavg', 'name: scaffold')
        .replace('rule: { name: mean }', 'rule: { name: median }'),
      path: 'aggregation.rule',
      says: 'scaffold goes by the mean'
    },
    {
      why: 'layers to keep that are not there',
      text: digits.replace('name: fedavg }', 'name: fedavg }\n  local: batchNormalization'),
      path: 'training.local',
      says: 'has no layers of batch normalisation'
    },
    {
      why: 'squares of updates that may be too long',
      text: digits.replace(
        'serverOptimizer: { name: sgd }',
        'maxNorm: 1e13\n  serverOptimizer: { name: adam }'
      ),
      path: 'aggregation.maxNorm',
      says: 'squares of updates'
    },
    {
      why: 'one member’s update that is mixed with others before it is the measure of them',
      text: digits.replace(
        'rule: { name: mean }',
        'rule: { name: fltrust }\n  before: [{ name: bucketing }]'
      ),
      path: 'aggregation.before',
      says: 'which bucketing replaces: leave before out'
    },
    {
      why: 'rounds in which the member that is trusted does not train',
      text: digits
        .replace('rule: { name: mean }', 'rule: { name: fltrust }')
        .replace('rounds:\n', 'rounds:\n  cohort: 0.9\n'),
      path: 'rounds.cohort',
      says: 'a cohort of 0.9 would often be without'
    },
    {
      why: 'whole updates, of which each member of a butterfly has a part',
      text: digits
        .replace('rule: { name: mean }', 'rule: { name: fltrust }')
        .replace('topology: full', 'topology: butterfly'),
      path: 'exchange.topology',
      says: 'butterfly cannot do fltrust'
    },
    {
      why: 'a licence that is a sentence',
      text: digits.replace('licence: Apache-2.0', 'licence: "do, whatever"'),
      path: 'licence',
      says: 'SPDX'
    }
  ]
  for (const { why, text, path, says } of cases) {
    it(`is refused with the line: ${why}`, () => {
      const [first, ...more] = problems(text)
      expect(more).to.deep.equal([])
      expect(first.path.join('.')).to.equal(path)
      expect(first.message).to.include(says)
      expect(first.line).to.be.greaterThan(1)
    })
  }

  it('a cohort is rounded up', () => {
    const text = digits.replace('startMembers: 2', 'cohort: 0.4\n  startMembers: 4')
    expect(parseManifestYaml(text).rounds.cohort).to.equal(0.4)
  })

  it('a sound regression is not refused', () => {
    expect(parseManifestYaml(regression(tabular)).task.kind).to.equal('regression')
  })
})

function regression(text: string): string {
  return text
    .replace('kind: classification', 'kind: regression')
    .replace(/labels: .*/, '# no labels')
    .replace('[accuracy, auc]', '[mae]')
    .replace('binaryCrossentropy', 'meanSquaredError')
}
