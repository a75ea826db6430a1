/** `codec: auto` with a link → the codec that suits it: it is decided here, for all members, and what is signed names it. */
import { isScalar, parseDocument } from 'yaml'
import { chooseCodec } from '../../../../src/codecs/choose.ts'
import { parseManifestYaml } from '../../../../src/federation/manifest/index.ts'
import { planFor } from '../../../../src/model/task.ts'
import { UsageError } from '../../output/exit.ts'
import type { InitOptions } from './options.ts'

const PATH = ['exchange', 'codec']
const BYTES_IN_MB = 1e6

/**
 * YAML text whose codec has a name, if a link is given; comments stay. Without one `auto` stays: each member goes by what it
 * measures.
 *
 * @throws {UsageError} a link without `auto`
 */
export function settleCodec(yaml: string, { link }: Pick<InitOptions, 'link'>): string {
  const document = parseDocument(yaml)
  const node: unknown = document.errors.length > 0 ? undefined : document.getIn(PATH, true)
  if (!isScalar(node) || node.value !== 'auto') {
    if (link == null) return yaml
    throw new UsageError(
      '--link is what --codec auto goes by; this manifest names its codec: leave --link out.'
    )
  }
  if (link == null) return yaml
  // All else of the manifest must hold, and is told of by line, before anything is decided by it.
  node.value = 'fp32'
  const draft = parseManifestYaml(document.toString({ lineWidth: 0 }))
  const { startMembers, cohort } = draft.rounds
  const spec = chooseCodec({
    parameters: planFor(draft).parameters,
    cohort: Math.ceil(startMembers * cohort),
    topology: draft.exchange.topology,
    bytesPerSecond: link * BYTES_IN_MB
  })
  node.value = spec.name
  return document.toString({ lineWidth: 0 })
}
