/** Data of one's own: two orchards, each with a CSV file that only its own peer reads. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describeData, openData } from '../peers/node/index.ts' // 'murmuration' in a project of your own
import { seededRandom, uniform } from '../src/index.ts' // 'murmuration/core'
import { withDirectory, withFederation } from './federate.ts'
import type { ManifestDraft } from '../peers/node/index.ts'

/** What the columns are. Nothing in here names anybody's data, and it is all that the two share. */
export const fruit: ManifestDraft = {
  name: 'Ripe or not',
  task: {
    kind: 'classification',
    input: {
      kind: 'tabular',
      columns: [
        { name: 'sugar', type: 'number', mean: 12, std: 4 },
        { name: 'firmness', type: 'number', mean: 5, std: 2 },
        { name: 'colour', type: 'category', values: ['green', 'yellow', 'red'] }
      ],
      target: 'ripe'
    },
    labels: ['no', 'yes'],
    metrics: ['accuracy']
  },
  model: { architecture: { preset: 'mlp', hidden: [8] } },
  training: {
    loss: 'binaryCrossentropy',
    learningRate: 0.1,
    batchSize: 16,
    work: { epochs: 4 },
    holdout: 0.2
  },
  rounds: { startMembers: 2, minContributors: 2, stop: { rounds: 5 } }
}

/** A made-up harvest: ripe fruit is sweet and soft for its colour. `sweetness` is what differs among orchards. */
export function harvest(seed: number, sweetness: number): string {
  const random = seededRandom(seed)
  const rows = Array.from({ length: 400 }, () => {
    const colour = Math.floor(uniform(random) * 3)
    const sugar = sweetness + uniform(random) * 12
    const firmness = 1 + uniform(random) * 8
    const ripe = sugar - firmness + 2 * colour > 9
    return [sugar.toFixed(1), firmness.toFixed(1), ['green', 'yellow', 'red'][colour], ripe ? 'yes' : 'no']
  })
  return [['sugar', 'firmness', 'colour', 'ripe'], ...rows].map((row) => row.join(',')).join('\n')
}

if (import.meta.main) {
  await withDirectory(async (directory) => {
    const files = ['valley', 'hill'].map((orchard) => join(directory, `${orchard}.csv`))
    await writeFile(files[0], harvest(1, 8))
    await writeFile(files[1], harvest(2, 4))
    const members = files.map((path) => ({ data: { path } }))
    await withFederation({ draft: fruit, members }, async (peers) => {
      for (const [i, path] of files.entries()) {
        const lines = await describeData(await openData({ path }, peers[i].manifest), peers[i].manifest.task)
        console.log(`peer ${i + 1} trains on ${lines.join('; ')}`)
      }
      await peers[0].waitForRound()
      for await (const { round, evaluation } of peers[0].ledger()) {
        if (round > 0) console.log(`before round ${round}: accuracy ${evaluation.accuracy.toFixed(3)}`)
      }
    })
  })
}
