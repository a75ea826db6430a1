import { formatBytes, plural } from '../../output/format.ts'
import { jsonLine } from '../../output/json.ts'
import { renderPairs, renderTable } from '../../output/table.ts'
import { describeCommit, latestCommit, tellOrigin, withSource } from '../../source.ts'
import type { Handler } from '../../command.ts'

const BYTES_PER_PARAMETER = 4

export const handler: Handler<object> = async ({ context, options }) => {
  await withSource(context, options, async (source, home) => {
    tellOrigin(context, options, source)
    const { value: manifest, cid } = home.manifest
    const layers = await context.library.describeModel(manifest)
    const commit = await latestCommit(source)
    const parameters = layers.reduce((total, layer) => total + layer.size, 0)
    if (options.json) {
      const { name, licence } = manifest
      context.stdout.write(jsonLine({ name, federation: cid, licence, parameters, layers, commit }))
      return
    }
    const pairs: [string, string][] = [
      ['model', manifest.name],
      ['state', describeCommit(commit)],
      ['commit', commit?.cid ?? 'none yet'],
      ['weights', commit?.model ?? 'initial'],
      [
        'parameters',
        `${plural(parameters, 'parameter')} (${formatBytes(parameters * BYTES_PER_PARAMETER)} in fp32)`
      ],
      ['licence', manifest.licence],
      ['federation', cid.toString()]
    ]
    const rows = layers.map(({ name, shape, size }) => [name, shape.join('×'), size.toLocaleString('en')])
    const table = renderTable({ head: ['weights', 'shape', 'count'], rows, right: [2] })
    context.stdout.write(`${renderPairs(pairs)}\n\n${table}\n`)
  })
  return undefined
}
