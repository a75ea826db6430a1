/** Two hospitals that share no patient, by the command line alone; where this machine has the data beside the repository. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { inWorlds } from './in-world.ts'
import { LOCAL } from './world.ts'

const HEART = join(import.meta.dirname, '../../../shared/data/heart-disease')

/** What a person would write for these files; `murmur init --template tabular` is where it comes from. */
const MANIFEST = `\
name: Heart disease
description: Says from an examination whether a patient has a heart disease.
licence: CC-BY-4.0
task:
  kind: classification
  input:
    kind: tabular
    header: [age, sex, cp, trestbps, chol, fbs, restecg, thalach, exang, oldpeak, slope, ca, thal, num]
    columns:
      - { name: age, type: number, mean: 54, std: 9 }
      - { name: sex, type: number }
      - { name: cp, type: number, mean: 3, std: 1 }
      - { name: trestbps, type: number, mean: 132, std: 19 }
      - { name: thalach, type: number, mean: 138, std: 26 }
      - { name: exang, type: number }
      - { name: oldpeak, type: number, mean: 0.9, std: 1.1 }
    target: num
    positiveAbove: 0
  labels: [healthy, ill]
  metrics: [accuracy, auc]
model:
  architecture: { preset: mlp, hidden: [16] }
training:
  batchSize: 16
  learningRate: 0.05
  loss: binaryCrossentropy
  holdout: 0.2
rounds:
  startMembers: 2
  stop: { rounds: 15 }
`

describe('two hospitals', function () {
  const current = inWorlds(this)

  it('train one model that works in both', async function () {
    if (!existsSync(HEART)) {
      process.stdout.write('    skipped: no ../shared/data\n')
      this.skip()
    }
    const { world } = current
    const patients = (hospital: string): string[] => ['--data', join(HEART, `processed.${hospital}.data`)]
    await world.ask('cleveland', ['init', 'heart', '--from', await world.write('heart.yaml', MANIFEST)])
    const cleveland = world.start('cleveland', ['start', ...patients('cleveland'), ...LOCAL])
    await cleveland.event('listen')
    const invite = await world.invite('cleveland')
    const hungarian = world.start('hungarian', ['join', invite, '--yes', ...patients('hungarian'), ...LOCAL])
    const [one, two] = await Promise.all([cleveland.event('finished'), hungarian.event('finished')])
    expect(one['commit']).to.equal(two['commit'])
    expect((await hungarian.event('manifest'))['data']).to.include('59 examples to evaluate on')
    for (const hospital of ['cleveland', 'hungarian']) {
      const { metrics } = await world.ask(hospital, ['evaluate'])
      expect((metrics as { accuracy: number }).accuracy, hospital).to.be.greaterThan(0.7)
    }
  })
})
