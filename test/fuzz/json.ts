/** Hostile JSON: real documents with changed values, and text that was never JSON. */
import fc from 'fast-check'
import { BOUNDARIES, damagedText } from './mutate.ts'

type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

/** Written into the text as they are, for JSON.stringify knows neither 1e999 nor a key twice. */
const VERBATIM = '\u0001verbatim:'
const verbatim = (text: string): string => VERBATIM + text

const hostile: Json[] = [
  ...[null, true, false, '', [], {}, 'x'.repeat(3000), '\u001b[2J\u202e', '\ud800', '__proto__'],
  ...BOUNDARIES.flatMap((value) => [value, -value, value + 0.5]),
  ...['1e999', '-1e999', '-0', '1e308', '1e-400', '123456789012345678901234567890'].map(verbatim),
  verbatim('{"a":1,"a":2}'),
  verbatim('{"__proto__":{"x":1},"constructor":{"prototype":{}}}'),
  verbatim('{"toString":1,"valueOf":1}'),
  verbatim(`${'['.repeat(2000)}${']'.repeat(2000)}`),
  verbatim('NaN'),
  new Array<Json>(3000).fill(0),
  Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`key${i}`, i]))
]

interface JsonMutation {
  kind: 'replace' | 'drop' | 'repeat' | 'rename' | 'transplant' | 'nudge'
  at: number
  value: number
}

const mutation: fc.Arbitrary<JsonMutation> = fc.record({
  kind: fc.constantFrom<JsonMutation['kind'][]>(
    'replace',
    'drop',
    'repeat',
    'rename',
    'transplant',
    'nudge',
    'nudge'
  ),
  at: fc.nat(),
  value: fc.nat(0xffff)
})

interface Slot {
  value: Json
  replace(by: Json): void
}

/** Documents with up to `most` values changed, or their text damaged, or text without sense. */
export function hostileJson(documents: readonly object[], most = 3): fc.Arbitrary<string> {
  const texts = documents.map((document) => JSON.stringify(document))
  const changed = fc
    .tuple(fc.nat(texts.length - 1), fc.array(mutation, { maxLength: most }))
    .map(([which, changes]) => {
      const root = { value: JSON.parse(texts[which]) as Json }
      for (const change of changes) mutate(root, change, texts)
      return JSON.stringify(root.value).replace(/"\\u0001verbatim:((?:[^"\\]|\\.)*)"/g, (_, quoted: string) =>
        String(JSON.parse(`"${quoted}"`))
      )
    })
  return fc.oneof(
    { weight: 7, arbitrary: changed },
    { weight: 2, arbitrary: damagedText(texts) },
    { weight: 1, arbitrary: fc.oneof(fc.json(), fc.string({ unit: 'binary' })) }
  )
}

function mutate(root: { value: Json }, { kind, at, value }: JsonMutation, texts: readonly string[]): void {
  const slots = slotsOf(root)
  const slot = slots[at % slots.length]
  if (kind === 'replace') slot.replace(structuredClone(hostile[value % hostile.length]))
  else if (kind === 'nudge') slot.replace(nudged(slot.value, value))
  else if (kind === 'transplant') {
    const others = slotsOf({ value: JSON.parse(texts[value % texts.length]) as Json })
    slot.replace(others[(value >> 3) % others.length].value)
  } else rearrange(slot.value, kind, value)
}

function rearrange(target: Json, kind: 'drop' | 'repeat' | 'rename', value: number): void {
  if (typeof target !== 'object' || target == null) return
  const keys = Object.keys(target)
  if (keys.length === 0) return
  const key = keys[value % keys.length]
  if (Array.isArray(target)) {
    const at = Number(key)
    if (kind === 'drop') target.splice(at, 1)
    else target.splice(at, 0, ...Array.from({ length: value % 40 }, () => structuredClone(target[at])))
    return
  }
  const inner = target[key]
  if (kind !== 'repeat') delete target[key]
  if (kind === 'rename') target[['x', 'name', '\u001b[2J', 'units', ''][value % 5]] = inner
}

function nudged(target: Json, value: number): Json {
  if (typeof target === 'number') {
    const boundary = BOUNDARIES[value % BOUNDARIES.length]
    return [target + 1, target - 1, -target, target / 2, target * 2, boundary][value % 6]
  }
  if (typeof target === 'string') return target.slice(value % (target.length + 1))
  if (typeof target === 'boolean') return !target
  return target
}

function slotsOf(root: { value: Json }): Slot[] {
  const slots: Slot[] = [{ value: root.value, replace: (by) => void (root.value = by) }]
  for (let i = 0; i < slots.length; i++) {
    const { value } = slots[i]
    if (typeof value !== 'object' || value == null) continue
    const holder = value as Record<string, Json>
    for (const key of Object.keys(holder)) {
      slots.push({ value: holder[key], replace: (by) => void (holder[key] = by) })
    }
  }
  return slots
}
