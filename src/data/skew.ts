/** Skews of NIID-Bench (Li, Diao, Chen, He 2022, "Federated learning on non-IID data silos: an experimental study"). */
import { integerBelow, normal, seededRandom, shuffle } from '../random.ts'
import { dirichlet } from './dirichlet.ts'
import { shuffled } from './subset.ts'
import type { Dataset } from './dataset.ts'
import type { Random } from '../random.ts'

/** Streams of draws that must differ although the seed is the same. */
const LABEL_STREAM = 0x6c61626c
const QUANTITY_STREAM = 0x71756e74
const NOISE_STREAM = 0x6e6f6973

/**
 * Label skew by number: each peer has `labelsPerPeer` of the labels, peer i label i mod `labels` and others drawn; the
 * examples of a label are divided evenly among the peers that have it. What nobody has, where there are fewer peers
 * than labels, is left out.
 */
export function partitionByLabels(
  targets: ArrayLike<number>,
  options: { peers: number; labels: number; labelsPerPeer: number; seed: number }
): Uint32Array[] {
  const { peers, labels, labelsPerPeer, seed } = options
  const random = seededRandom(seed, LABEL_STREAM)
  const owned = Array.from({ length: peers }, (_, i) =>
    drawLabels(i % labels, { labels, labelsPerPeer }, random)
  )
  const parts: number[][] = owned.map(() => [])
  for (let label = 0; label < labels; label++) {
    const owners = parts.filter((_, i) => owned[i].has(label))
    const examples = shuffle(placesOf(targets, label), random)
    examples.forEach((example, i) => owners[Math.floor((i * owners.length) / examples.length)]?.push(example))
  }
  return parts.map((part) => Uint32Array.from(part))
}

/** Quantity skew: labels are mixed alike, how many examples a peer has is in proportions drawn of Dirichlet(α). */
export function partitionByQuantity(
  size: number,
  options: { peers: number; alpha: number; seed: number }
): Uint32Array[] {
  const { peers, alpha, seed } = options
  const order = shuffled(size, seed, QUANTITY_STREAM)
  const shares = dirichlet(alpha, peers, seededRandom(seed, QUANTITY_STREAM, 1))
  let [cumulative, start] = [0, 0]
  return shares.map((share, peer) => {
    cumulative += share
    const end = peer === peers - 1 ? size : Math.min(size, Math.round(cumulative * size))
    const part = order.slice(start, end)
    start = end
    return part
  })
}

/**
 * Feature skew: the examples of a data set with normal noise, of this deviation in units of the normalised features,
 * added to each. An example has the same noise whenever it is read.
 */
export function withNoise(dataset: Dataset, deviation: number, seed: number): Dataset {
  if (deviation === 0) return dataset
  const width = dataset.shape.reduce((product, side) => product * side, 1)
  const addTo = (features: Float32Array, indices: Uint32Array): void => {
    for (const [i, index] of indices.entries()) {
      const random = seededRandom(seed, NOISE_STREAM, index)
      for (let at = i * width; at < (i + 1) * width; at++) features[at] += deviation * normal(random)
    }
  }
  return {
    ...dataset,
    read(indices, features, targets) {
      const done = dataset.read(indices, features, targets)
      return done instanceof Promise ? done.then(() => addTo(features, indices)) : addTo(features, indices)
    }
  }
}

function drawLabels(
  first: number,
  { labels, labelsPerPeer }: { labels: number; labelsPerPeer: number },
  random: Random
): Set<number> {
  const drawn = new Set([first])
  while (drawn.size < Math.min(labelsPerPeer, labels)) drawn.add(integerBelow(random, labels))
  return drawn
}

function placesOf(targets: ArrayLike<number>, label: number): number[] {
  const places: number[] = []
  for (let i = 0; i < targets.length; i++) if (targets[i] === label) places.push(i)
  return places
}
