/** Loads the simulation with one passage of its source replaced: product code is never changed on disk. */
import { registerHooks } from 'node:module'
import type { Mutant } from './list.ts'
import type * as Engines from '../../../peers/simulated/engine/index.ts'
import type * as Simulated from '../../../peers/simulated/index.ts'

export type Mutated = typeof Simulated & { playEngines?: typeof Engines.playEngines }

/** Modules that are loaded anew for a mutant; all others are shared. */
const OWN = /\/(src\/rounds|peers\/engine|peers\/simulated)\//

/** Mutants by the name that their modules' addresses carry. */
const mutants = new Map<string, Mutant & { applied: boolean }>()
let hooked = false

/**
 * The simulation as if this mutant's change had been made.
 *
 * @throws {Error} the passage to change is not there (once): the mutant must follow the source
 */
export async function loadMutant(mutant: Mutant): Promise<Mutated> {
  if (!hooked) hook()
  hooked = true
  const entry = { ...mutant, applied: false }
  mutants.set(mutant.name, entry)
  const load = async (entry: string): Promise<unknown> => {
    const url = new URL(entry, import.meta.url)
    url.searchParams.set('mutant', mutant.name)
    return await import(url.href)
  }
  const simulated = (await load('../../../peers/simulated/index.ts')) as typeof Simulated
  const loaded: Mutated = { ...simulated }
  if (mutant.layer === 'engines') {
    const { playEngines } = (await load('../../../peers/simulated/engine/index.ts')) as typeof Engines
    loaded.playEngines = playEngines
  }
  if (!entry.applied) throw new Error(`${mutant.file} was never loaded: ${mutant.name} changes nothing`)
  return loaded
}

function hook(): void {
  registerHooks({
    resolve(specifier, context, next) {
      const resolved = next(specifier, context)
      const name = context.parentURL == null ? null : new URL(context.parentURL).searchParams.get('mutant')
      if (name == null || !OWN.test(resolved.url)) return resolved
      const url = new URL(resolved.url)
      url.searchParams.set('mutant', name)
      return { ...resolved, url: url.href }
    },
    load(url, context, next) {
      const loaded = next(url, context)
      const name = url.startsWith('file:') ? new URL(url).searchParams.get('mutant') : null
      const mutant = name == null ? undefined : mutants.get(name)
      if (mutant == null || !new URL(url).pathname.endsWith(`/${mutant.file}`)) return loaded
      mutant.applied = true
      return { ...loaded, source: mutated(mutant, String(loaded.source)) }
    }
  })
}

function mutated({ name, file, from, to, header = '' }: Mutant, source: string): string {
  if (source.split(from).length !== 2)
    throw new Error(`${name}: expected exactly one ${JSON.stringify(from)} in ${file}`)
  return `${header}\n${source.replace(from, () => to)}`
}
