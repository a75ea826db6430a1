/** A plan and its grid → the plans that are run. */

/** A map as YAML gives it. */
export type PlainMap = Record<string, unknown>

/** Names of one combination, and the plan it makes. */
export interface Combination {
  /** One name of each axis; empty where there is no grid. */
  names: string[]
  value: PlainMap
}

/** A variant's name as part of a file's. */
export function stemOf(name: string): string {
  return name.replace(/[^\p{L}\p{N}._-]+/gu, '-')
}

/** Every combination of the axes' variants, in the order in which they are written: the last axis changes fastest. */
export function combinations(plan: PlainMap, grid: readonly Record<string, PlainMap>[]): Combination[] {
  return grid.reduce<Combination[]>(
    (made, axis) =>
      made.flatMap(({ names, value }) =>
        Object.entries(axis).map(([name, over]) => ({ names: [...names, name], value: overlay(value, over) }))
      ),
    [{ names: [], value: plan }]
  )
}

/**
 * `over` laid over `base`. Maps are merged; numbers, texts and lists are replaced, and so is a map that says by `name` or
 * `preset` what kind of thing it is: settings of another kind mean nothing to it. null takes a setting away.
 */
function overlay(base: PlainMap, over: PlainMap): PlainMap {
  const merged = Object.entries(over).map(([key, value]): [string, unknown] => {
    const before = base[key]
    return [key, isMap(value) && isMap(before) && !isKind(value) ? overlay(before, value) : value]
  })
  const all = { ...base, ...Object.fromEntries(merged) }
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== null))
}

const isMap = (value: unknown): value is PlainMap =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isKind = (value: PlainMap): boolean => 'name' in value || 'preset' in value
