/** Real data sets, where this machine has them beside the repository: never copied into it. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { describeData, openData } from '../../../peers/node/data/index.ts'
import { expectFault, readRows } from '../../data/helpers.ts'
import { imageManifest, manifestOf } from './helpers.ts'
import type { Manifest } from '../../../src/federation/manifest/schema.ts'

const SHARED = join(import.meta.dirname, '../../../../shared/data')
const HEART_COLUMNS = 'age sex cp trestbps chol fbs restecg thalach exang oldpeak slope ca thal'.split(' ')

function heart(): Manifest {
  return manifestOf(
    {
      kind: 'classification',
      labels: ['healthy', 'ill'],
      input: {
        kind: 'tabular',
        columns: HEART_COLUMNS.map((name) => ({ name, type: 'number' })),
        target: 'num',
        positiveAbove: 0,
        header: [...HEART_COLUMNS, 'num']
      }
    },
    { holdout: 0.2 }
  )
}

describe('real data', () => {
  before(function () {
    if (existsSync(SHARED)) return
    process.stdout.write('    skipped: no ../shared/data\n')
    this.skip()
  })

  for (const [name, counts] of [
    ['mnist', [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]],
    ['fashion-mnist', new Array<number>(10).fill(6000)]
  ] as const) {
    it(`opens ${name}`, async () => {
      const manifest = imageManifest({ height: 28, width: 28, labels: [...'0123456789'] })
      const opened = await openData({ path: join(SHARED, name) }, manifest)
      expect(await describeData(opened, manifest.task)).to.deep.equal([
        '60,000 examples to train on, each 28 × 28 × 1',
        '10,000 examples to evaluate on',
        `labels: ${counts.map((n, digit) => `${digit} ${n.toLocaleString('en')}`).join(', ')}`
      ])
      const { rows } = await readRows(
        opened.test,
        Array.from({ length: 500 }, (_, i) => i)
      )
      const mean = rows.flat().reduce((a, b) => a + b) / (500 * 784)
      expect(mean).to.be.closeTo(name === 'mnist' ? 0.13 : 0.286, 0.02)
    })
  }

  it('cuts Fashion-MNIST into four parts of 15,000', async () => {
    const manifest = imageManifest({ height: 28, width: 28, labels: [...'0123456789'] })
    const path = join(SHARED, 'fashion-mnist')
    const { train, test } = await openData({ path, part: { index: 3, count: 4 } }, manifest)
    expect([train.size, test.size]).to.deep.equal([15_000, 10_000])
  })

  const hospitals: [string, number, number][] = [
    ['cleveland', 303, 139],
    ['hungarian', 294, 106],
    ['switzerland', 123, 115],
    ['va', 200, 149]
  ]
  for (const [hospital, patients, ill] of hospitals) {
    it(`opens the patients of ${hospital}`, async () => {
      const path = join(SHARED, `heart-disease/processed.${hospital}.data`)
      const { train, test } = await openData({ path }, heart())
      const targets = [...train.targets, ...test.targets]
      expect([targets.length, targets.filter((target) => target === 1).length]).to.deep.equal([patients, ill])
      const values = (await readRows(train)).rows.flat()
      expect(values).to.have.length(train.size * 13)
      expect(values.every((value) => Number.isFinite(value) && Math.abs(value) < 20)).to.equal(true)
    })
  }

  it('asks which hospital is meant', async () => {
    const opened = openData({ path: join(SHARED, 'heart-disease') }, heart())
    await expectFault(opened, { expected: 'one CSV file', found: 'processed.va.data', hint: 'Name the file' })
  })
})
