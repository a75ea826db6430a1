/** Using the result: measure it, ask it, and write it to files that TensorFlow.js, Keras and others read. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
// 'murmuration' in a project of your own
import { evaluateOn, exportModel, predictExamples } from '../peers/node/index.ts'
import { fruit, harvest } from './custom-data.ts'
import { withDirectory, withFederation } from './federate.ts'
import type { ModelFormat, ModelInput } from '../peers/node/index.ts'

await withDirectory(async (directory) => {
  const files = [1, 2].map((seed) => join(directory, `harvest-${seed}.csv`))
  await Promise.all(files.map((file, i) => writeFile(file, harvest(i + 1, 4 + 4 * i))))
  const members = files.map((path) => ({ data: { path } }))
  await withFederation({ draft: fruit, members }, async ([founder]) => {
    const { cid, round } = await founder.waitForRound()
    const model = { manifest: founder.manifest, weights: await founder.weights() }
    await use(model, directory)
    await write(model, { directory, metadata: { commit: cid, round } })
  })
})

async function use(model: ModelInput, directory: string): Promise<void> {
  const unseen = join(directory, 'unseen.csv')
  await writeFile(unseen, harvest(3, 6))
  const { metrics } = await evaluateOn({ ...model, data: { path: unseen } })
  console.log(`accuracy on an orchard it never saw: ${metrics.accuracy.toFixed(3)}`)

  const basket = join(directory, 'basket.csv')
  await writeFile(basket, 'sugar,firmness,colour\n16,2,red\n6,8,green\n')
  const predictions = await predictExamples({ ...model, path: basket })
  for (const [i, { value, scores }] of predictions.entries()) {
    const label = model.manifest.task.labels[value]
    console.log(`fruit ${i + 1}: ripe? ${label} (${(100 * scores[value]).toFixed(0)} % sure)`)
  }
}

async function write(
  model: ModelInput,
  { directory, metadata }: { directory: string; metadata: Record<string, string | number> }
): Promise<void> {
  for (const format of ['keras', 'safetensors'] satisfies ModelFormat[]) {
    const out = join(directory, format)
    await mkdir(out)
    for (const { name, bytes } of await exportModel({ ...model, format, metadata })) {
      await writeFile(join(out, name), bytes)
      console.log(`${format}: ${name}, ${bytes.byteLength} bytes`)
    }
  }
}
