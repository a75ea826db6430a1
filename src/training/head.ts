/** Training only a model's head: its last layer that is trained. The layers before it stay as they are. */
import { trainedEntries } from '../model/layout.ts'
import type { Network } from './network.ts'
import type { Layout, LayoutEntry } from '../model/layout.ts'

/** The weights of the last layer that has any that are trained, by name. */
export function headOf(layout: Layout): ReadonlySet<string> {
  const trained = trainedEntries(layout)
  const layerOf = ({ name }: LayoutEntry): string => name.slice(0, name.lastIndexOf('/'))
  const last = trained.at(-1)
  return new Set(
    trained.filter((entry) => last != null && layerOf(entry) === layerOf(last)).map(({ name }) => name)
  )
}

/** The same network, of which only the head's weights are moved: by the tape, as a chain moves all of them. */
export function headNetwork(network: Network): Network {
  const head = headOf(network.layout)
  const names = trainedEntries(network.layout).map(({ name }) => name)
  return { ...network, trained: network.trained.filter((_, i) => head.has(names[i])), chain: null }
}

/** Put zeros where a delta is not of the head: moving statistics change although nothing trains them. */
export function onlyHead(delta: Float32Array, layout: Layout): void {
  const head = headOf(layout)
  for (const { name, offset, size } of layout.entries) {
    if (!head.has(name)) delta.fill(0, offset, offset + size)
  }
}
