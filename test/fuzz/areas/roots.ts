/** Roots of DAGs to damage. */
import { memorySink } from '../memory-blocks.ts'
import { writeDag } from '../../../src/blocks/index.ts'

/** The root block of a payload of so many bytes. */
export async function rootOf(sizeBytes: number): Promise<Uint8Array> {
  const sink = memorySink()
  const { root } = await writeDag(sink, new Uint8Array(sizeBytes), { blockSizeBytes: 16 * 1024 })
  return sink.blocks.get(root.toString()) as Uint8Array
}
