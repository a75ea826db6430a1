/**
 * How a YAML text is nested, found out without recursion before the text is composed: composing recurses, which some
 * ten thousand brackets turn into the end of the process, and compares every key of a map with all before it.
 */
import { Parser } from 'yaml'
import type { CST } from 'yaml'

/** Lists and maps in each other, at most: several times what a manifest has. */
const MAX_DEPTH = 32
/** Keys of one map, at most: several times what a manifest has. */
const MAX_KEYS = 64

interface Place {
  token: CST.Token
  depth: number
}

/** What is too much about a text, and at which offset; undefined when it can be composed. */
export function excessOf(text: string): { message: string; offset: number } | undefined {
  for (const token of new Parser().parse(text)) {
    const places: Place[] = [{ token, depth: 0 }]
    for (let place = places.pop(); place != null; place = places.pop()) {
      const { offset } = place.token
      if (place.depth > MAX_DEPTH) return { message: `lists and maps more than ${MAX_DEPTH} deep`, offset }
      if (isMap(place.token) && place.token.items.length > MAX_KEYS) {
        return { message: `a map of ${place.token.items.length} keys, at most ${MAX_KEYS} expected`, offset }
      }
      for (const inner of inside(place)) places.push(inner)
    }
  }
  return undefined
}

type Collection = CST.BlockMap | CST.BlockSequence | CST.FlowCollection

function isMap(token: CST.Token): token is Collection {
  return (
    token.type === 'block-map' || (token.type === 'flow-collection' && token.start.type === 'flow-map-start')
  )
}

function inside({ token, depth }: Place): Place[] {
  if (token.type === 'document') return token.value == null ? [] : [{ token: token.value, depth: depth + 1 }]
  if (token.type !== 'block-map' && token.type !== 'block-seq' && token.type !== 'flow-collection') return []
  const tokens = token.items.flatMap(({ key, value }) => [key, value])
  return tokens.filter((inner) => inner != null).map((inner) => ({ token: inner, depth: depth + 1 }))
}
